"""Billing on a real database, without HTTP."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tenant_app.accounts.actor import Actor, key_actor
from tenant_app.accounts.models import ApiKey, User
from tenant_app.accounts.roles import permissions_of
from tenant_app.billing.service import Billing
from tenant_app.database import Database
from tenant_app.settings import Settings
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.environment import environment

BuildBilling = Callable[..., Billing]
AddUser = Callable[[str], Actor]


@pytest.fixture
def database(data_dir: Path) -> Iterator[Database]:
    """Return the tenant's database."""
    database = Database(data_dir / "tenant.sqlite3")
    yield database
    database.close()


@pytest.fixture
def billing(database: Database, data_dir: Path, clock: FixedClock) -> Iterator[BuildBilling]:
    """Return a function that builds billing with the given settings; it is stopped at the end."""
    built: list[Billing] = []

    def build(**changes: str) -> Billing:
        settings = Settings.model_validate(environment(data_dir, **changes))
        built.append(Billing(database, settings, clock, settings.embedding_model))
        return built[-1]

    yield build
    for billing in built:
        billing.stop()


@pytest.fixture
def add_user(database: Database, clock: FixedClock) -> AddUser:
    """Return a function that creates a user and returns them as the author of a request."""

    def add(name: str) -> Actor:
        email = f"{name}@dupont.test"
        user = User(
            email=email,
            email_key=email,
            password_hash="-",
            role="member",
            active=True,
            created_at=clock.now(),
        )
        with database.write() as session:
            session.add(user)
        return Actor(user.id, email, "member", permissions_of("member"), "jwt", session_id="s")

    return add


@pytest.fixture
def anna(add_user: AddUser) -> Actor:
    """Return a user."""
    return add_user("anna")


@pytest.fixture
def program(database: Database, clock: FixedClock) -> Actor:
    """Return an API key."""
    key = ApiKey(name="site", hint="sk_", key_hash="h", created_at=clock.now())
    with database.write() as session:
        session.add(key)
    return key_actor(key.id, key.name)
