"""`backup` and `backups` on a real host: taken under writes, whole, without a secret."""

from __future__ import annotations

import gzip
import sqlite3
import stat
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.provisioner.local_root import LocalRoot, Outcome
from tests.provisioner.recovery import left_of
from tests.provisioner.restored_client import LEAVE, ServedClient, unpacked

ID = "litchi"


@pytest.fixture(scope="module")
def litchi(host: LocalRoot, tmp_path_factory: pytest.TempPathFactory) -> ServedClient:
    """A client with a document."""
    client = ServedClient.begin(host, ID)
    client.ingest(tmp_path_factory.mktemp("documents"), conges=LEAVE)
    return client


def taken(host: LocalRoot, *more: str) -> Outcome:
    outcome = host.provision("backup", ID, *more)
    assert outcome.code == 0, outcome.said
    return outcome


def test_it_holds_the_data_and_no_secret(litchi: ServedClient) -> None:
    host = litchi.host
    done = taken(host).document
    archive = Path(done["file"])
    assert archive.parent == host.path / "backups" / ID
    assert stat.S_IMODE(archive.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    with tarfile.open(archive) as found:
        names = found.getnames()
    assert names[0] == "manifest.json"
    kinds = {name.partition("/")[0] for name in names}
    assert kinds == {"manifest.json", "tenant.sqlite3", "originals", "usage"}
    everything = gzip.decompress(archive.read_bytes())
    assert LEAVE.encode() in everything
    env = dotenv_values(litchi.directory / ".env", interpolate=False)
    for secret in (env["SECRET_KEY"], env["OPERATOR_KEY"], litchi.api_key):
        assert secret
        assert secret.encode() not in everything
    assert not (litchi.directory / "data" / "snapshot").exists()
    assert host.provision("events", ID).document[-1]["command"] == f"backup {ID}"


def test_under_writes_the_database_names_what_is_there(litchi: ServedClient, tmp_path: Path) -> None:
    with litchi.written_to():
        archives = [Path(taken(litchi.host).document["file"]) for _ in range(3)]
    for number, archive in enumerate(archives):
        folder = unpacked(archive, tmp_path / str(number))
        with closing(sqlite3.connect(folder / "tenant.sqlite3")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            named = {row[0] for row in database.execute("SELECT sha256 FROM documents")}
        assert {path.name for path in (folder / "originals").iterdir()} == named


def test_only_the_newest_are_kept_and_all_are_listed(litchi: ServedClient) -> None:
    host = litchi.host
    taken(host)
    last = taken(host, "--keep", "2").document
    assert last["removed"]
    listed = host.provision("backups", ID).document
    assert [one["verified"] for one in listed] == [True, True]
    assert listed[-1]["file"] == last["file"]
    assert len(list((host.path / "backups" / ID).iterdir())) == 4
    spoilt = Path(listed[0]["file"])
    whole = spoilt.read_bytes()
    spoilt.write_bytes(whole[:-20] + bytes(20))
    everyones = host.provision("backups").document
    assert [one["verified"] for one in everyones if one["id"] == ID] == [False, True]
    assert [one["verified"] for one in host.provision("backups", ID, "--quick").document] == [None, None]
    assert "NO" in host.tell("backups", ID)[1]
    spoilt.write_bytes(whole)


def test_a_stopped_client_is_backed_up_elsewhere(litchi: ServedClient, tmp_path: Path) -> None:
    host = litchi.host
    assert host.provision("stop", ID).code == 0
    done = taken(host, "--to", str(tmp_path)).document
    assert Path(done["file"]).parent == tmp_path
    assert host.rows()[ID]["state"] == "stopped"
    assert host.provision("start", ID).code == 0
    refused = host.provision("backup", ID, "--to", str(tmp_path / "none"))
    assert (refused.code, refused.document["error"]["code"]) == (2, "invalid-request")
    assert host.provision("backup", "nobody").code == 2


@pytest.mark.parametrize("fault", ["rename:error=ENOSPC:when=1", "fsync:error=EIO:when=5+"])
def test_a_failing_disk_leaves_the_older_ones_and_nothing_else(litchi: ServedClient, fault: str) -> None:
    folder = litchi.host.path / "backups" / ID
    before = sorted(folder.iterdir())
    failed = litchi.host.injected(fault, "backup", ID, "--keep", "1")
    assert failed.returncode == 1, failed.stderr
    assert "Traceback" not in failed.stderr
    assert sorted(folder.iterdir()) == before
    assert not (litchi.directory / "data" / "snapshot").exists()


def test_killed_it_leaves_nothing_that_the_next_one_does_not_take_away(litchi: ServedClient) -> None:
    killed = litchi.host.injected("rename:signal=SIGKILL:when=1", "backup", ID)
    assert killed.returncode != 0
    taken(litchi.host)
    assert not list(litchi.host.path.rglob(".tenantry-*"))
    assert not (litchi.directory / "data" / "snapshot").exists()


def test_purged_its_backups_are_gone(host: LocalRoot) -> None:
    assert host.new("lima2").code == 0
    assert host.provision("backup", "lima2").code == 0
    assert host.provision("purge", "lima2", "--yes").code == 0
    assert not left_of(host, "lima2")
