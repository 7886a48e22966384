"""API keys: shown once, limited by the plan, revoked for good."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from tenant_app.errors import InvalidInput
from tenant_app.services import Services
from tests.tenant_app.clock import FixedClock

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


def rotated(client: FlaskClient, admin: Headers, key_id: int, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = client.post(f"/api/keys/{key_id}/rotate", json=body, headers=admin)
    assert answer.json is not None
    return answer.status_code, answer.json


def accepted(client: FlaskClient, key: dict[str, Any]) -> bool:
    return client.get("/api/me", headers={"X-API-Key": key["key"]}).status_code == 200


def test_a_replaced_key_goes_on_until_programs_are_changed_over_and_then_never_again(
    client: FlaskClient, admin: Headers, clock: FixedClock
) -> None:
    _, before = new_key(client, admin)
    status, after = rotated(client, admin, before["id"], overlap_hours=2)
    assert (status, after["name"]) == (201, before["name"])
    assert after["key"] != before["key"]
    clock.advance(hours=1, minutes=59)
    assert accepted(client, before)
    assert accepted(client, after)
    clock.advance(minutes=1)
    assert not accepted(client, before)
    assert accepted(client, after)
    # A clock that is set back brings nothing back.
    clock.advance(hours=-1)
    assert not accepted(client, before)


def test_a_key_that_somebody_has_seen_is_replaced_at_once(client: FlaskClient, admin: Headers) -> None:
    _, before = new_key(client, admin)
    _, after = rotated(client, admin, before["id"], overlap_hours=0)
    assert not accepted(client, before)
    assert accepted(client, after)


def test_replacing_needs_no_room_in_the_plan_and_happens_once(client: FlaskClient, admin: Headers) -> None:
    keys = [new_key(client, admin, f"key {number}")[1] for number in range(5)]
    assert rotated(client, admin, keys[0]["id"])[0] == 201
    status, problem = rotated(client, admin, keys[0]["id"])
    assert (status, problem["code"]) == (409, "key-replaced")
    assert new_key(client, admin)[0] == 409
    listed = client.get("/api/keys", headers=admin).json
    assert listed is not None
    ends = [key["ends_at"] for key in listed["keys"]]
    assert [one is not None for one in ends] == [True, False, False, False, False, False]
    # One that is about to end can still be revoked now.
    assert client.delete(f"/api/keys/{keys[0]['id']}", headers=admin).status_code == 204
    assert not accepted(client, keys[0])


@pytest.mark.parametrize("hours", [-1, 721, "x", None])
def test_an_overlap_is_at_most_a_month(client: FlaskClient, admin: Headers, hours: Any) -> None:
    _, key = new_key(client, admin)
    assert rotated(client, admin, key["id"], overlap_hours=hours)[0] == 400
    assert rotated(client, admin, 999)[0] == 404
