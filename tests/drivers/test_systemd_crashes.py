"""kill -9 at a step of a command under systemd: the same command again brings the client there."""

from dataclasses import dataclass

import pytest

from tests.drivers.operators import SystemdOperator, ask, done, provision
from tests.provisioner.local_root import wait_until
from tests.systemd.host import PYTHON
from tests.systemd.machine import Machine

pytestmark = pytest.mark.systemd

STEPS = 15
#: Before the egress and the units are written, the accounts, before the port opens, the site; at the end.
SAMPLE = (8, 9, 10, 12, 14, 0)
OTHERS = tuple(number for number in range(1, STEPS + 1) if number not in SAMPLE)


def kill_at_step(operator: SystemdOperator, step: int | str, *words: str) -> None:
    """Run a command that dies when a step (its number, or first words) begins; 0: when the last has ended."""
    deadly = (PYTHON, "-m", "tests.provisioner.killed_command", str(step))
    where = ("--root", str(operator.root), "--driver", operator.driver)
    killed = operator.run(*deadly, *where, *words)
    assert killed.returncode == -9 or killed.returncode == 137, killed.stderr.decode()


@pytest.mark.parametrize(
    "number", [*SAMPLE, *(pytest.param(number, marks=pytest.mark.faults) for number in OTHERS)]
)
def test_killed_at_a_step_it_is_taken_up_again(machine: Machine, number: int) -> None:
    operator, name = SystemdOperator(machine), f"uniform{'abcdefghijklmnopq'[number]}"
    kill_at_step(operator, number, "new", name, "--plan", "starter")
    machine.run("nginx", "-t", "-q")
    states = {row["id"]: row["state"] for row in done(operator, "list")}
    assert states[name] == "creating"
    again = done(operator, "new", name, "--plan", "starter")
    assert again["resumed"]
    assert ask(operator, f"{name}.localhost", "/readyz").status == 200
    sign_in = {"email": again["admin"]["email"], "password": again["admin"]["password"]}
    assert ask(operator, f"{name}.localhost", "/api/auth/login", send=sign_in).status == 200
    ports = [row["port"] for row in done(operator, "list") if row["port"]]
    assert len(ports) == len(set(ports))
    assert machine.run("find", "/etc/systemd", "/etc/nginx", "/var/www", "-name", ".tenantry-*") == ""


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
#: Between nginx and the unit, between the process and its port, between the files and the process.
CHANGE_SAMPLE = (
    *(("suspend", 3), ("suspend", 4), ("resume", 4), ("plan", 2), ("plan", 4)),
    *(("rotate", 1), ("rotate", 3)),
)
OTHER_CHANGES = [
    pytest.param(name, number, marks=pytest.mark.faults)
    for name, change in CHANGES.items()
    for number in (*range(1, change.steps + 1), 0)
    if (name, number) not in CHANGE_SAMPLE
]


@pytest.fixture(scope="module")
def changed(machine: Machine) -> SystemdOperator:
    operator = SystemdOperator(machine)
    done(operator, "new", CHANGED, "--plan", "starter")
    return operator


@pytest.mark.parametrize(("name", "number"), [*CHANGE_SAMPLE, *OTHER_CHANGES])
def test_a_change_killed_at_a_step_is_brought_there_by_the_same_command(
    changed: SystemdOperator, name: str, number: int
) -> None:
    change = CHANGES[name]
    done(changed, *change.before)
    kill_at_step(changed, number, *change.words)
    changed.machine.run("nginx", "-t", "-q")
    done(changed, *change.words)
    assert done(changed, "status", CHANGED)["state"] == change.state
    wait_until(lambda: ask(changed, f"{CHANGED}.localhost", "/readyz").status == change.status)
    assert (changed.main_process(CHANGED) == 0) == (change.state == "suspended")
    assert provision(changed, "diff", CHANGED).status == 0
    assert not changed.run("grep", "-l", "-r", CHANGED, f"{changed.root}/journal").stdout


RESTORED = "sealback"
#: Of `restore` in place: 5 beside the data, 3 to stop, the two moves, taking up, 3 to start, the probe.
RESTORE_STEPS = 15
#: Between the two moves, before it is taken up; at the end.
RESTORE_SAMPLE = (10, 11, 0)
RESTORE_OTHERS = tuple(number for number in range(1, RESTORE_STEPS + 1) if number not in RESTORE_SAMPLE)


