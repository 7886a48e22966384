"""A client whose folder is lost, to a slip of the hand or a disk: its backup brings it back as it was."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.provisioner.local_root import LocalRoot, wait_until
from tests.provisioner.recovery import steps_done
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


def lose(folder: Path) -> None:
    """Delete a folder, whose process may be writing into it meanwhile."""
    wait_until(lambda: subprocess.run(("rm", "-rf", str(folder)), check=False).returncode == 0)


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
    lose(ulysse.directory / ("data" if lost == "its data" else ""))

    restored = done(host, "restore", str(backup))

    assert restored["set_aside"] is None
    assert host.rows()[ID]["state"] == state
    assert host.provision("diff", ID).document == []
    assert not [one for one in host.provision("doctor").document if one["subject"] == ID]
    if back:
        done(host, back, ID)
    assert ulysse.knows(LEAVE)


def test_doctor_says_that_they_are_gone_and_nothing_else_of_it(ulysse: ServedClient, backup: Path) -> None:
    host = ulysse.host
    lose(ulysse.directory)
    (found,) = (one for one in host.provision("doctor").document if one["subject"] == ID)
    assert "are gone" in found["problem"]
    assert "`provision restore`" in found["mend"]
    for command in ("apply", "restart"):
        refused = host.provision(command, ID)
        assert (refused.code, refused.document["error"]["code"]) == (2, "wrong-state")
    done(host, "restore", str(backup))


def test_killed_meanwhile_it_is_done_by_running_it_again(ulysse: ServedClient, backup: Path) -> None:
    host = ulysse.host
    older = ulysse.directory / "data-before-restore-20200101T000000000000Z"
    lose(ulysse.directory)
    steps = steps_done(host.provision("-v", "restore", str(backup)).said)
    assert len(steps) > 15
    for number in range(2, len(steps) + 1, 4):
        lose(ulysse.directory)
        older.mkdir(parents=True)
        host.killed_at_step(f"+{number}", "restore", str(backup))
        done(host, "restore", str(backup))
        assert ulysse.knows(LEAVE), steps[number - 1]
        assert host.provision("diff", ID).document == [], steps[number - 1]
        assert not list((host.path / "journal").iterdir()), steps[number - 1]


def test_another_that_has_lost_its_folder_is_no_hindrance_even_when_all_was_down(
    ulysse: ServedClient, backup: Path
) -> None:
    host = ulysse.host
    assert host.new("telemaque").code == 0
    done(host, "host", "stop")
    lose(ulysse.directory)
    lose(host.path / "client-telemaque")
    done(host, "restore", str(backup))
    assert ulysse.knows(LEAVE)
    told = {one["subject"] for one in host.provision("doctor").document}
    assert "telemaque" in told
    assert ID not in told
    assert host.provision("purge", "telemaque", "--yes").code == 0


def test_a_restore_that_fails_leaves_it_stopped_and_the_next_one_is_whole(
    ulysse: ServedClient, backup: Path
) -> None:
    host = ulysse.host
    lose(ulysse.directory)
    failed = host.injected(
        "rename:error=ENOSPC", "restore", str(backup), within=ulysse.directory / "restoring"
    )
    assert failed.returncode == 1, failed.stderr
    assert "Could not undo" not in failed.stderr
    done(host, "restore", str(backup))
    assert ulysse.knows(LEAVE)
    assert host.provision("diff", ID).document == []


def test_originals_that_only_lost_their_database_are_kept_beside(ulysse: ServedClient, backup: Path) -> None:
    host = ulysse.host
    done(host, "stop", ID)
    lose(ulysse.directory / "data" / "tenant.sqlite3")
    originals = {path.name for path in (ulysse.directory / "data" / "originals").rglob("*")}
    assert originals
    kept = Path(done(host, "restore", str(backup))["set_aside"])
    assert {path.name for path in (kept / "originals").rglob("*")} == originals
    done(host, "start", ID)
    assert ulysse.knows(LEAVE)


def test_there_is_nothing_to_archive(ulysse: ServedClient, backup: Path) -> None:
    host = ulysse.host
    lose(ulysse.directory)
    refused = host.provision("remove", ID)
    assert (refused.code, refused.document["error"]["code"]) == (2, "wrong-state")
    assert "`provision restore`" in refused.said
    assert host.rows()[ID]["state"] == "running"
    done(host, "restore", str(backup))
