"""A client whose folder is lost, to a slip of the hand or a disk: its backup brings it back as it was."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.provisioner.local_root import LocalRoot
from tests.provisioner.restored_client import LEAVE, ServedClient

ID = "ulysse"


@pytest.fixture(scope="module")
def ulysse(host: LocalRoot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedClient]:
    """A client that knows of leave."""
    client = ServedClient.begin(host, ID)
    client.ingest(tmp_path_factory.mktemp("documents"), conges=LEAVE)
    yield client
    assert host.provision("purge", ID, "--yes").code == 0


@pytest.fixture(scope="module")
def backup(ulysse: ServedClient) -> Path:
    return Path(done(ulysse.host, "backup", ID)["file"])


def done(host: LocalRoot, *words: str) -> dict[str, Any]:
    finished = host.provision(*words)
    assert finished.code == 0, finished.said
    document: dict[str, Any] = finished.document
    return document


@pytest.mark.parametrize(
    ("away", "state", "back"),
    [("", "running", ""), ("stop", "stopped", "start"), ("suspend", "suspended", "resume")],
)
@pytest.mark.parametrize("lost", ["its folder", "its data"])
def test_it_is_restored_in_the_state_it_was_in(
    ulysse: ServedClient, backup: Path, lost: str, away: str, state: str, back: str
) -> None:
    host = ulysse.host
    if away:
        done(host, away, ID)
    shutil.rmtree(ulysse.directory / ("data" if lost == "its data" else ""))

    restored = done(host, "restore", str(backup))

    assert restored["set_aside"] is None
    assert host.rows()[ID]["state"] == state
    assert host.provision("diff", ID).document == []
    assert not [one for one in host.provision("doctor").document if one["subject"] == ID]
    if back:
        done(host, back, ID)
    assert ulysse.knows(LEAVE)


def test_killed_meanwhile_it_is_done_by_running_it_again(ulysse: ServedClient, backup: Path) -> None:
    host = ulysse.host
    shutil.rmtree(ulysse.directory)
    steps = host.killed_at_step(0, "restore", str(backup))
    for number in range(1, steps + 1):
        shutil.rmtree(ulysse.directory)
        host.killed_at_step(number, "restore", str(backup))
        done(host, "restore", str(backup))
        assert ulysse.knows(LEAVE), number
        assert host.provision("diff", ID).document == [], number
        assert not list((host.path / "journal").iterdir()), number


def test_there_is_nothing_to_archive(ulysse: ServedClient, backup: Path) -> None:
    host = ulysse.host
    shutil.rmtree(ulysse.directory)
    refused = host.provision("remove", ID)
    assert (refused.code, refused.document["error"]["code"]) == (2, "wrong-state")
    assert "`provision restore`" in refused.said
    assert host.rows()[ID]["state"] == "running"
    done(host, "restore", str(backup))
