"""The client's pages on other sites read the API with a key or a token; nobody else's page reads anything."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from werkzeug.test import TestResponse

from tenant_app.accounts.service import CALLS_PER_MINUTE
from tenant_app.api.cors import cors_headers
from tenant_app.services import Services
from tenant_app.settings import Settings
from tests.tenant_app.accounts.browser import browser
from tests.tenant_app.conftest import PASSWORD
from tests.tenant_app.environment import environment

SITE = "https://app.cabinet-dupont.fr"
OTHER_SITE = "http://localhost:3000"
STRANGERS = [
    "null", "*", "", "https://evil.example", f"{SITE}.evil.example", f"{SITE}/", f"{SITE}:8443", SITE.upper(),
    SITE.replace("https", "http"), f"{SITE},{OTHER_SITE}", f"{SITE} {OTHER_SITE}",
]  # fmt: skip
CREDENTIALS = "Access-Control-Allow-Credentials"


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """Two sites; one question is answered at a time."""
    values = environment(data_dir, allowed_origins=f"{SITE},{OTHER_SITE}", threads="3")
    return Settings.model_validate(values)


def told(answer: TestResponse) -> dict[str, str]:
    """Return what an answer says of other sites, but that it depends on who asks."""
    return {name: value for name, value in answer.headers.items() if name.startswith("Access-Control-")}


def preflight(client: FlaskClient, path: str, origin: str, method: str = "POST") -> TestResponse:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    asked |= {"Access-Control-Request-Headers": "content-type,x-api-key"}
    return client.options(path, headers=asked)


@given(st.text(max_size=40) | st.sampled_from([SITE, OTHER_SITE, *STRANGERS]), st.booleans())
def test_only_an_origin_on_the_list_is_answered_and_by_its_own_name(origin: str, preflight: bool) -> None:
    headers = cors_headers(origin, {SITE, OTHER_SITE}, preflight=preflight)
    assert (headers != {}) == (origin in (SITE, OTHER_SITE))
    assert headers.get("Access-Control-Allow-Origin", origin) == origin
    assert CREDENTIALS not in headers
    assert (
        cors_headers(origin, (), preflight=preflight) == cors_headers(None, {SITE}, preflight=preflight) == {}
    )


@pytest.mark.parametrize("path", ["/api/chat", "/api/documents/7", "/v1/chat/completions", "/api/nothing"])
def test_what_a_browser_asks_beforehand_is_granted_to_the_clients_sites(
    client: FlaskClient, path: str
) -> None:
    answer = preflight(client, path, SITE)
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    asked = {"authorization", "content-type", "x-api-key", "x-stainless-os"}
    assert asked <= set(answer.headers["Access-Control-Allow-Headers"].lower().split(", "))
    assert int(answer.headers["Access-Control-Max-Age"]) > 0
    assert "Origin" in answer.headers["Vary"]
    assert CREDENTIALS not in answer.headers


def test_every_method_of_the_api_may_be_used_from_there(client: FlaskClient, app: Flask) -> None:
    granted = preflight(client, "/api/chat", SITE).headers["Access-Control-Allow-Methods"].split(", ")
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(("/api/", "/v1/"))]
    used = {method for rule in rules for method in rule.methods or ()}
    assert set(granted) == used - {"HEAD", "OPTIONS"}


def test_an_answer_can_be_read_from_there_with_its_request_id(
    client: FlaskClient, api_key: dict[str, str]
) -> None:
    answer = client.get("/api/me", headers={"Origin": OTHER_SITE} | api_key)
    assert answer.status_code == 200
    assert told(answer) == {
        "Access-Control-Allow-Origin": OTHER_SITE,
        "Access-Control-Expose-Headers": "Content-Disposition, Retry-After, X-Request-ID",
    }
    assert "Origin" in answer.headers["Vary"]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_refusal_can_be_read_from_there_too(
    client: FlaskClient, services: Services, api_key: dict[str, str]
) -> None:
    def ask(key: dict[str, str]) -> TestResponse:
        return client.post("/api/chat", json={"question": "Quel délai ?"}, headers={"Origin": SITE} | key)

    nobody, unknown = ask({}), ask({"X-API-Key": "sk_professional_unknown"})
    services.streams.acquire()
    busy = ask(api_key)
    for _ in range(CALLS_PER_MINUTE - 1):
        services.accounts.calls_rate.count(services.settings.client_id)
    answers = [nobody, unknown, busy, ask(api_key), client.get("/v1/nothing", headers={"Origin": SITE})]
    assert [answer.status_code for answer in answers] == [401, 403, 503, 429, 404]
    assert {answer.headers.get("Access-Control-Allow-Origin") for answer in answers} == {SITE}


@pytest.mark.parametrize("origin", STRANGERS)
def test_any_other_site_gets_what_it_would_have_got_and_may_not_read_it(
    client: FlaskClient, api_key: dict[str, str], origin: str
) -> None:
    answer = client.get("/api/me", headers={"Origin": origin} | api_key)
    plain = client.get("/api/me", headers=api_key)
    assert (answer.status_code, answer.get_json()["role"]) == (200, "member")
    assert answer.data == plain.data
    asked = preflight(client, "/api/me", origin, "GET")
    assert (asked.status_code, asked.data) == (client.options("/api/me").status_code, b"")
    for one in (answer, plain, asked):
        assert told(one) == {}
        assert "Origin" in one.headers["Vary"]


@pytest.mark.parametrize("path", ["/", "/login", "/settings", "/healthz", "/internal/usage", "/apiary"])
def test_pages_and_the_operators_routes_are_for_no_other_site(client: FlaskClient, path: str) -> None:
    for answer in (client.get(path, headers={"Origin": SITE}), preflight(client, path, SITE)):
        assert told(answer) == {}
        assert "Origin" not in answer.headers.get("Vary", "")


def test_a_visitors_cookie_does_nothing_from_there(app: Flask, services: Services) -> None:
    user = services.accounts.users.create("admin@dupont.test", "admin", SecretStr(PASSWORD)).user
    page = browser(app, services, user.id)
    headers = page.headers | {"Origin": SITE}
    refused = page.client.post("/api/keys", json={"name": "stolen"}, headers=headers)
    assert refused.status_code == 403
    assert refused.get_json()["code"] == "wrong-origin"
    # A browser shows a page what was asked with a cookie only where the answer says so.
    assert CREDENTIALS not in refused.headers
    assert CREDENTIALS not in page.client.get("/api/me", headers={"Origin": SITE}).headers
