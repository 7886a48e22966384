"""kill -9 at any point of `restore`: the old data serve on, or the same command again brings the new ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.provisioner.local_root import LocalRoot, wait_until
from tests.provisioner.recovery import NEIGHBOUR, left_of, was_killed
from tests.provisioner.restored_client import BADGE, LEAVE, ServedClient
from tests.provisioner.system_calls import MUTATING, SWEEP_SECONDS, kill, own_points, require_most, traced

ID = "sealin"
IN_PLACE = (
    "clear", "directory", "usage", "unpack", "hand over",
    "keep stopped", "stop", "end", "move away", "move in", "take up", "let start", "start", "probe",
)  # fmt: skip
#: Up to here nobody notices that a restore is under way.
SERVING = 6
AS_NEW = (
    "client", "logs", "data", "usage", ".env", "release", "program",
    "clear", "directory", "usage", "unpack", "hand over", "clear data", "move in",
    "init", "start", "site", "probe",
)  # fmt: skip


@pytest.fixture(scope="module")
def november(host: LocalRoot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedClient]:
    """A client that knows of leave, beside a neighbour who must notice nothing."""
    assert host.new(NEIGHBOUR).code == 0
    client = ServedClient.begin(host, ID)
    client.ingest(tmp_path_factory.mktemp("documents"), conges=LEAVE)
    yield client
    for tenant_id in (ID, NEIGHBOUR):
        assert host.provision("purge", tenant_id, "--yes").code == 0


@pytest.fixture(scope="module")
def archive(november: ServedClient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of before the client knew about badges."""
    folder = tmp_path_factory.mktemp("backups")
    taken = november.host.provision("backup", ID, "--to", str(folder))
    assert taken.code == 0, taken.said
    november.ingest(folder, badges=BADGE)
    return Path(taken.document["file"])


def check_nothing_is_left(host: LocalRoot, tenant_id: str) -> None:
    assert not list((host.path / "journal").iterdir())
    assert not list(host.path.rglob(".tenantry-*"))
    assert not (host.path / f"client-{tenant_id}" / "restoring").exists()
    assert host.provision("diff", tenant_id).code == 0
    assert host.nginx_is_valid()


def bring_back(november: ServedClient, folder: Path) -> None:
    """Have the client know about badges again, for the next kill."""
    november.ingest(folder, badges=BADGE)
    assert november.knows(BADGE)


@pytest.mark.parametrize("number", range(len(IN_PLACE) + 1))
def test_killed_in_place_it_is_done_by_running_it_again(
    november: ServedClient, archive: Path, number: int, tmp_path: Path
) -> None:
    assert november.host.killed_at_step(number, "restore", str(archive)) == len(IN_PLACE)
    if 0 < number <= SERVING:
        assert november.knows(BADGE)
    check_restored_again(november, archive)
    bring_back(november, tmp_path)


def test_nor_does_it_matter_while_it_erases_what_an_earlier_one_has_set_aside(
    november: ServedClient, archive: Path, tmp_path: Path
) -> None:
    assert november.host.provision("restore", str(archive)).code == 0
    erasing = f"erase {november.directory}/data-before-restore-"
    assert november.host.killed_at_step(erasing, "restore", str(archive)) == 1
    check_restored_again(november, archive)
    bring_back(november, tmp_path)


def check_restored_again(november: ServedClient, archive: Path) -> None:
    """Its neighbour was served meanwhile; run again, it gives the client the data of the backup."""
    host = november.host
    assert host.nginx_is_valid()
    assert host.get(NEIGHBOUR) == 200
    found = host.provision("doctor")
    assert any(f"`provision restore {ID}`" in one["problem"] for one in found.document)
    again = host.provision("restore", str(archive))
    assert again.code == 0, again.said
    assert november.knows(LEAVE)
    assert not november.knows(BADGE)
    check_nothing_is_left(host, ID)
    # Nothing that ever served is gone: what the killed command set aside is there as well.
    assert any((one / "tenant.sqlite3").is_file() for one in november.directory.glob("data-before-restore-*"))


@pytest.mark.parametrize("number", [9, 10, 11])
def test_killed_in_place_the_client_can_simply_be_started(
    november: ServedClient, archive: Path, number: int, tmp_path: Path
) -> None:
    """Whatever it serves then is whole: the old data, or the backup's."""
    november.host.killed_at_step(number, "restore", str(archive))
    started = november.host.provision("start", ID)
    assert started.code == 0, started.said
    assert november.knows(LEAVE)
    assert november.knows(BADGE) == (number < 11)
    assert november.host.provision("restore", str(archive)).code == 0
    check_nothing_is_left(november.host, ID)
    bring_back(november, tmp_path)


