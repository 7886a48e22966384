"""What a host needs to be built anew, as one file."""

from __future__ import annotations

import hashlib
import stat
import tarfile
from pathlib import Path

import pytest

from provisioner.clock import SystemClock
from provisioner.registry.database import Database
from provisioner.registry.registry import Registry
from provisioner.spec import TenantRequest
from tests.provisioner.local_root import LocalRoot
from tests.provisioner.recovery import was_killed
from tests.provisioner.samples import request, spec


@pytest.fixture
def root(tmp_path_factory: pytest.TempPathFactory) -> LocalRoot:
    """A root, at a short path, whose registry knows a client; nothing runs."""
    root = LocalRoot.begin(tmp_path_factory.mktemp("hb") / "r")
    registry = Registry(Database.open(root.path / "registry.sqlite3"), SystemClock())
    asked: TenantRequest = request()
    registry.book(asked, spec())
    (root.path / "hooks").mkdir()
    (root.path / "hooks" / "post-new").write_text("#!/bin/sh\n")
    return root


def test_it_holds_the_registry_and_the_hosts_settings_for_its_owner_alone(
    root: LocalRoot, tmp_path: Path
) -> None:
    (root.path / "client-dupont").mkdir()
    (root.path / "client-dupont" / ".env").write_text("SECRET_KEY=hidden\n")
    taken = root.provision("backup", "--host")
    assert taken.code == 0, taken.said
    file = Path(taken.document["file"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.parent == root.path / "backups-host"
    told = file.with_name(f"{file.name}.sha256").read_text().split()
    assert told == [hashlib.sha256(file.read_bytes()).hexdigest(), file.name]
    with tarfile.open(file) as archive:
        assert set(archive.getnames()) == {"registry.sqlite3", "host.yaml", "hooks", "hooks/post-new"}
        archive.extractall(tmp_path / "kept", filter="data")
    kept = Registry(Database.open_to_read(tmp_path / "kept" / "registry.sqlite3"), SystemClock())
    assert [entry.id for entry in kept.all()] == ["dupont"]
    assert b"hidden" not in (tmp_path / "kept" / "registry.sqlite3").read_bytes()


def test_killed_the_next_command_clears_the_copy_of_the_registry(root: LocalRoot) -> None:
    killed = root.injected("rename:signal=SIGKILL:when=1", "backup", "--host")
    assert was_killed(killed), killed.stderr
    (copy,) = root.path.glob(".tenantry-*")
    assert (copy / "registry.sqlite3").exists()
    assert root.provision("backup", "--host").code == 0
    assert not list(root.path.rglob(".tenantry-*"))


def test_only_the_newest_are_kept_of_a_nightly_one(root: LocalRoot) -> None:
    first, second, third = (
        root.provision("backup", "--host", *words).document for words in ((), (), ("--keep", "2"))
    )
    assert (second["removed"], third["removed"]) == ([], [first["file"]])
    left = {path.name for path in (root.path / "backups-host").glob("*.tar.gz")}
    assert left == {Path(one["file"]).name for one in (second, third)}
    assert not Path(f"{first['file']}.sha256").exists()


def test_either_a_client_or_the_host(root: LocalRoot, tmp_path: Path) -> None:
    for words in (("backup",), ("backup", "dupont", "--host")):
        assert root.provision(*words).code == 2, words
    assert root.provision("backup", "--host", "--to", str(tmp_path / "none")).code == 2
    assert not (root.path / "backups-host").exists()
