"""kill -9 at any step of a command that changes a client: run again, it brings the client there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from dotenv import dotenv_values

from tests.provisioner.local_root import LocalRoot, wait_until
from tests.provisioner.recovery import NEIGHBOUR, changes_of, was_killed

ID = "argile"
CHANGES = changes_of(ID)
STEPS = {
    "suspend": ("change nginx", "write program", "stop program", "end remaining"),
    "resume": ("write program", "start program", "change nginx", "probe"),
    "plan": ("stop program", "write .env", "start program", "change nginx", "probe"),
    "rotate": ("stop program", "write .env", "start program", "probe"),
}
POINTS = [(name, number) for name, steps in STEPS.items() for number in (*range(1, len(steps) + 1), 0)]


@pytest.fixture(scope="module")
def argile(host: LocalRoot) -> Iterator[LocalRoot]:
    for tenant_id in (NEIGHBOUR, ID):
        created = host.new(tenant_id)
        assert created.code == 0, created.said
    yield host
    for tenant_id in (NEIGHBOUR, ID):
        assert host.provision("purge", tenant_id, "--yes").code == 0


@pytest.mark.parametrize(("name", "number"), POINTS)
def test_killed_at_a_step_it_is_brought_there_by_the_same_command(
    argile: LocalRoot, name: str, number: int
) -> None:
    change = CHANGES[name]
    change.get_ready(argile)
    assert argile.killed_at_step(number, *change.words) == len(STEPS[name])
    found = argile.provision("doctor").document
    assert any(f"`provision {' '.join(change.words)}`" in one["problem"] for one in found)
    change.check_recovery(argile)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("suspend", "rename:signal=SIGKILL:when=1"),
        ("suspend", "fsync:signal=SIGKILL:when=4"),
        ("resume", "rename:signal=SIGKILL:when=2"),
        ("plan", "rename:signal=SIGKILL:when=1"),
        ("plan", "fsync:signal=SIGKILL:when=6"),
        ("rotate", "rename:signal=SIGKILL:when=1"),
    ],
)
def test_killed_at_a_system_call_it_is_brought_there_too(argile: LocalRoot, name: str, fault: str) -> None:
    change = CHANGES[name]
    change.get_ready(argile)
    killed = argile.injected(fault, *change.words)
    assert was_killed(killed), killed.stderr
    change.check_recovery(argile)


def settings(host: LocalRoot) -> dict[str, str | None]:
    return dict(dotenv_values(host.path / f"client-{ID}" / ".env", interpolate=False))


def test_keys_that_were_put_in_place_before_a_kill_are_not_changed_again(argile: LocalRoot) -> None:
    change = CHANGES["rotate"]
    change.get_ready(argile)
    argile.killed_at_step(0, *change.words)
    (journal,) = (argile.path / "journal").iterdir()
    left, given = journal.read_bytes(), settings(argile)["SECRET_KEY"]
    assert argile.provision(*change.words).code == 0
    # What a kill leaves once the new files are recorded.
    journal.write_bytes(left)
    change.check_recovery(argile)
    assert settings(argile)["SECRET_KEY"] == given


def test_a_key_that_shall_open_nothing_any_more_opens_nothing_after_a_kill_either(argile: LocalRoot) -> None:
    change = CHANGES["rotate"]
    change.get_ready(argile)
    argile.killed_at_step("start program", *change.words)
    assert settings(argile)["SECRET_KEY_BEFORE"]
    again = argile.provision(*change.words, "--at-once")
    assert again.code == 0, again.said
    assert not settings(argile).get("SECRET_KEY_BEFORE")
    change.check_recovery(argile)


def as_listed(host: LocalRoot) -> dict[str, Any]:
    row: dict[str, Any] = host.rows()[ID]
    return row


@pytest.mark.parametrize("name", CHANGES)
def test_a_full_disk_leaves_the_client_as_it_was(argile: LocalRoot, name: str) -> None:
    change = CHANGES[name]
    change.get_ready(argile)
    before = as_listed(argile)
    failed = argile.injected("rename:error=ENOSPC:when=1", *change.words)
    assert failed.returncode == 1, failed.stderr
    assert "Traceback" not in failed.stderr
    # A process that was started again by undoing may still be on its way.
    wait_until(lambda: as_listed(argile) == before)
    assert argile.provision("diff", ID).code == 0
    change.check_recovery(argile)
