"""Each answer tells the browser to trust nothing but this site; each request leaves one harmless log line."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tenant_app.api.context import EXTENSION
from tenant_app.factory import create_app
from tenant_app.logs import configure_logs
from tenant_app.settings import Settings
from tests.tenant_app.environment import environment


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs("dupont", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize("path", ["/healthz", "/api/nothing", "/api/docs", "/api/openapi.json", "/api/me"])
def test_every_answer_is_protected(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers
    assert "Access-Control-Allow-Origin" not in headers


def test_over_https_the_cookie_and_the_transport_are_strict(data_dir: Path) -> None:
    values = environment(data_dir, public_url="https://dupont.example.org")
    app = create_app(Settings.model_validate(values))
    answer = app.test_client().get("/healthz", headers={"Host": "dupont.example.org"})
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    assert app.config["SESSION_COOKIE_NAME"] == "__Host-session"
    assert app.config["SESSION_COOKIE_SECURE"] is True
    app.extensions[EXTENSION].close()


def test_a_request_is_numbered_and_its_number_given_back(client: FlaskClient) -> None:
    assert len(client.get("/healthz").headers["X-Request-ID"]) == 32
    mine = "0123456789abcdef0123456789abcdef"
    assert client.get("/healthz", headers={"X-Request-ID": mine}).headers["X-Request-ID"] == mine
    forged = client.get("/healthz", headers={"X-Request-ID": 'x", "level": "error'})
    assert "level" not in forged.headers["X-Request-ID"]


def test_a_request_is_logged_without_what_it_says(
    client: FlaskClient, admin: dict[str, str], lines: io.StringIO
) -> None:
    client.get("/api/me?question=private", headers=admin)
    client.get("/private/path/of/a/visitor")
    client.get("/healthz")
    first, second = (json.loads(line) for line in lines.getvalue().splitlines())
    assert (first["route"], first["status"], first["user_id"]) == ("/api/me", 200, 1)
    assert (first["credential"], first["address"]) == ("jwt", "127.0.0.1")
    assert (second["route"], second["status"]) == (None, 404)
    assert "private" not in lines.getvalue()
    assert admin["Authorization"].split()[1] not in lines.getvalue()


def test_a_failed_sign_in_leaves_no_password_in_the_log(client: FlaskClient, lines: io.StringIO) -> None:
    client.post("/api/auth/login", json={"email": "a@dupont.test", "password": "typed by mistake"})
    assert json.loads(lines.getvalue())["status"] == 401
    assert "typed by mistake" not in lines.getvalue()
    assert "a@dupont.test" not in lines.getvalue()
