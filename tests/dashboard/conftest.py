"""A host with a real registry and usage files, its dashboard, and an operator."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from provisioner.cli.output import Output
from provisioner.dashboard.app import create_app
from provisioner.dashboard.operators import add_operator
from provisioner.host import HostSettings
from provisioner.plans import load_catalogue
from provisioner.registry.database import Database
from provisioner.registry.models import State
from provisioner.registry.registry import Registry
from provisioner.resources import plans_file
from provisioner.runner import SystemRunner
from provisioner.service.context import Context
from provisioner.spec import TenantRequest, build_spec
from tests.dashboard.clock import FixedClock

EMAIL = "ops@vendor.test"
PASSWORD = "un mot de passe d’opérateur"
MONTH = "2026-11"

AddClient = Callable[..., Path]


@pytest.fixture
def clock() -> FixedClock:
    """Return a clock the test moves: 21 November 2026, 9:30 UTC."""
    return FixedClock(datetime(2026, 11, 21, 9, 30, tzinfo=UTC))


@pytest.fixture
def context(tmp_path: Path, clock: FixedClock) -> Context:
    """Return a fresh local root as the commands see it; no supervisor answers there."""
    return Context(
        root=tmp_path,
        driver_name="local",
        environ={},
        clock=clock,
        runner=SystemRunner(),
        observer=Output(),
        say=Output().say,
    )


FIRST_PORT: Final = 5901
"""Where nobody listens: the first ports of a host may be a demo's, or another test's."""


@pytest.fixture
def host(tmp_path: Path) -> HostSettings:
    """Return the settings of a fresh host."""
    return HostSettings(root=tmp_path)


@pytest.fixture
def add_client(host: HostSettings, clock: FixedClock) -> AddClient:
    """Book a client in the registry and return the path of its usage file of the month."""
    catalogue = load_catalogue(plans_file())

    def add(
        client_id: str,
        name: str,
        plan: str = "professional",
        state: State = State.RUNNING,
        usage: dict[str, Any] | None = None,
    ) -> Path:
        registry = Registry(Database.open(host.layout.registry), clock)
        request = TenantRequest(id=client_id, name=name, plan=plan, started_on=clock.now().date())
        port = FIRST_PORT + len(registry.all())
        registry.book(request, build_spec(request, catalogue, host, port))
        registry.set_state(client_id, state)
        file = host.root / f"client-{client_id}" / "data" / "usage" / f"{MONTH}.json"
        file.parent.mkdir(parents=True)
        if usage is not None:
            file.write_text(json.dumps(usage_of(client_id, **usage)))
        return file

    return add


def usage_of(client_id: str, **changes: Any) -> dict[str, Any]:
    """Return a whole usage record, with ``changes``."""
    record = {
        "client_id": client_id,
        "month": MONTH,
        "analyses_used": 245,
        "analyses_limit": 500,
        "users_active": 8,
        "users_limit": 10,
        "overage_fees": 0.00,
        "total_due": 299.00,
        "requests_used": 412,
        "requests_limit": 1000,
        "tokens_in": 120_000,
        "tokens_out": 30_000,
        "llm_cost": 1.42,
        "documents": 86,
        "storage_bytes": 734_003_200,
        "updated_at": "2026-11-21T09:30:00+00:00",
        "last_activity_at": "2026-11-21T08:12:00+00:00",
        "model_change": None,
    }
    return record | changes


@pytest.fixture
def app(host: HostSettings, context: Context) -> Flask:
    """Return the dashboard of a host with one operator."""
    add_operator(host.root, EMAIL, SecretStr(PASSWORD))
    return create_app(context)


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    """Return a browser nobody is signed in with."""
    return app.test_client()


@pytest.fixture
def operator(visitor: FlaskClient) -> FlaskClient:
    """Return a browser with the operator signed in."""
    answer = post_form(visitor, "/admin/login", "/admin/login", email=EMAIL, password=PASSWORD)
    assert answer.status_code == 303
    return visitor


def post_form(browser: FlaskClient, page: str, action: str, **fields: str) -> Any:
    """Send a form as a browser does: with the token of the page it stands on, and its origin."""
    token = csrf_token(browser.get(page).get_data(as_text=True))
    return browser.post(action, data={"csrf_token": token, **fields}, headers={"Origin": "http://localhost"})


def csrf_token(page: str) -> str:
    """Return the token in a page's form."""
    return page.split('name="csrf_token" value="')[1].split('"')[0]


def make_pipe(path: Path) -> None:
    """Put a pipe nobody writes to at ``path``."""
    os.mkfifo(path)