@pytest.mark.parametrize("number", range(len(AS_NEW) + 1))
def test_killed_as_a_new_client_it_is_done_by_running_it_again(
    november: ServedClient, archive: Path, number: int
) -> None:
    host, name = november.host, "sealin-new"
    assert host.killed_at_step(number, "restore", str(archive), "--as", name) == len(AS_NEW)
    assert host.nginx_is_valid()
    assert host.get(NEIGHBOUR) == 200
    assert host.rows()[name]["state"] == "creating"
    assert host.new(name).code == 2, "`new` must not finish what `restore` has begun"
    again = host.provision("restore", str(archive), "--as", name)
    assert again.code == 0, again.said
    assert again.document["resumed"]
    assert ServedClient(host, name, again.document["api_key"]).knows(LEAVE)
    check_nothing_is_left(host, name)
    assert host.provision("purge", name, "--yes").code == 0
    assert not left_of(host, name)


@pytest.mark.parametrize(
    "fault",
    [
        "rename:error=ENOSPC:when=1",
        "rename:error=EIO:when=3",
        *(
            pytest.param(fault, marks=pytest.mark.faults)
            for fault in ("rename:error=EIO:when=2", "fsync:error=EIO:when=9", "mkdir:error=ENOSPC:when=3")
        ),
    ],
)
def test_a_failing_disk_leaves_the_old_data_serving(
    november: ServedClient, archive: Path, fault: str
) -> None:
    failed = november.host.injected(fault, "restore", str(archive))
    assert failed.returncode == 1, failed.stderr
    assert "Traceback" not in failed.stderr
    wait_until(lambda: november.host.get(ID) == 200)
    assert november.knows(BADGE)
    check_nothing_is_left(november.host, ID)


def test_killed_while_it_renames_it_is_done_by_running_it_again(
    november: ServedClient, archive: Path, tmp_path: Path
) -> None:
    killed = november.host.injected("rename:signal=SIGKILL:when=2", "restore", str(archive))
    assert was_killed(killed), killed.stderr
    again = november.host.provision("restore", str(archive))
    assert again.code == 0, again.said
    assert not november.knows(BADGE)
    check_nothing_is_left(november.host, ID)
    bring_back(november, tmp_path)


@pytest.mark.faults
@pytest.mark.timeout(SWEEP_SECONDS)
@pytest.mark.parametrize("call", MUTATING)
def test_killed_at_any_change_in_place_it_is_done_by_running_it_again(
    november: ServedClient, archive: Path, call: str, tmp_path: Path
) -> None:
    words = ("restore", str(archive))
    points = own_points(traced(november.host, words), call, november.host.path)
    bring_back(november, tmp_path)
    killed = []
    for point in points:
        killed.append(kill(november.host, point, words))
        again = november.host.provision(*words)
        assert again.code == 0, (point, again.said)
        assert november.knows(LEAVE), point
        assert not november.knows(BADGE), point
        assert november.host.get(NEIGHBOUR) == 200, point
        check_nothing_is_left(november.host, ID)
        bring_back(november, tmp_path)
    require_most(killed)


@pytest.mark.faults
@pytest.mark.timeout(SWEEP_SECONDS)
@pytest.mark.parametrize("call", MUTATING)
def test_killed_at_any_change_as_a_new_client_it_is_absent_or_taken_up_again(
    november: ServedClient, archive: Path, call: str
) -> None:
    host, name = november.host, "sealin-swept"
    words = ("restore", str(archive), "--as", name)
    points = own_points(traced(host, words), call, host.path)
    assert host.provision("purge", name, "--yes").code == 0
    killed = []
    for point in points:
        killed.append(kill(host, point, words))
        if host.rows().get(name, {}).get("state") != "running":
            again = host.provision(*words)
            assert again.code == 0, (point, again.said)
            assert ServedClient(host, name, again.document["api_key"]).knows(LEAVE), point
            check_nothing_is_left(host, name)
        assert host.get(NEIGHBOUR) == 200, point
        assert host.provision("diff", name).code == 0, point
        assert host.provision("purge", name, "--yes").code == 0
        assert not left_of(host, name), point
        # Killed as it took its journal away, the command was done; the next one has taken it away.
        assert not list((host.path / "journal").iterdir()), point
    require_most(killed)
