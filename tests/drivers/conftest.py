"""One host of each driver for all tests of this folder, and a client on each."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.drivers.operators import LocalOperator, Operator, SystemdOperator, done
from tests.provisioner_pure.nginx_host import free_port
from tests.systemd.host import tenantry_machine
from tests.systemd.machine import Machine

EMAIL = "maitre@dupont.example"


@dataclass(frozen=True)
class Client:
    """A provisioned client and what was told of it once."""

    operator: Operator
    id: str
    host: str
    told: dict[str, Any]


def provisioned(operator: Operator, tenant_id: str, plan: str = "professional") -> Client:
    told = done(operator, "new", tenant_id, "--plan", plan, "--admin-email", EMAIL)
    return Client(operator, tenant_id, told["hostname"], told)


@pytest.fixture(scope="session")
def machine() -> Iterator[Machine]:
    """A booted machine whose host is begun."""
    with tenantry_machine() as booted:
        done(SystemdOperator(booted), "host", "init")
        yield booted


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalOperator]:
    """A local host that is begun; nothing of it runs any more afterwards."""
    root = tmp_path_factory.mktemp("local") / "r"
    operator = LocalOperator(root, free_port())
    done(operator, "host", "init")
    yield operator
    done(operator, "host", "stop")


@pytest.fixture(scope="session", params=["local", pytest.param("systemd", marks=pytest.mark.systemd)])
def operator(request: pytest.FixtureRequest) -> Operator:
    """The operator of each driver's host in turn."""
    if request.param == "local":
        local: LocalOperator = request.getfixturevalue("local")
        return local
    return SystemdOperator(request.getfixturevalue("machine"))


@pytest.fixture(scope="session")
def dupont(operator: Operator) -> Client:
    """A client that tests may stop and change, if they leave it running."""
    return provisioned(operator, "dupont")


@pytest.fixture(scope="session")
def martin(operator: Operator) -> Client:
    """A second client, on the smallest plan."""
    return provisioned(operator, "martin", "starter")


@pytest.fixture
def sample(operator: Operator) -> Iterator[Path]:
    """A document, at a path of the operator's host."""
    document = operator.root / "conges.md"
    operator.path(document).write_text(
        "# Congés\n\nChaque salarié a droit à vingt-cinq jours ouvrés de congés payés par an.\n\n"
        "# Badges\n\nUn badge perdu est remplacé par l'accueil contre dix euros.\n"
    )
    yield document
    operator.path(document).unlink()
