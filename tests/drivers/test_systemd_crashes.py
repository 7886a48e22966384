"""kill -9 at a step of `new` under systemd: the same command again brings the client there."""

import pytest

from tests.drivers.operators import SystemdOperator, ask, done
from tests.systemd.host import PREFIX, PYTHON
from tests.systemd.machine import Machine

pytestmark = pytest.mark.systemd

STEPS = 13
#: Before the units are written, before the accounts, before the port opens, before the site; and at the end.
SAMPLE = (7, 8, 10, 12, 0)
OTHERS = tuple(number for number in range(1, STEPS + 1) if number not in SAMPLE)


@pytest.mark.parametrize(
    "number", [*SAMPLE, *(pytest.param(number, marks=pytest.mark.faults) for number in OTHERS)]
)
def test_killed_at_a_step_it_is_taken_up_again(machine: Machine, number: int) -> None:
    operator, name = SystemdOperator(machine), f"uniform{'abcdefghijklmn'[number]}"
    deadly = (
        PYTHON,
        "-m",
        "tests.provisioner.killed_command",
        str(operator.root),
        name,
        str(number),
        "systemd",
    )
    killed = machine.attempt(*deadly, variables={"PYTHONPATH": f"{PREFIX}/src"})
    assert killed.returncode == -9 or killed.returncode == 137, killed.stderr.decode()
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
