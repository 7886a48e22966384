"""The people of a firm, each with their own calls."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tenant_app.services import Services
from tests.tenant_app.cases.firm import Caller
from tests.tenant_app.cases.letters import ANSWER, LAW, NOTICE
from tests.tenant_app.conftest import SignUp
from tests.tenant_app.waiting import wait_until


@pytest.fixture
def anna(client: FlaskClient, sign_up: SignUp) -> Caller:
    """Return a member of the firm."""
    return Caller(client, sign_up("anna@dupont.test", "member"))


@pytest.fixture
def boris(client: FlaskClient, sign_up: SignUp) -> Caller:
    """Return another member of the firm."""
    return Caller(client, sign_up("boris@dupont.test", "member"))


@pytest.fixture
def chief(client: FlaskClient, sign_up: SignUp) -> Caller:
    """Return the administrator."""
    return Caller(client, sign_up("chef@dupont.test", "admin"))


@pytest.fixture
def reader(client: FlaskClient, sign_up: SignUp) -> Caller:
    """Return somebody who may only read."""
    return Caller(client, sign_up("lecteur@dupont.test", "viewer"))


@pytest.fixture
def program(client: FlaskClient, api_key: dict[str, str]) -> Caller:
    """Return a program with an API key."""
    return Caller(client, api_key)


@pytest.fixture
def at_work(services: Services) -> Iterator[Services]:
    """Start what runs beside the requests: documents are read, without vectors for want of their server."""
    services.start()
    yield services
    services.close()


@pytest.fixture
def lease(anna: Caller, at_work: Services) -> int:
    """Return a case of Anna's with two letters; the firm's library holds the law on notices."""
    case_id = anna.open_case("Congé Martin", description="Validité du congé pour reprise donné au locataire.")
    anna.upload(LAW, "loi.md")
    anna.upload(NOTICE, "conge.md", case_id)
    anna.upload(ANSWER, "reponse.md", case_id)
    wait_until(lambda: at_work.library.pending() == 0, "every document read")
    return case_id
