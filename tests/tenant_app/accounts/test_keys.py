"""API keys: shown once, limited by the plan, revoked for good."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from tenant_app.errors import InvalidInput
from tenant_app.services import Services

Headers = dict[str, str]


def new_key(client: FlaskClient, admin: Headers, name: str = "cabinet") -> tuple[int, dict[str, Any]]:
    answer = client.post("/api/keys", json={"name": name}, headers=admin)
    assert answer.json is not None
    return answer.status_code, answer.json


def test_a_key_is_shown_once_and_acts_as_a_member(client: FlaskClient, admin: Headers) -> None:
    status, key = new_key(client, admin)
    assert status == 201
    assert key["key"].startswith("sk_professional_")
    me = client.get("/api/me", headers={"X-API-Key": key["key"]}).json
    assert me is not None
    assert (me["id"], me["role"], me["credential"]) == (None, "member", "api_key")
    listed = client.get("/api/keys", headers=admin)
    assert key["key"] not in listed.text
    assert listed.json is not None
    assert listed.json["keys"][0]["hint"] == key["key"][: len("sk_professional_") + 4]


def test_a_key_may_be_sent_as_openais_clients_do(client: FlaskClient, api_key: Headers) -> None:
    bearer = {"Authorization": f"Bearer {api_key['X-API-Key']}"}
    assert client.get("/api/me", headers=bearer).status_code == 200


@pytest.mark.parametrize("key", ["sk_professional_unknown", "sk_", "x", "' OR 1=1 --", "é", ""])
def test_an_unknown_key_is_forbidden(client: FlaskClient, key: str) -> None:
    assert client.get("/api/me", headers={"X-API-Key": key}).status_code == 403


def test_a_revoked_key_is_forbidden_at_once_and_gone(client: FlaskClient, admin: Headers) -> None:
    _, key = new_key(client, admin)
    assert client.delete(f"/api/keys/{key['id']}", headers=admin).status_code == 204
    assert client.get("/api/me", headers={"X-API-Key": key["key"]}).status_code == 403
    assert client.delete(f"/api/keys/{key['id']}", headers=admin).status_code == 404


def test_no_more_keys_than_the_plan_allows(client: FlaskClient, admin: Headers) -> None:
    for number in range(5):
        assert new_key(client, admin, f"key {number}")[0] == 201
    status, problem = new_key(client, admin)
    assert (status, problem["code"]) == (409, "no-key-left")
    client.delete("/api/keys/1", headers=admin)
    assert new_key(client, admin)[0] == 201


@pytest.mark.parametrize("name", ["", "x" * 61, "two\nlines", None, 7])
def test_a_key_needs_a_name_of_one_line(client: FlaskClient, admin: Headers, name: Any) -> None:
    assert new_key(client, admin, name)[0] == 400


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Token x", "sk_professional_x"])
def test_an_authorization_header_of_another_kind_is_a_bad_token(client: FlaskClient, header: str) -> None:
    assert client.get("/api/me", headers={"Authorization": header}).status_code == 401


@pytest.mark.parametrize("secret", ["", "x" * 60, "sk_professional_short", "sk_starter_" + "x" * 40])
def test_a_key_made_elsewhere_must_have_the_shape_and_strength_of_ours(
    services: Services, secret: str
) -> None:
    with pytest.raises(InvalidInput):
        services.accounts.keys.replace("initial", SecretStr(secret))
