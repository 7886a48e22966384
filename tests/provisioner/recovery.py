"""What must be so after a command was killed at any point, with a neighbour beside its client."""

from __future__ import annotations

import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.provisioner.local_root import LocalRoot, wait_until

NEIGHBOUR = "ardoise"
"""The client beside one that is changed; beside a new one it is tango."""


def check_recovery(host: LocalRoot, tenant_id: str) -> None:
    """After a crash: nothing is broken; the same command again brings the client there."""
    assert host.nginx_is_valid()
    assert host.get("tango") == 200
    row = host.rows().get(tenant_id)
    assert row is None or row["state"] in ("creating", "running")
    rehearsed = [step["step"] for step in host.new(tenant_id, "--dry-run").document["steps"]]
    again = host.provision("-v", *new_words(tenant_id))
    assert again.code == 0, again.said
    assert steps_done(again.said) == rehearsed
    assert again.document["resumed"] == (row is not None)
    assert host.get(tenant_id) == 200
    ports = [one["port"] for one in host.rows().values() if one["port"]]
    assert len(ports) == len(set(ports))
    assert not list((host.path / "journal").iterdir())
    assert not list(host.path.rglob(".tenantry-*"))
    assert host.provision("diff", tenant_id).code == 0
    assert host.provision("purge", tenant_id, "--yes").code == 0
    assert not left_of(host, tenant_id)


def left_of(host: LocalRoot, tenant_id: str) -> list[Path]:
    """Everything under the root whose name tells of a client, but what certifies that it was erased."""
    return [path for path in host.path.rglob(f"*{tenant_id}*") if path.parent != host.path / "erasures"]


def have_neighbour(host: LocalRoot) -> None:
    """Have the client that stands beside a new one."""
    if "tango" not in host.rows():
        created = host.new("tango")
        assert created.code == 0, created.said


def new_words(tenant_id: str) -> tuple[str, ...]:
    """The command that makes a client."""
    return ("new", tenant_id, "--plan", "starter", "--admin-email", "a@example.fr")


def steps_done(said: str) -> list[str]:
    """The steps a verbose command says that it has done."""
    return [line.partition("] ")[2] for line in said.splitlines() if line.startswith("[")]


def was_killed(command: subprocess.CompletedProcess[str]) -> bool:
    """Say whether a command was ended by the kill."""
    return command.returncode == -signal.SIGKILL


@dataclass(frozen=True)
class Change:
    """A command that changes a client, what makes ready for it, and what is so once it has ended."""

    words: tuple[str, ...]
    before: tuple[str, ...]
    state: str
    status: int

    def get_ready(self, host: LocalRoot) -> None:
        """Bring the client to where the command begins."""
        ready = host.provision(*self.before)
        assert ready.code == 0, ready.said

    def check_recovery(self, host: LocalRoot) -> None:
        """After a crash: nothing is broken; the same command again brings the client there."""
        _, tenant_id, *_ = self.words
        assert host.nginx_is_valid()
        assert host.get(NEIGHBOUR) == 200
        assert host.rows()[tenant_id]["state"] in ("running", "failed", "suspended")
        again = host.provision(*self.words)
        assert again.code == 0, again.said
        assert host.rows()[tenant_id]["state"] == self.state
        wait_until(lambda: host.get(tenant_id) == self.status)
        assert host.provision("diff", tenant_id).code == 0
        assert not list((host.path / "journal").iterdir())
        assert not list(host.path.rglob(".tenantry-*"))


def changes_of(tenant_id: str) -> dict[str, Change]:
    """The commands that change a client of the starter plan, by what they are called."""
    suspend, resume = ("suspend", tenant_id), ("resume", tenant_id)
    rotate, start = ("rotate", tenant_id), ("start", tenant_id)
    larger, smaller = ("plan", tenant_id, "professional"), ("plan", tenant_id, "starter")
    return {
        "suspend": Change(suspend, resume, "suspended", 503),
        "resume": Change(resume, suspend, "running", 200),
        "plan": Change(larger, smaller, "running", 200),
        "rotate": Change(rotate, start, "running", 200),
    }
