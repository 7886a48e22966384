"""A page's cookie acts only for its own page, and stops when the sign-in does."""

import pytest
from flask import Flask
from pydantic import SecretStr

from tenant_app.api.authentication import start_page_session
from tenant_app.services import Services
from tests.tenant_app.accounts.browser import Browser, browser
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.conftest import PASSWORD
from tests.tenant_app.environment import PUBLIC_URL

NEW_KEY = {"name": "from the page"}


@pytest.fixture
def user_id(services: Services) -> int:
    return services.accounts.users.create("admin@dupont.test", "admin", SecretStr(PASSWORD)).user.id


@pytest.fixture
def page(app: Flask, services: Services, user_id: int) -> Browser:
    return browser(app, services, user_id)


def test_the_cookie_tells_who_is_asking(page: Browser) -> None:
    me = page.client.get("/api/me").json
    assert me is not None
    assert (me["credential"], me["role"]) == ("session", "admin")


def test_the_page_itself_may_act(page: Browser) -> None:
    assert page.client.post("/api/keys", json=NEW_KEY, headers=page.headers).status_code == 201


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "https://evil.test",
        "http://martin.localhost:8080",
        "http://localhost:8080",
        "http://dupont.localhost",
        "http://dupont.localhost:8081",
        "https://dupont.localhost:8080",
        "http://dupont.localhost:8080.evil.test",
        "HTTP://DUPONT.LOCALHOST:8080",
    ],
)
def test_another_origin_may_not_even_with_the_token(page: Browser, origin: str | None) -> None:
    headers = {"X-CSRF-Token": page.csrf_token} | ({"Origin": origin} if origin else {})
    answer = page.client.post("/api/keys", json=NEW_KEY, headers=headers)
    assert answer.status_code == 403
    assert answer.json is not None
    assert answer.json["code"] == "wrong-origin"


@pytest.mark.parametrize("token", [None, "", "made-up", "IjAwMDAi.Z4eBYA.AAAA"])
def test_without_the_pages_token_nothing_is_done(page: Browser, token: str | None) -> None:
    headers = {"Origin": PUBLIC_URL} | ({"X-CSRF-Token": token} if token is not None else {})
    answer = page.client.post("/api/keys", json=NEW_KEY, headers=headers)
    assert answer.status_code == 403
    assert answer.json is not None
    assert answer.json["code"] == "csrf"


def test_another_visitors_token_does_not_do(
    app: Flask, services: Services, user_id: int, page: Browser
) -> None:
    other = browser(app, services, user_id)
    assert page.client.post("/api/keys", json=NEW_KEY, headers=other.headers).status_code == 403


def test_a_page_may_stay_open_all_day(page: Browser, clock: FixedClock) -> None:
    clock.advance(hours=11, minutes=59)
    assert page.client.post("/api/keys", json=NEW_KEY, headers=page.headers).status_code == 201
    clock.advance(minutes=1)
    assert page.client.get("/api/me").status_code == 401


def test_signing_out_ends_the_session_on_the_server_too(page: Browser) -> None:
    copied = page.client.get_cookie("session")
    assert copied is not None
    assert page.client.post("/api/auth/logout", headers=page.headers).status_code == 204
    page.client.set_cookie("session", copied.value)
    assert page.client.get("/api/me").status_code == 401


def test_the_cookie_is_kept_from_scripts_and_other_sites(app: Flask) -> None:
    @app.get("/sign-in-for-the-test")
    def sign_in() -> str:
        start_page_session("secret")
        return ""

    cookie = app.test_client().get("/sign-in-for-the-test").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_a_cookie_made_without_the_key_is_no_credential(page: Browser) -> None:
    cookie = page.client.get_cookie("session")
    assert cookie is not None
    page.client.set_cookie("session", cookie.value[:-2] + "AA")
    assert page.client.get("/api/me").status_code == 401


def test_two_credentials_in_one_request_are_refused(page: Browser, services: Services) -> None:
    key = services.accounts.keys.create("test").secret
    token = services.accounts.sessions.open_api(1).access_token
    bearer = {"Authorization": f"Bearer {token}"}
    anonymous = page.client.application.test_client()
    for client, headers in (
        (page.client, bearer),
        (page.client, {"X-API-Key": key}),
        (anonymous, bearer | {"X-API-Key": key}),
        (anonymous, {"Authorization": f"Bearer {key}", "X-API-Key": key}),
    ):
        answer = client.get("/api/me", headers=headers)
        assert answer.status_code == 400
        assert answer.json is not None
        assert answer.json["code"] == "several-credentials"
