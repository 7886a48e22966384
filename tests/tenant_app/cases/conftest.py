"""The people of a firm, each with their own calls."""

import pytest
from flask.testing import FlaskClient

from tests.tenant_app.cases.firm import Caller
from tests.tenant_app.conftest import SignUp


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