@pytest.fixture(scope="module")
def archive(machine: Machine) -> str:
    """A backup of a client; what it learns of later is not in it."""
    operator = SystemdOperator(machine)
    done(operator, "new", RESTORED, "--plan", "starter")
    return str(done(operator, "backup", RESTORED)["file"])


def people(operator: SystemdOperator) -> set[str]:
    return {one["email"] for one in done(operator, "user", "list", RESTORED)}


@pytest.mark.parametrize(
    "number", [*RESTORE_SAMPLE, *(pytest.param(one, marks=pytest.mark.faults) for one in RESTORE_OTHERS)]
)
def test_a_restore_killed_at_a_step_is_done_by_the_same_command(
    machine: Machine, archive: str, number: int
) -> None:
    operator, later = SystemdOperator(machine), f"later{number}@example.fr"
    done(operator, "user", "add", RESTORED, later, "--role", "viewer")
    kill_at_step(operator, number, "restore", archive)
    machine.run("nginx", "-t", "-q")
    found = provision(operator, "doctor").document
    assert any(f"`provision restore {RESTORED}`" in one["problem"] for one in found)
    done(operator, "restore", archive)
    assert later not in people(operator)
    assert ask(operator, f"{RESTORED}.localhost", "/readyz").status == 200
    assert provision(operator, "diff", RESTORED).status == 0
    folder = f"/var/www/client-{RESTORED}"
    assert not machine.path(f"{folder}/restoring").exists()
    assert list(machine.path(folder).glob("data-before-restore-*/tenant.sqlite3"))
    assert machine.run("find", "/etc/systemd", "/etc/nginx", "/var/www", "-name", ".tenantry-*") == ""
    assert not operator.run("grep", "-l", "-r", RESTORED, f"{operator.root}/journal").stdout


def test_these_are_all_steps_of_a_restore(machine: Machine, archive: str) -> None:
    said = provision(SystemdOperator(machine), "-v", "restore", archive).messages
    assert f"[{RESTORE_STEPS}/{RESTORE_STEPS}]" in said


REMOVED = "sealgone"
REMOVE_STEPS = 12
#: What is erased once the archive is recorded.
ERASING = (
    f"erase /var/www/client-{REMOVED}",
    f"erase /etc/systemd/system/tenant@{REMOVED}.socket.d",
    f"erase /var/lib/tenantry-egress/{REMOVED}",
    f"remove system user tn-{REMOVED}",
)
#: Before the units go, between the archive and its record, before the user goes.
REMOVE_SAMPLE = ("11", "0", ERASING[-1])
REMOVE_POINTS = (*map(str, range(REMOVE_STEPS + 1)), *ERASING)


@pytest.mark.parametrize(
    "point",
    [pytest.param(one, marks=() if one in REMOVE_SAMPLE else pytest.mark.faults) for one in REMOVE_POINTS],
)
def test_a_remove_killed_at_a_step_is_done_by_the_same_command(machine: Machine, point: str) -> None:
    operator = SystemdOperator(machine)
    done(operator, "new", REMOVED, "--plan", "starter")
    kill_at_step(operator, point, "remove", REMOVED)
    machine.run("nginx", "-t", "-q")
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
    assert not operator.run("grep", "-l", "-r", REMOVED, f"{operator.root}/journal").stdout
    machine.run("nginx", "-t", "-q")
    assert not [one for one in provision(operator, "doctor").document if one["subject"] == REMOVED]
    done(operator, "purge", REMOVED, "--yes")


def certificates(machine: Machine) -> set[str]:
    """Those of earlier clients of this name; they stay."""
    found = machine.attempt("find", "/var/www/erasures", "-name", f"{REMOVED}-*")
    return set(found.stdout.decode().split())


def test_these_are_all_steps_of_a_remove(machine: Machine) -> None:
    operator = SystemdOperator(machine)
    done(operator, "new", REMOVED, "--plan", "starter")
    said = provision(operator, "-v", "remove", REMOVED).messages
    assert f"[{REMOVE_STEPS}/{REMOVE_STEPS}]" in said
    assert all(one in said for one in ERASING)
    done(operator, "purge", REMOVED, "--yes")
