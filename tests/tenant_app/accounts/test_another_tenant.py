"""What one instance hands out is worth nothing on another."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tenant_app.api.context import EXTENSION
from tenant_app.factory import create_app
from tenant_app.services import Services
from tenant_app.settings import Settings
from tests.tenant_app.accounts.browser import browser
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.conftest import SignUp
from tests.tenant_app.environment import SECRET_KEY, environment


@pytest.fixture(params=["another-secret-key-than-the-first-tenant's", SECRET_KEY])
def martin(
    request: pytest.FixtureRequest, tmp_path: Path, migrated_database: Path, clock: FixedClock
) -> Iterator[FlaskClient]:
    """Return a visitor of another tenant, even one that was wrongly given the same key."""
    data_dir = tmp_path / "martin"
    data_dir.mkdir()
    shutil.copy(migrated_database, data_dir / "tenant.sqlite3")
    values = environment(
        data_dir, client_id="martin", public_url="http://martin.localhost:8080", secret_key=request.param
    )
    app = create_app(Settings.model_validate(values), clock)
    client = app.test_client()
    client.environ_base["HTTP_HOST"] = "martin.localhost:8080"
    yield client
    app.extensions[EXTENSION].close()


def test_a_token_of_one_tenant_is_a_bad_token_on_another(martin: FlaskClient, admin: dict[str, str]) -> None:
    assert martin.get("/api/me", headers=admin).status_code == 401


def test_a_key_of_one_tenant_is_unknown_to_another(martin: FlaskClient, api_key: dict[str, str]) -> None:
    assert martin.get("/api/me", headers=api_key).status_code == 403


def test_a_cookie_of_one_tenant_is_nothing_to_another(
    martin: FlaskClient, app: Flask, services: Services, sign_up: SignUp
) -> None:
    sign_up("admin@dupont.test", "admin")
    cookie = browser(app, services, 1).client.get_cookie("session")
    assert cookie is not None
    martin.set_cookie("session", cookie.value, domain="martin.localhost")
    assert martin.get("/api/me").status_code == 401


def test_another_tenants_host_name_is_refused(client: FlaskClient) -> None:
    for host in ("martin.localhost:8080", "evil.test", "dupont.localhost.evil.test", "../../etc"):
        assert client.get("/healthz", headers={"Host": host}).status_code == 400
