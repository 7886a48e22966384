"""kill -9 at any point of `remove`: the same command again archives the client, whole, and leaves nothing.

And at the last of `purge`, when the client is forgotten already.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.provisioner.local_root import LocalRoot, wait_until
from tests.provisioner.recovery import NEIGHBOUR, left_of, was_killed
from tests.provisioner.system_calls import MUTATING, SWEEP_SECONDS, kill, own_points, require_most, traced

ID = "sealcut"
STEPS = (
    "keep stopped", "stop", "end", "archive folder", "entry", "archive", "site", "stop", "end", "program",
)  # fmt: skip
#: What follows once the archive is recorded.
ERASING = (f"erase {{root}}/client-{ID}", f"erase {{root}}/nginx/tenantry/custom.d/{ID}")
POINTS = (*map(str, range(len(STEPS) + 1)), *ERASING)


@pytest.fixture(scope="module")
def seal(host: LocalRoot) -> Iterator[LocalRoot]:
    """A host with a neighbour who must notice nothing."""
    assert host.new(NEIGHBOUR).code == 0
    yield host
    assert host.provision("purge", NEIGHBOUR, "--yes").code == 0


def check_removed(host: LocalRoot) -> None:
    """Run again, it is archived with all it had, and nothing else of it is left."""
    assert host.nginx_is_valid()
    assert host.get(NEIGHBOUR) == 200
    # Killed as it let go of the lock: it had ended, and says so.
    ended = host.rows()[ID]["state"] == "archived" and not list((host.path / "journal").iterdir())
    again = host.provision("remove", ID)
    assert again.code == (2 if ended else 0), again.said
    row = host.rows()[ID]
    assert (row["state"], row["port"]) == ("archived", None)
    # A run that was killed may have left one that is not whole beside it.
    archives = (host.path / "archive" / ID).glob("*.tar.gz")
    (archive,) = (one for one in archives if str(one) in f"{again.document}")
    with tarfile.open(archive) as kept:
        names = {Path(one).name for one in kept.getnames()}
    assert {".env", "tenant.sqlite3"} <= names
    assert left_of(host, ID) == [host.path / "archive" / ID]
    assert not list((host.path / "journal").iterdir())
    assert not list(host.path.rglob(".tenantry-*"))
    # nginx takes its new configuration in the background.
    wait_until(lambda: host.get(ID) == 0)
    assert host.nginx_is_valid()
    assert not [one for one in host.provision("doctor").document if one["subject"] == ID]
    assert host.provision("purge", ID, "--yes").code == 0


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_step_it_is_archived_by_the_same_command(seal: LocalRoot, point: str) -> None:
    assert seal.new(ID).code == 0
    steps = seal.killed_at_step(point.format(root=seal.path), "remove", ID)
    assert steps == len(ERASING if point in ERASING else STEPS)
    assert (seal.rows()[ID]["state"] == "archived") == (point in ERASING)
    found = seal.provision("doctor").document
    assert any(f"`provision remove {ID}`" in one["problem"] for one in found)
    check_removed(seal)


def test_killed_at_a_system_call_it_is_archived_too(seal: LocalRoot) -> None:
    assert seal.new(ID).code == 0
    killed = seal.injected("rename:signal=SIGKILL:when=3", "remove", ID)
    assert was_killed(killed), killed.stderr
    check_removed(seal)


@pytest.mark.faults
@pytest.mark.timeout(SWEEP_SECONDS)
@pytest.mark.parametrize("call", MUTATING)
def test_killed_at_any_change_it_is_archived_too(seal: LocalRoot, call: str) -> None:
    assert seal.new(ID).code == 0
    points = own_points(traced(seal, ("remove", ID)), call, seal.path)
    assert seal.provision("purge", ID, "--yes").code == 0
    killed = []
    for point in points:
        assert seal.new(ID).code == 0
        killed.append(kill(seal, point, ("remove", ID)))
        if killed[-1]:
            check_removed(seal)
        else:
            assert seal.provision("purge", ID, "--yes").code == 0
    require_most(killed)


def test_a_full_disk_leaves_the_client_serving(seal: LocalRoot) -> None:
    assert seal.new(ID).code == 0
    failed = seal.injected("rename:error=ENOSPC:when=3", "remove", ID)
    assert failed.returncode == 1, failed.stderr
    assert "Traceback" not in failed.stderr
    wait_until(lambda: seal.get(ID) == 200)
    assert seal.rows()[ID]["state"] == "running"
    check_removed(seal)


def test_a_purge_killed_once_all_is_erased_is_ended_by_the_same_command(seal: LocalRoot) -> None:
    words = ("purge", ID, "--yes")
    assert seal.new(ID).code == 0
    seal.killed_at_step("0", *words)
    (journal,) = (seal.path / "journal").iterdir()
    written = journal.read_bytes()
    assert seal.provision(*words).code == 0
    # What a kill leaves between the moment the client is forgotten and the command's end.
    journal.write_bytes(written)
    assert f"`provision purge {ID}`" in str(seal.provision("doctor").document)
    again = seal.provision(*words)
    assert again.code == 0, again.said
    assert ID in Path(again.document["certificate"]).read_text()
    assert not journal.exists()
    assert seal.provision(*words).document["error"]["code"] == "unknown-tenant"
