"""kill -9 at any point of `new` leaves the client absent or resumable, and the neighbours untouched."""

from __future__ import annotations

import signal
import stat
import subprocess
from pathlib import Path

import pytest

from tests.provisioner.local_root import LocalRoot
from tests.provisioner.recovery import check_recovery, have_neighbour, left_of, new_words, was_killed
from tests.provisioner.system_calls import traced

STEPS = (
    "make directory", "make directory", "make directory", "make directory", "write .env", "write release",
    "write program", "init", "start program", "change nginx", "probe",
)  # fmt: skip


@pytest.fixture(scope="module")
def neighbour(host: LocalRoot) -> LocalRoot:
    have_neighbour(host)
    return host


@pytest.mark.parametrize("number", [*range(1, len(STEPS) + 1), 0])
def test_killed_at_a_step_it_is_taken_up_again(neighbour: LocalRoot, number: int) -> None:
    name = f"uniform{'abcdefghijkl'[number]}"
    assert neighbour.killed_at_step(number, *new_words(name)) == len(STEPS)
    assert neighbour.rows()[name]["state"] == "creating"
    found = neighbour.provision("doctor")
    assert any(f"`provision new {name}`" in one["problem"] for one in found.document)
    check_recovery(neighbour, name)


@pytest.mark.parametrize(
    "fault",
    [
        "rename:signal=SIGKILL:when=1",
        "rename:signal=SIGKILL:when=3",
        "fsync:signal=SIGKILL:when=2",
        "fsync:signal=SIGKILL:when=12",
        "mkdir:signal=SIGKILL:when=2",
        "unlink:signal=SIGKILL:when=2",
    ],
)
def test_killed_at_a_system_call_it_is_absent_or_taken_up_again(neighbour: LocalRoot, fault: str) -> None:
    name = "victor"
    killed = inject(neighbour, fault, name)
    assert was_killed(killed), killed.stderr
    check_recovery(neighbour, name)


def test_a_directory_killed_before_it_had_its_mode_gets_it(neighbour: LocalRoot) -> None:
    usage = neighbour.path / "client-yole" / "data" / "usage"
    killed = inject(neighbour, "fchmod:signal=SIGKILL", "yole", within=usage)
    assert was_killed(killed), killed.stderr
    assert stat.S_IMODE(usage.stat().st_mode) == 0o700
    again = neighbour.new("yole")
    assert again.code == 0, again.said
    assert stat.S_IMODE(usage.stat().st_mode) == 0o2750
    assert neighbour.provision("purge", "yole", "--yes").code == 0


@pytest.mark.parametrize(
    "fault",
    [
        "rename:error=ENOSPC:when=1",
        "mkdir:error=ENOSPC:when=5",
        "fsync:error=EIO:when=9",
        "rename:error=EROFS:when=3",
    ],
)
def test_a_failing_disk_undoes_the_command_and_says_so(neighbour: LocalRoot, fault: str) -> None:
    failed = inject(neighbour, fault, "whiskey")
    assert failed.returncode == 1, failed.stderr
    assert "was undone" in failed.stderr or "registry failed" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert "whiskey" not in neighbour.rows()
    assert not left_of(neighbour, "whiskey")
    check_recovery(neighbour, "whiskey")


def test_killed_once_the_client_is_there_nothing_of_it_is_left_to_do(neighbour: LocalRoot) -> None:
    name, registry = "zephir", neighbour.path / "registry.sqlite3-journal"
    commits = [line for _, call, line in traced(neighbour, new_words(name)) if call == "unlink"]
    last = sum(str(registry) in line for line in commits)
    assert neighbour.provision("purge", name, "--yes").code == 0
    killed = neighbour.injected(f"unlink:signal=SIGKILL:when={last}", *new_words(name), within=registry)
    assert was_killed(killed), killed.stderr
    assert list((neighbour.path / "journal").iterdir())
    assert neighbour.rows()[name]["state"] == "running"
    assert not [one for one in neighbour.provision("doctor").document if one["subject"] == name]
    again = neighbour.provision(*new_words(name))
    assert (again.code, again.document["error"]["code"]) == (2, "wrong-state")
    assert f"`provision new {name}`" in again.said
    assert not list((neighbour.path / "journal").iterdir())
    assert neighbour.get(name) == 200
    assert neighbour.provision("purge", name, "--yes").code == 0


def test_killed_while_nginx_tries_its_site_the_next_command_clears_the_copy(neighbour: LocalRoot) -> None:
    name = "xenon"
    made = [line for _, call, line in traced(neighbour, new_words(name)) if call == "mkdir"]
    copying = next(
        number for number, line in enumerate(made, start=1) if "/.tenantry-" in line and "/nginx/" in line
    )
    assert neighbour.provision("purge", name, "--yes").code == 0
    killed = inject(neighbour, f"mkdir:signal=SIGKILL:when={copying}", name)
    assert was_killed(killed), killed.stderr
    (copy,) = neighbour.path.glob(".tenantry-*")
    assert (copy / "nginx").is_dir()
    check_recovery(neighbour, name)


def test_ctrl_c_undoes_the_command(neighbour: LocalRoot) -> None:
    running = neighbour.spawn("-v", "new", "xray", "--plan", "starter", "--admin-email", "a@example.fr")
    assert running.stderr is not None
    for line in running.stderr:
        if "make directory" in line:
            running.send_signal(signal.SIGINT)
            break
    _, said = running.communicate(timeout=120)
    assert running.returncode == 1
    assert "SIGINT came" in said
    assert "xray" not in neighbour.rows()
    assert not left_of(neighbour, "xray")


def inject(
    host: LocalRoot, fault: str, tenant_id: str, *, within: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `new` while the kernel makes one system call fail or kill."""
    return host.injected(fault, *new_words(tenant_id), within=within)
