"""A client nobody asks leaves memory, and nobody notices: no request is lost and no work cut off."""

from pathlib import Path

import pytest

from tests.drivers.conftest import Client, provisioned
from tests.drivers.operators import SystemdOperator, ask, done, provision
from tests.provisioner.local_root import wait_until
from tests.systemd.machine import Machine

pytestmark = pytest.mark.systemd

SERVICE = "tenant@nocturne.service"
ASLEEP_AFTER_MINUTES = "0.05"
PAUSES = "2.9 3 3.05 3.1 3.2 3.4"


@pytest.fixture(scope="module")
def nocturne(machine: Machine) -> Client:
    operator = SystemdOperator(machine)
    client = provisioned(operator, "nocturne", "starter")
    done(operator, "set", client.id, f"sleep_after_minutes={ASLEEP_AFTER_MINUTES}")
    return client


def state(client: Client) -> str:
    return str(done(client.operator, "status", client.id)["state"])


def test_idle_it_leaves_memory_and_is_told_to_sleep(machine: Machine, nocturne: Client) -> None:
    wait_until(lambda: machine.show(SERVICE, "ActiveState")["ActiveState"] == "inactive")
    assert machine.show(SERVICE, "MainPID", "Result") == {"MainPID": "0", "Result": "success"}
    assert state(nocturne) == "asleep"
    assert machine.attempt("pgrep", "--uid", "tn-nocturne").stdout == b""


def test_looking_at_it_does_not_wake_it(machine: Machine, nocturne: Client) -> None:
    for words in (("status",), ("list",), ("show", nocturne.id)):
        done(nocturne.operator, *words)
    # What it finds is of other clients of this host.
    assert provision(nocturne.operator, "doctor").status in (0, 3)
    assert machine.show(SERVICE, "ActiveState")["ActiveState"] == "inactive"


def test_its_next_request_wakes_it(machine: Machine, nocturne: Client) -> None:
    assert ask(nocturne.operator, nocturne.host, "/login").status == 200
    assert machine.show(SERVICE, "ActiveState")["ActiveState"] == "active"
    assert state(nocturne) == "running"


def test_no_request_is_lost_around_the_moment_it_falls_asleep(machine: Machine, nocturne: Client) -> None:
    """Pauses about as long as its idleness: a request comes before, while and after it ends."""
    ask_twice = (
        "curl --silent --output /dev/null --max-time 30 --write-out '%{http_code} ' "
        f"--header 'Host: {nocturne.host}' http://127.0.0.1:8080/login http://127.0.0.1:8080/api/me "
        "--output /dev/null"
    )
    said = machine.run("sh", "-c", f"for pause in {PAUSES}; do {ask_twice}; sleep $pause; done")
    assert set(said.split()) == {"200", "401"}, said


def test_what_it_is_working_on_keeps_it_awake(machine: Machine, nocturne: Client) -> None:
    document = Path("/root/long.md")
    words = (f"Article {number}. Le congé numéro {number} est dû.\n\n" for number in range(1, 401))
    machine.path(document).write_text("".join(words))
    key = {"X-API-Key": nocturne.told["api_key"]}
    taken = ask(nocturne.operator, nocturne.host, "/api/documents", upload=document, headers=key)
    assert taken.status == 202, taken.text
    wait_until(lambda: machine.show(SERVICE, "ActiveState")["ActiveState"] == "inactive", 120)
    # It ended by itself, with nothing left to do.
    listed = ask(nocturne.operator, nocturne.host, "/api/documents", headers=key).json()
    assert [one["status"] for one in listed["documents"]] == ["indexed"]
