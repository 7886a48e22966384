"""What must be so after `new` was killed at any point, with a client called tango beside it."""

from __future__ import annotations

import signal
import subprocess

from tests.provisioner.local_root import LocalRoot


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
    assert not list(host.path.rglob(f"*{tenant_id}*"))


def new_words(tenant_id: str) -> tuple[str, ...]:
    """The command that makes a client."""
    return ("new", tenant_id, "--plan", "starter", "--admin-email", "a@example.fr")


def steps_done(said: str) -> list[str]:
    """The steps a verbose command says that it has done."""
    return [line.partition("] ")[2] for line in said.splitlines() if line.startswith("[")]


def was_killed(command: subprocess.CompletedProcess[str]) -> bool:
    """Say whether a traced command was ended by the kill: strace ends in the same way, or says so."""
    return command.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
