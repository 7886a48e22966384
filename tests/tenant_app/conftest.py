"""A fresh application with its own real database for each test of the tenant."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from tenant_app import data_directory
from tenant_app.accounts import passwords
from tenant_app.api.context import EXTENSION
from tenant_app.database import Database
from tenant_app.factory import create_app
from tenant_app.migrations.upgrade import migrate
from tenant_app.services import Services
from tenant_app.settings import Settings
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.environment import environment

PASSWORD = "un mot de passe de test"

SignUp = Callable[[str, str], dict[str, str]]


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hash passwords at argon2's least cost in this process; the true one is shown of a real instance."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database at the newest revision, to be copied: migrating takes longer than a test."""
    path = tmp_path_factory.mktemp("migrated") / "tenant.sqlite3"
    database = Database(path)
    migrate(database)
    database.close()
    return path


@pytest.fixture
def data_dir(tmp_path: Path, migrated_database: Path) -> Path:
    """Return a tenant's data directory, laid out, with an empty, migrated database."""
    directory = tmp_path / "data"
    data_directory.prepare(directory)
    shutil.copy(migrated_database, directory / "tenant.sqlite3")
    return directory


@pytest.fixture
def clock() -> FixedClock:
    """Return a clock the test moves: Wednesday 15 January 2025, 10:00 UTC."""
    return FixedClock()


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """Return the settings of a professional tenant; override the fixture for others."""
    return Settings.model_validate(environment(data_dir))


@pytest.fixture
def app(settings: Settings, clock: FixedClock) -> Iterator[Flask]:
    """Return the real application; its background work is not started."""
    app = create_app(settings, clock)
    yield app
    app.extensions[EXTENSION].close()


@pytest.fixture
def services(app: Flask) -> Services:
    """Return what the application is made of."""
    services: Services = app.extensions[EXTENSION]
    return services


@pytest.fixture
def client(app: Flask, settings: Settings) -> FlaskClient:
    """Return a visitor who calls the tenant by its host name and has no credential."""
    client = app.test_client()
    client.environ_base["HTTP_HOST"] = settings.public_url.removeprefix("http://")
    return client


@pytest.fixture
def sign_up(services: Services) -> SignUp:
    """Create a user with ``PASSWORD`` and return the headers of a request with its access token."""

    def create(email: str, role: str) -> dict[str, str]:
        user = services.accounts.users.create(email, role, SecretStr(PASSWORD)).user
        tokens = services.accounts.sessions.open_api(user.id)
        return {"Authorization": f"Bearer {tokens.access_token}"}

    return create


@pytest.fixture
def admin(sign_up: SignUp) -> dict[str, str]:
    """Return the headers of an admin's request."""
    return sign_up("admin@dupont.test", "admin")


@pytest.fixture
def member(sign_up: SignUp) -> dict[str, str]:
    """Return the headers of a member's request."""
    return sign_up("member@dupont.test", "member")


@pytest.fixture
def viewer(sign_up: SignUp) -> dict[str, str]:
    """Return the headers of a viewer's request."""
    return sign_up("viewer@dupont.test", "viewer")


@pytest.fixture
def api_key(services: Services) -> dict[str, str]:
    """Return the headers of a program's request."""
    return {"X-API-Key": services.accounts.keys.create("test").secret}
