"""kill -9 at a step of a command under systemd: the same command again brings the client there."""

import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.drivers.operators import SystemdOperator, ask, done, forked, provision
from tests.provisioner.local_root import wait_until
from tests.systemd.machine import Machine

pytestmark = pytest.mark.systemd

NEIGHBOUR = "ardoise"


def kill_at_step(operator: SystemdOperator, step: int | str, *words: str) -> int:
    """Run a command that dies when a step (its number, or first words) begins; 0: when the last has ended.

    Returns how many steps there were to be.
    """
    killed = forked(operator.machine, *words, killed_at=step)
    assert killed.status == -signal.SIGKILL, killed.messages
    return int(killed.messages.split()[-1])


@pytest.fixture(scope="module")
def operator(machine: Machine) -> SystemdOperator:
    """At the host of a client who must notice nothing."""
    operator = SystemdOperator(machine)
    done(operator, "new", NEIGHBOUR, "--plan", "starter")
    return operator


def check_others(operator: SystemdOperator) -> None:
    """Whatever became of a client, its host serves the others."""
    operator.machine.run("nginx", "-t", "-q")
    assert ask(operator, f"{NEIGHBOUR}.localhost", "/readyz").status == 200


def check_nothing_is_left_over(operator: SystemdOperator, name: str) -> None:
    """No temporary file, nothing in the journal."""
    places = ("/etc/systemd", "/etc/nginx", "/var/www")
    assert operator.machine.run("find", *places, "-name", ".tenantry-*") == ""
    assert not operator.run("grep", "-l", "-r", name, f"{operator.root}/journal").stdout


@dataclass(frozen=True)
class Change:
    """A command that changes a client, what makes ready for it, how many steps it has, what is so after."""

    words: tuple[str, ...]
    before: tuple[str, ...]
    steps: int
    state: str
    status: int


CHANGED = "argile"
CHANGES = {
    "suspend": Change(("suspend", CHANGED), ("resume", CHANGED), 4, "suspended", 503),
    "resume": Change(("resume", CHANGED), ("suspend", CHANGED), 5, "running", 200),
    "plan": Change(("plan", CHANGED, "professional"), ("plan", CHANGED, "starter"), 6, "running", 200),
    "rotate": Change(("rotate", CHANGED), ("start", CHANGED), 4, "running", 200),
}
CHANGE_POINTS = [(name, number) for name, change in CHANGES.items() for number in range(change.steps + 1)]


@pytest.fixture(scope="module")
def changed(operator: SystemdOperator) -> SystemdOperator:
    done(operator, "new", CHANGED, "--plan", "starter")
    return operator


@pytest.mark.parametrize(("name", "number"), CHANGE_POINTS)
def test_a_change_killed_at_a_step_is_brought_there_by_the_same_command(
    changed: SystemdOperator, name: str, number: int
) -> None:
    change = CHANGES[name]
    done(changed, *change.before)
    assert kill_at_step(changed, number, *change.words) == change.steps
    check_others(changed)
    done(changed, *change.words)
    assert done(changed, "status", CHANGED)["state"] == change.state
    wait_until(lambda: ask(changed, f"{CHANGED}.localhost", "/readyz").status == change.status)
    assert (changed.main_process(CHANGED) == 0) == (change.state == "suspended")
    assert provision(changed, "diff", CHANGED).status == 0
    check_nothing_is_left_over(changed, CHANGED)


RESTORED = "sealback"
RESTORED_FOLDER = f"/var/www/client-{RESTORED}"
#: Of `restore` in place: 5 beside the data, 3 to stop, the two moves, taking up, 3 to start, the probe.
RESTORE_STEPS = 15


@pytest.fixture(scope="module")
def archive(operator: SystemdOperator) -> str:
    """A backup of a client; what it learns of later is not in it."""
    done(operator, "new", RESTORED, "--plan", "starter")
    return str(done(operator, "backup", RESTORED)["file"])


def people(operator: SystemdOperator) -> set[str]:
    return {one["email"] for one in done(operator, "user", "list", RESTORED)}


@pytest.mark.parametrize("step", range(RESTORE_STEPS + 1))
def test_a_restore_killed_at_a_step_is_done_by_the_same_command(
    operator: SystemdOperator, archive: str, step: int
) -> None:
    assert restored_after_a_kill(operator, archive, step) == RESTORE_STEPS


