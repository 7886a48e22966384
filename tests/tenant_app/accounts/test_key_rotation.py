"""After the signing key was replaced, people go on as before, for as long as the old one may be read."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr, ValidationError

from tenant_app.api.context import EXTENSION
from tenant_app.factory import create_app
from tenant_app.services import Services
from tenant_app.settings import Settings
from tests.tenant_app.accounts.browser import Browser, browser
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.conftest import PASSWORD
from tests.tenant_app.environment import PUBLIC_URL, SECRET_KEY, environment

NEW_KEY = "c" * 20 + "-another-secret-key-of-the-tests"
UNTIL = "2025-01-15T22:00:00Z"
Rotated = Callable[[str, str], Flask]


@pytest.fixture
def page(app: Flask, services: Services) -> Browser:
    """A browser that signed in before."""
    user = services.accounts.users.create("page@dupont.test", "admin", SecretStr(PASSWORD)).user
    return browser(app, services, user.id)


@pytest.fixture
def rotated(data_dir: Path, clock: FixedClock) -> Iterator[Rotated]:
    """Start the instance again with another key, and with the former one until a moment."""
    started: list[Flask] = []

    def start(before: str, until: str) -> Flask:
        changed = environment(
            data_dir, secret_key=NEW_KEY, secret_key_before=before, secret_key_before_until=until
        )
        started.append(create_app(Settings.model_validate(changed), clock))
        return started[-1]

    yield start
    for app in started:
        app.extensions[EXTENSION].close()


def visitor(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_HOST"] = PUBLIC_URL.removeprefix("http://")
    return client


def with_cookie_of(page: Browser, app: Flask) -> FlaskClient:
    """The same browser, at the instance that was started again."""
    cookie = page.client.get_cookie("session")
    assert cookie is not None
    client = visitor(app)
    client.set_cookie("session", cookie.value, origin_only=False)
    return client


def test_a_token_is_good_until_it_ends(rotated: Rotated, admin: dict[str, str], clock: FixedClock) -> None:
    client = visitor(rotated(SECRET_KEY, UNTIL))
    assert client.get("/api/me", headers=admin).status_code == 200
    clock.advance(minutes=16)
    assert client.get("/api/me", headers=admin).status_code == 401


def test_a_token_signed_with_the_former_key_ends_with_it(
    rotated: Rotated, admin: dict[str, str], clock: FixedClock
) -> None:
    client = visitor(rotated(SECRET_KEY, "2025-01-15T10:05:00Z"))
    clock.advance(minutes=4)
    assert client.get("/api/me", headers=admin).status_code == 200
    clock.advance(minutes=2)
    assert client.get("/api/me", headers=admin).status_code == 401


def test_an_open_page_goes_on_and_its_forms_too(rotated: Rotated, page: Browser) -> None:
    client = with_cookie_of(page, rotated(SECRET_KEY, UNTIL))
    assert client.get("/api/me").status_code == 200
    made = client.post("/api/keys", json={"name": "from the page"}, headers=page.headers)
    assert made.status_code == 201, made.text


def test_a_cookie_signed_with_the_former_key_ends_with_it(
    rotated: Rotated, page: Browser, clock: FixedClock
) -> None:
    client = with_cookie_of(page, rotated(SECRET_KEY, "2025-01-15T10:05:00Z"))
    clock.advance(minutes=6)
    assert client.get("/api/me").status_code == 401


def test_at_once_everybody_signs_in_again(
    rotated: Rotated, admin: dict[str, str], page: Browser, api_key: dict[str, str]
) -> None:
    app = rotated("", "")
    assert visitor(app).get("/api/me", headers=admin).status_code == 401
    assert with_cookie_of(page, app).get("/api/me").status_code == 401
    assert visitor(app).get("/api/me", headers=api_key).status_code == 200


def test_what_is_signed_now_is_signed_with_the_new_key(rotated: Rotated, member: dict[str, str]) -> None:
    during = visitor(rotated(SECRET_KEY, UNTIL))
    credentials = {"email": "member@dupont.test", "password": PASSWORD}
    told = during.post("/api/auth/login", json=credentials).json
    assert member
    assert told is not None
    after = visitor(rotated("", ""))
    fresh = {"Authorization": f"Bearer {told['access_token']}"}
    assert after.get("/api/me", headers=fresh).status_code == 200


def test_a_weak_former_key_is_refused(data_dir: Path) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(
            environment(data_dir, secret_key_before="short", secret_key_before_until=UNTIL)
        )
