"""`doctor` on clients' ports and processes, under systemd, where systemd itself holds the ports."""

import pytest

from tests.drivers.conftest import provisioned
from tests.drivers.operators import SystemdOperator, done, provision
from tests.provisioner.local_root import wait_until
from tests.systemd.machine import Machine

pytestmark = pytest.mark.systemd

CLIENT = "sealm"


@pytest.fixture(scope="module")
def operator(machine: Machine) -> SystemdOperator:
    operator = SystemdOperator(machine)
    provisioned(operator, CLIENT, "starter")
    return operator


def told(operator: SystemdOperator, about: str) -> list[dict[str, str]]:
    """What `doctor` finds on the client of a kind."""
    found = provision(operator, "doctor").document
    return [one for one in found if one["subject"] == CLIENT and about in one["problem"]]


def test_a_client_that_runs_or_sleeps_holds_its_own(operator: SystemdOperator, machine: Machine) -> None:
    for _ in range(2):
        for words in ("owner", "held by", "listens", "port"):
            assert told(operator, words) == []
        machine.run("systemctl", "stop", f"tenant@{CLIENT}.service")


def test_a_port_unit_that_does_not_listen_is_told(operator: SystemdOperator, machine: Machine) -> None:
    machine.run("systemctl", "stop", f"tenant@{CLIENT}.service", f"tenant@{CLIENT}.socket")
    (found,) = told(operator, "Nobody listens on its port")
    assert found["mend"] == f"`provision start {CLIENT}` opens it."
    done(operator, "start", CLIENT)
    assert told(operator, "listens") == []


def test_a_suspended_client_that_was_started_again_is_told(
    operator: SystemdOperator, machine: Machine
) -> None:
    done(operator, "suspend", CLIENT)
    assert told(operator, "suspended") == []
    machine.run("systemctl", "start", f"tenant@{CLIENT}.service")
    pid = operator.main_process(CLIENT)
    (held,) = told(operator, "is suspended, and its data are still held")
    assert f"process {pid} (" in held["problem"]
    (found,) = told(operator, "is open: a request would start it")
    assert f"`provision suspend {CLIENT}`" in found["mend"]
    done(operator, "suspend", CLIENT)
    assert told(operator, "suspended") == []
    done(operator, "resume", CLIENT)


def test_somebody_else_on_a_clients_port_is_named(operator: SystemdOperator, machine: Machine) -> None:
    port = done(operator, "status", CLIENT)["port"]
    done(operator, "stop", CLIENT)
    command = ("python3", "-m", "http.server", "--bind", "127.0.0.1", str(port))
    machine.run("systemd-run", "--quiet", "--unit=stranger", *command)
    wait_until(lambda: str(port) in machine.run("ss", "--listening", "--tcp", "--numeric", "--no-header"))
    pid = machine.show("stranger.service", "MainPID")["MainPID"]
    (found,) = told(operator, "is held by")
    assert f"process {pid} (python3)" in found["problem"]
    assert f"`kill {pid}`" in found["mend"]
    machine.run("systemctl", "stop", "stranger.service")
    done(operator, "start", CLIENT)
    assert told(operator, "port") == []


def test_two_clients_set_to_one_port_are_told(operator: SystemdOperator, machine: Machine) -> None:
    provisioned(operator, "sealn", "starter")
    ports = {row["id"]: row["port"] for row in done(operator, "list")}
    drop_in = machine.path("/etc/systemd/system/tenant@sealn.socket.d/tenantry.conf")
    written = drop_in.read_text()
    drop_in.write_text(written.replace(str(ports["sealn"]), str(ports[CLIENT])))
    assert drop_in.read_text() != written
    (found,) = told(operator, "same port")
    assert found["problem"] == f"{CLIENT} and sealn are set to the same port, {ports[CLIENT]}."
    done(operator, "apply", "sealn", "--reset")
    assert told(operator, "same port") == []