def test_nor_does_it_matter_while_it_erases_what_an_earlier_one_has_set_aside(
    operator: SystemdOperator, archive: str
) -> None:
    done(operator, "restore", archive)
    assert restored_after_a_kill(operator, archive, f"erase {RESTORED_FOLDER}/data-before-restore-") == 1


def restored_after_a_kill(operator: SystemdOperator, archive: str, step: int | str) -> int:
    later = "later@example.fr"
    done(operator, "user", "add", RESTORED, later, "--role", "viewer")
    steps = kill_at_step(operator, step, "restore", archive)
    check_others(operator)
    found = provision(operator, "doctor").document
    assert any(f"`provision restore {RESTORED}`" in one["problem"] for one in found)
    done(operator, "restore", archive)
    assert later not in people(operator)
    assert ask(operator, f"{RESTORED}.localhost", "/readyz").status == 200
    assert provision(operator, "diff", RESTORED).status == 0
    assert not operator.path(Path(RESTORED_FOLDER, "restoring")).exists()
    assert list(operator.path(Path(RESTORED_FOLDER)).glob("data-before-restore-*/tenant.sqlite3"))
    check_nothing_is_left_over(operator, RESTORED)
    return steps


REMOVED = "sealgone"
REMOVE_STEPS = 12
#: What is erased once the archive is recorded.
ERASING = (
    f"erase /var/www/client-{REMOVED}",
    f"erase /etc/nginx/tenantry/custom.d/{REMOVED}",
    f"erase /etc/systemd/system/tenant@{REMOVED}.socket.d",
    f"erase /etc/systemd/system/tenant@{REMOVED}.service.d",
    f"erase /var/lib/tenantry-egress/{REMOVED}",
    f"remove system user tn-{REMOVED}",
)


@pytest.mark.parametrize("point", [*range(REMOVE_STEPS + 1), *ERASING])
def test_a_remove_killed_at_a_step_is_done_by_the_same_command(
    operator: SystemdOperator, point: int | str
) -> None:
    machine = operator.machine
    done(operator, "new", REMOVED, "--plan", "starter")
    steps = kill_at_step(operator, point, "remove", REMOVED)
    assert steps == (len(ERASING) if point in ERASING else REMOVE_STEPS)
    check_others(operator)
    state = {row["id"]: row["state"] for row in done(operator, "list")}[REMOVED]
    assert (state == "archived") == (point in ERASING)
    removed = done(operator, "remove", REMOVED)
    assert "tenant.sqlite3" in machine.run("tar", "-tzf", removed["archive"])
    row = {row["id"]: row for row in done(operator, "list")}[REMOVED]
    assert (row["state"], row["port"]) == ("archived", None)
    places = ("/etc/systemd", "/etc/nginx", "/etc/tenantry", "/var/www", "/var/lib/tenantry-egress")
    left = machine.run("find", *places, "-name", f"*{REMOVED}*").split()
    assert set(left) - {f"/var/www/archive/{REMOVED}"} == certificates(machine)
    assert f"tn-{REMOVED}" not in machine.run("cat", "/etc/passwd")
    check_nothing_is_left_over(operator, REMOVED)
    check_others(operator)
    assert not [one for one in provision(operator, "doctor").document if one["subject"] == REMOVED]
    done(operator, "purge", REMOVED, "--yes")


def certificates(machine: Machine) -> set[str]:
    """Those of earlier clients of this name; they stay."""
    found = machine.attempt("find", "/var/www/erasures", "-name", f"{REMOVED}-*")
    return set(found.stdout.decode().split())


#: The clients stay: what comes before is done beside fewer.
NEW_STEPS = 16


@pytest.mark.parametrize("number", range(NEW_STEPS + 1))
def test_killed_at_a_step_it_is_taken_up_again(operator: SystemdOperator, number: int) -> None:
    name = f"uniform{'abcdefghijklmnopq'[number]}"
    assert kill_at_step(operator, number, "new", name, "--plan", "starter") == NEW_STEPS
    check_others(operator)
    states = {row["id"]: row["state"] for row in done(operator, "list")}
    assert states[name] == "creating"
    again = done(operator, "new", name, "--plan", "starter")
    assert again["resumed"]
    assert ask(operator, f"{name}.localhost", "/readyz").status == 200
    sign_in = {"email": again["admin"]["email"], "password": again["admin"]["password"]}
    assert ask(operator, f"{name}.localhost", "/api/auth/login", send=sign_in).status == 200
    ports = [row["port"] for row in done(operator, "list") if row["port"]]
    assert len(ports) == len(set(ports))
    check_nothing_is_left_over(operator, name)
