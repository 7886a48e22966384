"""Run by root, every client has a system user of its own; run by anybody else, the operator is told."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from provisioner.system_accounts import user_exists
from tests.provisioner.local_root import LocalRoot
from tests.provisioner.open_ways import open_ways

ROOT = os.geteuid() == 0
ANSWER = ("--plan", "starter", "--admin-email", "a@example.fr")


@dataclass
class OpenRoot:
    """A root other users can reach, and the view in which its commands run."""

    inner: LocalRoot
    view: list[str]

    def provision(self, *words: str) -> tuple[int, Any]:
        done = subprocess.run(
            [*self.view, *self.inner.command(*words)],
            env=self.inner.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, json.loads(done.stdout)

    def read_as(self, user: str, path: Path) -> int:
        """Try to read a file as somebody, and return the status."""
        who = ["setpriv", "--reuid", user, "--clear-groups"]
        return subprocess.run([*who, "cat", str(path)], capture_output=True, check=False).returncode


@pytest.fixture
def root() -> Iterator[OpenRoot]:
    """Under /var/tmp, because pytest's own folders are closed to other users."""
    folder = Path(tempfile.mkdtemp(prefix="tenantry-", dir="/var/tmp"))
    folder.chmod(0o755)
    inner = LocalRoot.begin(folder / "root")
    try:
        if ROOT:
            with open_ways(folder) as view:
                yield OpenRoot(inner, view)
        else:
            yield OpenRoot(inner, [])
    finally:
        inner.provision("host", "stop")
        shutil.rmtree(folder)


def owner(path: Path) -> str:
    return pwd.getpwuid(path.stat().st_uid).pw_name


def check_separate(root: OpenRoot) -> None:
    clients = root.inner.path
    env, data = clients / "client-alba" / ".env", clients / "client-alba" / "data"
    assert (owner(env), stat.S_IMODE(env.stat().st_mode)) == ("tn-alba", 0o600)
    assert owner(data) == "tn-alba"
    assert data.group() == (data / "usage").group() == "tenantry-read"
    assert root.read_as("tn-brun", env) != 0
    assert root.read_as("tn-brun", data / "tenant.sqlite3") != 0
    assert root.read_as("tn-alba", data / "tenant.sqlite3") == 0
    assert root.read_as("tenantry-admin", clients / "registry.sqlite3") != 0
    assert (clients / "registry.sqlite3").group() == "tenantry-read"
    runs = {
        place.name: owner(place)
        for place in Path("/proc").iterdir()
        if place.name.isdigit() and _environment(place).startswith(f"{clients}:tenant-alba")
    }
    assert set(runs.values()) == {"tn-alba"}


def check_proof(root: OpenRoot) -> None:
    """What this driver promises holds, what it does not is told as it is; a file that is opened is found."""
    # Its settings are the operator's to close, and this root's were written by hand.
    (root.inner.path / "host.yaml").chmod(0o640)
    code, proof = root.provision("prove-isolation")
    verdicts = {
        (one["route"], one["verdict"]) for one in proof["results"] if one["verdict"] != "nothing-there"
    }
    assert code == 0, [one for one in proof["results"] if one["verdict"] in ("open", "unproven")]
    assert {("port", "not-promised"), ("namespace", "not-promised"), ("token", "held")} <= verdicts
    files = ("documents", "database", "settings", "logs", "process", "trace", "signal", "registry")
    assert {(route, "held" if ROOT else "not-promised") for route in files} <= verdicts
    if ROOT:
        env = root.inner.path / "client-alba" / ".env"
        env.chmod(0o644)
        code, proof = root.provision("prove-isolation", "alba")
        env.chmod(0o600)
        assert code == 3
        opened = {(one["route"], one["attacker"]) for one in proof["results"] if one["verdict"] == "open"}
        assert opened == {("settings", "brun")}


def _environment(place: Path) -> str:
    """The mark a program of ours carries, or nothing."""
    try:
        variables = (place / "environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    marks = (one for one in variables if one.startswith(b"TENANTRY_PROGRAM="))
    return next(marks, b"").decode().partition("=")[2]


def test_clients_are_kept_apart_by_the_system_or_the_operator_is_told(root: OpenRoot) -> None:
    for name in ("alba", "brun"):
        code, document = root.provision("new", name, *ANSWER)
        assert code == 0, document
    promises = {one["name"]: one["kept"] for one in root.provision("show", "alba")[1]["promises"]}
    notices = root.provision("show", "alba")[1]["notices"]
    assert promises["own-user"] is ROOT
    assert bool(notices) is not ROOT
    assert root.inner.get("alba") == 200
    check_proof(root)
    if ROOT:
        check_separate(root)
        assert root.provision("admin", "user", "add", "vous@example.fr")[0] == 0
        assert owner(root.inner.path / "admin" / "admin.sqlite3") == "tenantry-admin"
    assert root.provision("remove", "alba")[0] == 0
    for name in ("alba", "brun"):
        assert root.provision("purge", name, "--yes")[0] == 0
        assert not user_exists(f"tn-{name}")
