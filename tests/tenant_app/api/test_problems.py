"""Every error has the promised shape and tells nothing it should not."""

import json

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from flask_babel import lazy_gettext
from werkzeug.exceptions import BadGateway
from werkzeug.test import TestResponse

from tenant_app.api.problems import ERROR_PAGE
from tenant_app.errors import QuotaExceeded, TooLarge, Unauthenticated, Unavailable


@pytest.fixture(autouse=True)
def failing_routes(app: Flask) -> None:
    """Add routes that fail in each way, beside the real ones."""
    failures = {
        "quota": QuotaExceeded(lazy_gettext("Quota atteint"), retry_after=3600),
        "busy": Unavailable("Occupé", retry_after=0),
        "bad-token": Unauthenticated("Non"),
        "large": TooLarge("Trop"),
        "bug": ZeroDivisionError("secret value 42"),
        "gateway": BadGateway(),
    }

    def fail(name: str) -> Response:
        raise failures[name]

    for prefix in ("/api", "/v1", "/pages"):
        app.add_url_rule(f"{prefix}/fail/<name>", f"fail{prefix}", fail, methods=["GET", "POST"])


def problem(answer: TestResponse) -> dict[str, object]:
    assert answer.content_type == "application/problem+json"
    members: dict[str, object] = json.loads(answer.data)
    assert members["status"] == answer.status_code
    assert {"type", "title", "status", "detail", "code"} <= members.keys()
    return members


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/nothing", 404, "not-found"),
        ("/api/fail/quota", 429, "quota-exceeded"),
        ("/api/fail/busy", 503, "unavailable"),
        ("/api/fail/bad-token", 401, "unauthenticated"),
        ("/api/fail/large", 413, "too-large"),
        ("/api/fail/bug", 500, "internal-error"),
        ("/api/fail/gateway", 502, "bad-gateway"),
        ("/pages/fail/bug", 500, "internal-error"),
    ],
)
def test_an_error_is_a_problem(client: FlaskClient, path: str, status: int, code: str) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert problem(answer)["code"] == code


def test_the_method_that_is_accepted_is_said(client: FlaskClient) -> None:
    answer = client.post("/healthz")
    assert problem(answer)["code"] == "method-not-allowed"
    assert "GET" in answer.headers["Allow"]


def test_when_to_come_back_is_said_in_whole_seconds_never_zero(client: FlaskClient) -> None:
    assert client.get("/api/fail/quota").headers["Retry-After"] == "3600"
    assert client.get("/api/fail/busy").headers["Retry-After"] == "1"


def test_a_bad_token_is_told_what_to_send(client: FlaskClient) -> None:
    assert client.get("/api/fail/bad-token").headers["WWW-Authenticate"] == "Bearer"


def test_a_mistake_of_ours_shows_nothing_of_the_inside(client: FlaskClient) -> None:
    answer = client.get("/api/fail/bug")
    assert "42" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/v1/nothing", 404, "not_found_error"),
        ("/v1/fail/quota", 429, "rate_limit_error"),
        ("/v1/fail/bad-token", 401, "authentication_error"),
        ("/v1/fail/bug", 500, "server_error"),
        ("/v1/fail/large", 413, "invalid_request_error"),
    ],
)
def test_openais_clients_get_their_own_shape(client: FlaskClient, path: str, status: int, kind: str) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["error"]["type"] == kind
    assert answer.json["error"].keys() == {"message", "type", "param", "code"}


def test_a_program_reads_the_problem_in_its_language(client: FlaskClient) -> None:
    french = client.get("/api/nothing", headers={"Accept-Language": "fr"})
    unknown = client.get("/api/nothing", headers={"Accept-Language": "tlh"})
    english = client.get("/api/nothing", headers={"Accept-Language": "en-GB"})
    assert problem(french)["title"] == problem(unknown)["title"] == "Introuvable"
    assert problem(english)["title"] == "Not found"
    assert problem(english)["code"] == problem(french)["code"]


def test_a_person_gets_a_page_a_program_a_problem(app: Flask, client: FlaskClient) -> None:
    def page(status: int, title: str, detail: str) -> Response:
        return Response(f"<h1>{title}</h1><p>{detail}</p>", status, mimetype="text/html")

    app.extensions[ERROR_PAGE] = page
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    assert client.get("/nothing", headers=browser).text.startswith("<h1>Introuvable</h1>")
    assert client.get("/nothing", headers=browser).status_code == 404
    assert problem(client.get("/nothing", headers={"Accept": "application/json"}))
    assert problem(client.get("/api/nothing", headers=browser))
    assert problem(client.get("/internal/nothing", headers=browser))


def test_a_body_too_large_is_refused_before_it_is_read(client: FlaskClient) -> None:
    body = b'{"email": "' + b"x" * 2_000_000 + b'"}'
    answer = client.post("/api/auth/login", data=body, content_type="application/json")
    assert answer.status_code == 413
    assert problem(answer)["code"] == "request-entity-too-large"


def test_a_redirect_is_not_an_error(app: Flask, client: FlaskClient) -> None:
    app.add_url_rule("/folder/", "folder", lambda: "here")
    assert client.get("/folder").status_code == 308
