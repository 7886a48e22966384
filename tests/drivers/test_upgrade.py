"""`upgrade` on a production host: nobody who is being served notices, and a kill anywhere is made good."""

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from provisioner import __version__
from tests.drivers.conftest import Client, provisioned
from tests.drivers.operators import INSTALLED as HERE
from tests.drivers.operators import Outcome, SystemdOperator, ask, done, forked
from tests.provisioner import newer_version
from tests.provisioner.recovery import steps_done
from tests.provisioner.system_calls import MUTATING, SWEEP_SECONDS, calls_in, own_points, tracing
from tests.systemd.host import tenantry_machine
from tests.systemd.machine import Machine

pytestmark = pytest.mark.systemd

NAMES = ("avril", "juin")
HOST_STEPS, CLIENT_STEPS = 6, 35
UPGRADE = ("upgrade", "juin", "--watch", "0")
#: Where a command may change something.
ROOTS = (Path("/var/www"), Path("/etc"), Path("/run"))
NEXT, BESIDE, BROKEN = Path("/opt/next"), Path("/opt/beside"), Path("/opt/broken")


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A machine of its own: the parts all clients share go to the new version too."""
    with tenantry_machine() as booted:
        newer_version.install(booted.path(NEXT), "7.0.0")
        newer_version.install(booted.path(BESIDE), "7.0.1")
        newer_version.install(booted.path(BROKEN), "7.1.0", serves=False)
        done(SystemdOperator(booted), "host", "init")
        yield booted


@pytest.fixture(scope="module")
def clients(machine: Machine) -> list[Client]:
    return [provisioned(SystemdOperator(machine), name, "starter") for name in NAMES]


def provision(machine: Machine, code: Path, *words: str, killed_at: str | None = None) -> Outcome:
    """Run a command of the version at `code`; with `killed_at`, until that step begins."""
    return forked(machine, *words, code=code, killed_at=killed_at)


def version(machine: Machine, name: str) -> str:
    text = machine.path(f"/var/www/client-{name}/release.json").read_text()
    return str(json.loads(text)["version"])


@contextmanager
def asked_all_the_time(clients: list[Client]) -> Iterator[list[Any]]:
    """Have each client asked without a pause; what was not answered as it should be is collected."""
    over = threading.Event()
    wrong: list[Any] = []
    counts = dict.fromkeys((client.id for client in clients), 0)

    def go_on_asking(client: Client) -> None:
        key = {"X-API-Key": client.told["api_key"]}
        while not over.wait(0.2):
            page = ask(client.operator, client.host, "/login")
            found = ask(client.operator, client.host, "/api/search", send={"query": "congé"}, headers=key)
            wrong.extend((client.id, one) for one in (page, found) if one.status != 200)
            counts[client.id] += 2

    threads = [threading.Thread(target=go_on_asking, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield wrong
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert all(count > 10 for count in counts.values()), counts


def test_all_clients_change_over_and_no_request_is_lost(machine: Machine, clients: list[Client]) -> None:
    with asked_all_the_time(clients) as wrong:
        upgraded = provision(machine, NEXT, "-v", "upgrade", "--watch", "0.5")
        assert upgraded.status == 0, upgraded.messages
    assert len(steps_done(upgraded.messages)) == HOST_STEPS + len(NAMES) * CLIENT_STEPS
    assert wrong == []
    assert [one["outcome"] for one in upgraded.document] == ["done"] * len(NAMES)
    assert {version(machine, name) for name in NAMES} == {"7.0.0"}
    assert __version__ != "7.0.0"
    shown = machine.show("tenant@juin.service", "ActiveState")
    assert shown["ActiveState"] == "active"


def test_one_that_does_not_answer_goes_back_with_its_data(machine: Machine, clients: list[Client]) -> None:
    client = clients[0]
    key = {"X-API-Key": client.told["api_key"]}
    opened = ask(client.operator, client.host, "/api/cases", send={"title": "Bail"}, headers=key)
    assert opened.status == 201, opened.text
    upgraded = provision(machine, BROKEN, "upgrade", "--canary", client.id)
    assert upgraded.status == 1
    assert isinstance(upgraded.document, list), upgraded.messages
    assert [one["outcome"] for one in upgraded.document] == ["failed", "not-begun"]
    assert version(machine, client.id) == "7.0.0"
    assert ask(client.operator, client.host, "/readyz").status == 200
    cases = ask(client.operator, client.host, "/api/cases", headers=key).json()["cases"]
    assert [one["title"] for one in cases] == ["Bail"]
    assert provision(machine, NEXT, "diff").document == []


#: Each one of the host's and of the client's (backup, rehearsal, change over), counted through all rows.
POINTS = [
    *(f"+{number}" for number in range(1, HOST_STEPS + CLIENT_STEPS + 1)),
    f"+{HOST_STEPS + CLIENT_STEPS} ended",
]


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_the_same_command_finishes_it(
    machine: Machine, clients: list[Client], point: str
) -> None:
    here, there = versions(machine)
    assert provision(machine, here, "diff", "juin").document == []
    killed = provision(machine, there, *UPGRADE, killed_at=point)
    assert killed.status == -signal.SIGKILL, killed.messages
    check_finished(machine, there)


@pytest.mark.parametrize("fault", ["rename:signal=SIGKILL:when=9", "fsync:signal=SIGKILL:when=60"])
def test_killed_at_a_system_call_the_same_command_finishes_it_too(
    machine: Machine, clients: list[Client], fault: str
) -> None:
    _, there = versions(machine)
    assert injected(machine, there, fault) == -signal.SIGKILL
    check_finished(machine, there)


@pytest.mark.faults
@pytest.mark.timeout(SWEEP_SECONDS)
@pytest.mark.parametrize("call", MUTATING)
def test_killed_at_any_change_the_same_command_finishes_it_too(
    machine: Machine, clients: list[Client], call: str
) -> None:
    _, there = versions(machine)
    log = Path("/var/www/trace.txt")
    traced = forked(machine, *UPGRADE, code=there, strace=tracing(log))
    assert traced.status == 0, traced.messages
    calls = calls_in(machine.path(log).read_text("utf-8", "replace"))
    machine.path(log).unlink()
    for point in own_points(calls, call, *ROOTS):
        _, there = versions(machine)
        # Of some calls there are fewer on the way back.
        assert injected(machine, there, point.fault) in (0, -signal.SIGKILL), point
        check_finished(machine, there)


def versions(machine: Machine) -> tuple[Path, Path]:
    """The code of the version the client runs, and of the one it is to run next."""
    here = {__version__: HERE, "7.0.0": NEXT, "7.0.1": BESIDE}[version(machine, "juin")]
    return here, BESIDE if here == NEXT else NEXT


def injected(machine: Machine, there: Path, fault: str) -> int:
    """Begin the upgrade, killed by a system call; return how it ended."""
    strace = ("-o", "/dev/null", "-e", f"trace={fault.partition(':')[0]}", "-e", f"inject={fault}")
    return forked(machine, *UPGRADE, code=there, strace=strace).status


def check_finished(machine: Machine, there: Path) -> None:
    """Nothing was broken meanwhile; run again, the client runs the new version and nothing is left."""
    machine.run("nginx", "-t", "-q")
    operator = SystemdOperator(machine)
    assert ask(operator, "avril.localhost", "/readyz").status == 200
    again = provision(machine, there, *UPGRADE)
    assert again.status == 0, again.messages
    assert ask(operator, "juin.localhost", "/readyz").status == 200
    assert provision(machine, there, "diff", "juin").document == []
    assert not machine.attempt("grep", "-l", "-r", "juin", "/var/www/journal").stdout
    assert not machine.path("/var/www/client-verify-backup").exists()
