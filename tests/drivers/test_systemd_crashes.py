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


def kill_at_step(operator: SystemdOperator, number: int, *words: str) -> None:
    """Run a command that dies when its step of that number begins; 0: when the last one has ended."""
    deadly = (PYTHON, "-m", "tests.provisioner.killed_command", str(number))
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
