"""An admin gives and takes the plan's seats; an admin always remains."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from tenant_app.accounts.actor import OPERATOR
from tenant_app.accounts.passwords import generate_password
from tenant_app.api.context import EXTENSION
from tenant_app.errors import Conflict, Forbidden, Unauthenticated
from tenant_app.services import Services
from tests.tenant_app.conftest import PASSWORD, SignUp

Headers = dict[str, str]


def create(client: FlaskClient, admin: Headers, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = client.post("/api/users", json=body, headers=admin)
    assert answer.json is not None
    return answer.status_code, answer.json


def log_in(client: FlaskClient, email: str, password: str) -> int:
    return client.post("/api/auth/login", json={"email": email, "password": password}).status_code


def test_a_new_user_signs_in_with_the_generated_password(client: FlaskClient, admin: Headers) -> None:
    status, user = create(client, admin, email="marie@dupont.test", role="member")
    assert status == 201
    assert log_in(client, "marie@dupont.test", user["password"]) == 200
    listed = client.get("/api/users", headers=admin)
    assert listed.json is not None
    assert [entry["email"] for entry in listed.json["users"]] == ["admin@dupont.test", "marie@dupont.test"]
    assert listed.json["seats"] == 10
    assert "password" not in listed.text


def test_a_chosen_password_is_not_shown_back(client: FlaskClient, admin: Headers) -> None:
    status, user = create(client, admin, email="marie@dupont.test", role="viewer", password=PASSWORD)
    assert (status, user["password"]) == (201, None)
    assert log_in(client, "marie@dupont.test", PASSWORD) == 200


def test_addresses_of_a_private_network_are_accepted(client: FlaskClient, admin: Headers) -> None:
    assert create(client, admin, email="admin@dupont.localhost", role="member")[0] == 201
    assert create(client, admin, email="marie@cabinet.local", role="member")[0] == 201


def test_an_address_is_taken_whatever_its_case(client: FlaskClient, admin: Headers) -> None:
    create(client, admin, email="marie@dupont.test", role="member")
    status, problem = create(client, admin, email="MARIE@Dupont.test", role="member")
    assert (status, problem["code"]) == (409, "email-taken")


@pytest.mark.parametrize(
    "email", ["marie", "marie@", "@dupont.test", "a b@dupont.test", "a@b@c.test", "a\n@b.test"]
)
def test_what_is_not_an_address_is_refused(client: FlaskClient, admin: Headers, email: str) -> None:
    status, problem = create(client, admin, email=email, role="member")
    assert (status, problem["code"]) == (400, "invalid-email")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("too short", "password-length"),
        ("x" * 257, "password-length"),
        ("Marie@dupont.TEST", "password-is-email"),
    ],
)
def test_a_weak_password_is_refused(client: FlaskClient, admin: Headers, password: str, code: str) -> None:
    status, problem = create(client, admin, email="marie@dupont.test", role="member", password=password)
    assert (status, problem["code"]) == (400, code)


@pytest.mark.parametrize(
    "extra",
    [
        {"is_admin": True},
        {"password_hash": "x"},
        {"id": 1},
        {"active": True},
        {"max_users": 99},
        {"role": "owner"},
    ],
)
def test_no_other_field_can_be_assigned(client: FlaskClient, admin: Headers, extra: dict[str, Any]) -> None:
    status, _ = create(client, admin, **{"email": "marie@dupont.test", "role": "member"} | extra)
    assert status == 400
    if "role" not in extra:
        assert (
            client.patch("/api/users/1", json=extra | {"email": "x@y.test"}, headers=admin).status_code == 400
        )


def test_no_more_users_than_seats(client: FlaskClient, admin: Headers) -> None:
    for number in range(9):
        assert create(client, admin, email=f"user{number}@dupont.test", role="viewer")[0] == 201
    status, problem = create(client, admin, email="one-too-many@dupont.test", role="viewer")
    assert (status, problem["code"]) == (409, "no-seat-left")
    client.patch("/api/users/5", json={"active": False}, headers=admin)
    assert create(client, admin, email="one-too-many@dupont.test", role="viewer")[0] == 201
    back = client.patch("/api/users/5", json={"active": True}, headers=admin)
    assert back.status_code == 409


def test_the_last_seat_is_given_once_under_parallel_calls(services: Services, admin: Headers) -> None:
    for number in range(8):
        services.accounts.users.create(f"user{number}@dupont.test", "viewer", SecretStr(PASSWORD))

    def attempt(number: int) -> bool:
        try:
            services.accounts.users.create(f"late{number}@dupont.test", "viewer", SecretStr(PASSWORD))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(attempt, range(8))).count(True) == 1


@pytest.mark.parametrize("change", [{"role": "member"}, {"active": False}])
def test_the_last_admin_stays_admin(client: FlaskClient, admin: Headers, change: dict[str, Any]) -> None:
    answer = client.patch("/api/users/1", json=change, headers=admin)
    assert answer.status_code == 409
    assert client.delete("/api/users/1", headers=admin).status_code == 409
    assert client.get("/api/users", headers=admin).status_code == 200


def test_the_next_user_never_gets_the_number_of_one_removed(client: FlaskClient, admin: Headers) -> None:
    _, paul = create(client, admin, email="paul@dupont.test", role="member")
    client.delete(f"/api/users/{paul['id']}", headers=admin)
    _, eve = create(client, admin, email="eve@dupont.test", role="member")
    assert eve["id"] != paul["id"]


def test_a_second_admin_may_replace_the_first(client: FlaskClient, admin: Headers, sign_up: SignUp) -> None:
    second = sign_up("second@dupont.test", "admin")
    assert client.delete("/api/users/1", headers=second).status_code == 204
    assert client.get("/api/users", headers=admin).status_code == 401


def test_a_changed_role_counts_from_the_next_request(
    client: FlaskClient, admin: Headers, member: Headers
) -> None:
    assert client.get("/api/users", headers=member).status_code == 403
    assert client.patch("/api/users/2", json={"role": "admin"}, headers=admin).status_code == 200
    assert client.get("/api/users", headers=member).status_code == 200


def test_a_suspended_user_is_out_at_once_everywhere(
    client: FlaskClient, admin: Headers, member: Headers, services: Services
) -> None:
    tokens = services.accounts.sessions.open_api(2)
    cookie = services.accounts.sessions.open_page(2)
    streaming = services.accounts.sessions.actor_of_cookie(cookie)
    assert services.accounts.confirm(streaming) == streaming
    assert client.patch("/api/users/2", json={"active": False}, headers=admin).status_code == 200
    assert client.get("/api/me", headers=member).status_code == 401
    renewal = client.post("/api/auth/refresh", json={"refresh_token": tokens.refresh_token})
    assert renewal.status_code == 401
    assert log_in(client, "member@dupont.test", PASSWORD) == 401
    with pytest.raises(Unauthenticated):
        services.accounts.sessions.actor_of_cookie(cookie)
    with pytest.raises(Unauthenticated):
        services.accounts.confirm(streaming)


def test_a_user_let_in_again_must_sign_in_again(client: FlaskClient, admin: Headers, member: Headers) -> None:
    client.patch("/api/users/2", json={"active": False}, headers=admin)
    client.patch("/api/users/2", json={"active": True}, headers=admin)
    assert client.get("/api/me", headers=member).status_code == 401
    assert log_in(client, "member@dupont.test", PASSWORD) == 200


def test_one_changes_ones_own_password_and_ones_other_sign_ins_end(
    client: FlaskClient, admin: Headers, services: Services
) -> None:
    other = services.accounts.sessions.open_api(1).access_token
    new = generate_password().get_secret_value()
    body = {"current_password": PASSWORD, "new_password": new}
    assert client.post("/api/me/password", json=body, headers=admin).status_code == 204
    assert client.get("/api/me", headers=admin).status_code == 200
    assert client.get("/api/me", headers={"Authorization": f"Bearer {other}"}).status_code == 401
    assert log_in(client, "admin@dupont.test", PASSWORD) == 401
    assert log_in(client, "admin@dupont.test", new) == 200


def test_a_stolen_session_cannot_change_the_password(client: FlaskClient, admin: Headers) -> None:
    body = {"current_password": "not the password", "new_password": "another password"}
    assert client.post("/api/me/password", json=body, headers=admin).status_code == 403
    assert log_in(client, "admin@dupont.test", PASSWORD) == 200


def test_a_key_has_no_password_and_no_sign_in(client: FlaskClient, api_key: Headers) -> None:
    body = {"current_password": PASSWORD, "new_password": PASSWORD}
    assert client.post("/api/me/password", json=body, headers=api_key).status_code == 403
    assert client.post("/api/auth/logout", headers=api_key).status_code == 403


def test_a_revoked_key_stops_an_open_stream(services: Services) -> None:
    new = services.accounts.keys.create("stream")
    actor = services.accounts.keys.actor_of(new.secret)
    assert services.accounts.confirm(actor) == actor
    services.accounts.keys.revoke(new.record.id)
    with pytest.raises(Forbidden):
        services.accounts.confirm(actor)
    assert services.accounts.confirm(OPERATOR) is OPERATOR


def test_no_password_is_stored_as_it_is(client: FlaskClient, admin: Headers, services: Services) -> None:
    services.accounts.keys.create("test")
    services.accounts.sessions.open_page(1)
    client.application.extensions[EXTENSION].database.close()
    stored = services.database.path.read_bytes()
    assert PASSWORD.encode() not in stored
    assert b"$argon2id$" in stored
    assert admin["Authorization"].encode() not in stored


def test_an_administrator_gives_a_new_password_shown_once(client: FlaskClient, admin: Headers) -> None:
    _, user = create(client, admin, email="marie@dupont.test", role="member", password=PASSWORD)
    before = client.post("/api/auth/login", json={"email": "marie@dupont.test", "password": PASSWORD}).json
    assert before is not None

    answer = client.post(f"/api/users/{user['id']}/password", headers=admin)

    assert answer.json is not None
    assert log_in(client, "marie@dupont.test", PASSWORD) == 401
    assert log_in(client, "marie@dupont.test", answer.json["password"]) == 200
    signed_out = client.get("/api/me", headers={"Authorization": f"Bearer {before['access_token']}"})
    assert signed_out.status_code == 401


def test_the_last_month_of_activity_is_known_of_each_user(
    client: FlaskClient, admin: Headers, services: Services
) -> None:
    _, marie = create(client, admin, email="marie@dupont.test", role="member", password=PASSWORD)
    _, absent = create(client, admin, email="absent@dupont.test", role="member")
    log_in(client, "marie@dupont.test", PASSWORD)

    months = services.accounts.users.last_active()

    assert months[marie["id"]] == services.billing.report.month()
    assert absent["id"] not in months
