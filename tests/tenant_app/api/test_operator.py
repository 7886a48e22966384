"""The operator's routes open only to a short-lived token of the operator's own key."""

import io
import socket
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient

from tenant_app.operations import OPERATIONS
from tenant_app.settings import Settings
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.conftest import PASSWORD
from tests.tenant_app.environment import OPERATOR_KEY, SECRET_KEY

Headers = dict[str, str]
Sign = Callable[..., Headers]


@pytest.fixture
def sign(clock: FixedClock) -> Sign:
    def headers(key: str = OPERATOR_KEY, **changes: Any) -> Headers:
        now = int(clock.now().timestamp())
        claims = {"typ": "operator", "aud": "dupont", "iat": now, "exp": now + 60} | changes
        return {"Authorization": f"Bearer {jwt.encode(claims, key, algorithm='HS256')}"}

    return headers


def call(client: FlaskClient, operation: str, headers: Headers, **payload: Any) -> tuple[int, dict[str, Any]]:
    answer = client.post(f"/internal/admin/{operation}", json=payload, headers=headers)
    assert answer.json is not None
    return answer.status_code, answer.json


def health(client: FlaskClient, sign: Sign) -> str:
    status = client.get("/internal/status", headers=sign()).json
    assert status is not None
    return str(status["health"])


def test_the_operator_sees_how_the_instance_is(client: FlaskClient, sign: Sign) -> None:
    status = client.get("/internal/status", headers=sign()).json
    assert status is not None
    assert status["checks"]["database"] == "ok"
    assert (status["active_streams"], status["running_jobs"]) == (0, 0)


def test_without_the_embedding_server_the_instance_is_degraded_not_down(
    client: FlaskClient, sign: Sign, settings: Settings
) -> None:
    assert health(client, sign) == "degraded"
    with socket.socket(socket.AF_UNIX) as embeddings:
        embeddings.bind(str(settings.embedding_socket))
        embeddings.listen()
        assert health(client, sign) == "ok"


def test_the_operator_hands_documents_in(client: FlaskClient, sign: Sign) -> None:
    sent = client.post(
        "/internal/documents",
        data={"file": (io.BytesIO("Le délai de recours est de deux mois.".encode()), "recours.txt")},
        headers=sign(),
    )
    assert sent.status_code == 202
    assert sent.json is not None
    shown = client.get(f"/internal/documents/{sent.json['id']}", headers=sign()).json
    assert shown is not None
    assert (shown["name"], shown["status"]) == ("recours.txt", "queued")
    _, listed = call(client, "documents", sign())
    assert [document["name"] for document in listed["documents"]] == ["recours.txt"]
    assert client.get("/internal/documents/99", headers=sign()).status_code == 404
    status = client.get("/internal/status", headers=sign()).json
    assert status is not None
    assert status["running_jobs"] == 1


def test_a_token_of_anything_else_is_refused(
    client: FlaskClient, sign: Sign, admin: Headers, api_key: Headers, clock: FixedClock
) -> None:
    now = int(clock.now().timestamp())
    refused: list[Headers] = [
        {},
        {"Authorization": "Basic b3BlcmF0b3I6"},
        admin,
        api_key,
        sign(SECRET_KEY),
        sign(aud="martin"),
        sign(aud=["dupont"]),
        sign(typ="access"),
        sign(exp=now),
        sign(exp=now + 3600),
        sign(role="operator"),
    ]
    for headers in refused:
        assert client.get("/internal/status", headers=headers).status_code == 401
        assert client.post("/internal/admin/user-list", json={}, headers=headers).status_code == 401


def test_the_operators_token_is_no_users_token(client: FlaskClient, sign: Sign) -> None:
    assert client.get("/api/me", headers=sign()).status_code == 401


def test_a_token_ends_after_a_minute(client: FlaskClient, sign: Sign, clock: FixedClock) -> None:
    headers = sign()
    clock.advance(seconds=61)
    assert client.get("/internal/status", headers=headers).status_code == 401


def test_the_operator_looks_after_users(client: FlaskClient, sign: Sign) -> None:
    status, added = call(client, "user-add", sign(), email="admin@dupont.test", role="admin")
    assert status == 200
    assert added["password"]
    call(client, "user-add", sign(), email="marie@dupont.test", role="member", password=PASSWORD)
    _, listed = call(client, "user-list", sign())
    assert [user["email"] for user in listed["users"]] == ["admin@dupont.test", "marie@dupont.test"]
    _, reset = call(client, "user-reset-password", sign(), email="marie@dupont.test")
    log_in = client.post(
        "/api/auth/login", json={"email": "marie@dupont.test", "password": reset["password"]}
    )
    assert log_in.status_code == 200
    assert call(client, "user-remove", sign(), email="marie@dupont.test")[0] == 200
    assert call(client, "user-remove", sign(), email="marie@dupont.test")[0] == 404
    assert call(client, "user-remove", sign(), email="admin@dupont.test")[0] == 409


def test_the_operator_looks_after_keys(client: FlaskClient, sign: Sign) -> None:
    _, key = call(client, "key-new", sign(), name="intranet")
    assert client.get("/api/me", headers={"X-API-Key": key["key"]}).status_code == 200
    _, listed = call(client, "key-list", sign())
    assert [(entry["id"], entry["name"]) for entry in listed["keys"]] == [(key["id"], "intranet")]
    assert call(client, "key-revoke", sign(), id=key["id"])[0] == 200
    assert client.get("/api/me", headers={"X-API-Key": key["key"]}).status_code == 403


@pytest.mark.parametrize("name", ["init", "migrate"])
def test_what_needs_a_stopped_instance_is_refused_while_it_runs(
    client: FlaskClient, sign: Sign, name: str
) -> None:
    status, problem = call(client, name, sign())
    assert (status, problem["code"]) == (409, "must-be-stopped")


def test_an_unknown_operation_or_argument_is_refused(client: FlaskClient, sign: Sign) -> None:
    assert call(client, "drop-everything", sign())[0] == 404
    status, problem = call(client, "key-new", sign(), name="x", is_admin=True)
    assert status == 400
    assert problem["errors"][0]["field"] == "is_admin"
    listed = client.post("/internal/admin/user-list", json=[], headers=sign())
    assert listed.status_code == 400
    assert client.post("/internal/admin/user-list", headers=sign()).status_code == 200
    assert {"init", "migrate", "user-list", "key-new"} <= OPERATIONS.keys()


def test_a_database_that_does_not_answer_is_said(client: FlaskClient, sign: Sign) -> None:
    services = client.application.extensions["tenantry"]
    services.database.close()
    services.database.path.unlink()
    services.database.path.mkdir()
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    status = client.get("/internal/status", headers=sign()).json
    assert status is not None
    assert (status["health"], status["checks"]["database"]) == ("down", "down")
