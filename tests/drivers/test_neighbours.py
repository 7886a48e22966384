"""Whatever one client does to its own process, its neighbours are answered; how fast, the benchmarks say."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.drivers.conftest import Client, provisioned
from tests.drivers.operators import SystemdOperator, ask, done
from tests.provisioner.local_root import wait_until
from tests.systemd.host import PREFIX, PYTHON
from tests.systemd.machine import Machine

pytestmark = pytest.mark.systemd

UPLOADS = 40
STOP = "/run/eaters-end"
EATER = "x = []\nwhile True: x.append(bytes([1]) * 2**22)"


@pytest.fixture(scope="module")
def busy(machine: Machine) -> Client:
    return provisioned(SystemdOperator(machine), "affaire", "professional")


@pytest.fixture(scope="module")
def calm(machine: Machine) -> Client:
    client = provisioned(SystemdOperator(machine), "calme", "starter")
    document = Path("/root/calme.md")
    machine.path(document).write_text("# Congés\n\nChaque salarié a droit à vingt-cinq jours de congés.\n")
    done(client.operator, "ingest", client.id, str(document))
    return client


def finds(client: Client) -> bool:
    question = {"query": "jours de congés", "top_k": 1}
    key = {"X-API-Key": client.told["api_key"]}
    answer = ask(client.operator, client.host, "/api/search", send=question, headers=key)
    return answer.status == 200 and "vingt-cinq" in answer.text


def unfinished(client: Client) -> int:
    key = {"X-API-Key": client.told["api_key"]}
    listed = ask(client.operator, client.host, "/api/documents", headers=key).json()["documents"]
    return sum(one["status"] in ("queued", "processing") for one in listed)


def test_a_neighbour_that_uploads_everything_at_once_is_not_waited_for(
    machine: Machine, busy: Client, calm: Client
) -> None:
    assert finds(calm)
    load = (
        f"{PREFIX}/src/benchmarks/neighbour_load.py",
        "upload",
        busy.host,
        busy.told["api_key"],
        str(UPLOADS),
    )
    assert json.loads(machine.run(PYTHON, *load)) == {"202": UPLOADS}
    assert [finds(calm) for _ in range(10)] == [True] * 10
    assert unfinished(busy) > 0
    assert ask(busy.operator, busy.host, "/login").status == 200
    done(busy.operator, "purge", busy.id, "--yes")


@contextmanager
def out_of_memory(machine: Machine, client: Client) -> Iterator[None]:
    """Within the client's limits, memory is asked for until the kernel ends who asks, again and again."""
    group = machine.show(f"tenant@{client.id}.service", "ControlGroup")["ControlGroup"]
    # Of version 1, which has a hierarchy for each controller, and of version 2.
    join = f"for g in /sys/fs/cgroup/*{group} /sys/fs/cgroup{group}; do echo $$ >$g/cgroup.procs; done"
    loop = f"while [ ! -e {STOP} ]; do {PYTHON} -c '{EATER}'; echo killed >>{STOP}.log; done"
    eaters = threading.Thread(target=lambda: machine.attempt("sh", "-c", f"{join}; {loop}"))
    eaters.start()
    try:
        wait_until(lambda: machine.path(f"{STOP}.log").exists())
        yield
    finally:
        machine.run("touch", STOP)
        eaters.join()


def test_a_neighbour_at_its_memory_limit_harms_itself_alone(machine: Machine, calm: Client) -> None:
    hungry = provisioned(SystemdOperator(machine), "vorace", "starter")
    process = SystemdOperator(machine).main_process(calm.id)
    with out_of_memory(machine, hungry):
        assert [finds(calm) for _ in range(10)] == [True] * 10
    assert SystemdOperator(machine).main_process(calm.id) == process
    assert ask(hungry.operator, hungry.host, "/login").status == 200
    done(hungry.operator, "purge", hungry.id, "--yes")
