"""Whatever one client does to its own process, its neighbours are answered; how fast, the benchmarks say."""

import json
from pathlib import Path

import pytest

from tests.drivers.conftest import Client, provisioned
from tests.drivers.operators import SystemdOperator, ask, done
from tests.systemd.host import PREFIX, PYTHON
from tests.systemd.machine import Machine
from tests.systemd.memory_pressure import at_its_memory_limit

pytestmark = pytest.mark.systemd

UPLOADS = 40


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


def test_a_neighbour_at_its_memory_limit_harms_itself_alone(machine: Machine, calm: Client) -> None:
    hungry = provisioned(SystemdOperator(machine), "vorace", "starter")
    process = SystemdOperator(machine).main_process(calm.id)
    with at_its_memory_limit(machine, f"tenant@{hungry.id}.service"):
        assert [finds(calm) for _ in range(10)] == [True] * 10
    assert SystemdOperator(machine).main_process(calm.id) == process
    assert ask(hungry.operator, hungry.host, "/login").status == 200
    done(hungry.operator, "purge", hungry.id, "--yes")
