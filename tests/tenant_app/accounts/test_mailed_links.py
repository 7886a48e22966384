"""Links that go by mail: an invitation, a way back in, and the first API key. Nothing else leaves here."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tenant_app.operations import perform
from tenant_app.services import Services
from tenant_app.settings import Settings
from tests.tenant_app.accounts.test_links import CHOSEN, NEW, Headers, choose, invite, secret_of, signs_in
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.environment import environment


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """Return the settings of a tenant whose host sends mail."""
    return Settings.model_validate(environment(data_dir, sends_mail="true"))


def put_out(services: Services) -> list[dict[str, Any]]:
    """Return what the host shall send."""
    folder = services.settings.data_dir / "outbox"
    return [json.loads(path.read_text()) for path in sorted(folder.iterdir())]


def key_link(services: Services) -> str:
    services.accounts.users.create("welcomed@dupont.test", "admin")
    services.accounts.keys.create("initial")
    links = perform("welcome", services, {"email": "welcomed@dupont.test", "key": True}, running=True)
    return str(links["key"])


def see(client: FlaskClient, token: str) -> tuple[int, Any]:
    answer = client.post("/api/auth/key", json={"token": token})
    return answer.status_code, answer.get_json()


def asks(client: FlaskClient, key: str) -> int:
    return client.get("/api/me", headers={"X-API-Key": key}).status_code


def test_an_invitation_is_put_out_for_the_host_to_send(
    client: FlaskClient, admin: Headers, services: Services
) -> None:
    user = invite(client, admin | {"Accept-Language": "en"})
    (letter,) = put_out(services)
    assert user["link"]["mailed"] is True
    assert letter["secret"] == secret_of(user["link"])
    assert (letter["kind"], letter["recipient"], letter["language"]) == ("invitation", NEW, "en")
    assert letter["inviter"].endswith("@dupont.test")
    (path,) = (services.settings.data_dir / "outbox").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


def test_who_forgot_the_password_is_sent_a_link(
    client: FlaskClient, admin: Headers, services: Services
) -> None:
    token = secret_of(invite(client, admin)["link"])
    choose(client, token)
    assert client.post("/api/auth/forgotten", json={"email": NEW.upper()}).status_code == 204
    reset = next(one for one in put_out(services) if one["kind"] == "reset")
    assert signs_in(client, CHOSEN), "asking alone changes nothing"
    assert choose(client, reset["secret"], "un tout autre mot de passe") == (204, "")
    assert signs_in(client, "un tout autre mot de passe")


def test_nobody_learns_who_has_an_account(client: FlaskClient, admin: Headers, services: Services) -> None:
    user = invite(client, admin)
    client.patch(f"/api/users/{user['id']}", json={"active": False}, headers=admin)
    for email in ("nobody@dupont.test", NEW):
        assert client.post("/api/auth/forgotten", json={"email": email}).status_code == 204
    assert [one["kind"] for one in put_out(services)] == ["invitation"]


def test_asking_is_limited_by_address(client: FlaskClient) -> None:
    codes = {client.post("/api/auth/forgotten", json={"email": NEW}).status_code for _ in range(15)}
    assert codes == {204, 429}


@pytest.mark.parametrize(
    "body", [{}, {"email": None}, {"email": [NEW]}, {"email": ""}, {"email": NEW, "x": 1}]
)
def test_what_is_no_address_is_refused(client: FlaskClient, body: dict[str, Any]) -> None:
    assert client.post("/api/auth/forgotten", json=body).status_code == 400


def test_the_first_key_is_seen_once_and_is_another_than_before(
    client: FlaskClient, services: Services
) -> None:
    token = key_link(services)
    status, shown = see(client, token)
    assert status == 201
    assert shown["key"].startswith("sk_professional_")
    assert asks(client, shown["key"]) == 200
    assert see(client, token)[0] == 400
    assert len(services.accounts.keys.list_live()) == 1


def test_the_key_known_before_ends_when_the_link_is_used(client: FlaskClient, services: Services) -> None:
    services.accounts.users.create("welcomed@dupont.test", "admin")
    before = services.accounts.keys.create("initial").secret
    links = perform("welcome", services, {"email": "welcomed@dupont.test", "key": True}, running=True)
    assert asks(client, before) == 200
    see(client, links["key"])
    assert asks(client, before) == 403


def test_a_link_to_a_key_that_was_revoked_or_is_over_shows_nothing(
    client: FlaskClient, services: Services, clock: FixedClock
) -> None:
    token = key_link(services)
    clock.advance(days=7)
    assert see(client, token)[0] == 400
    clock.advance(days=-7)
    services.accounts.keys.revoke_all()
    assert see(client, token)[0] == 400


def test_no_other_token_of_this_instance_is_a_link_to_a_key(
    client: FlaskClient, admin: Headers, services: Services
) -> None:
    services.accounts.keys.create("initial")
    access = admin["Authorization"].removeprefix("Bearer ")
    assert see(client, access)[0] == 400
    link = key_link(services)
    assert client.get("/api/me", headers={"Authorization": f"Bearer {link}"}).status_code == 401


def test_without_a_key_of_the_operators_there_is_no_link(services: Services) -> None:
    services.accounts.users.create("welcomed@dupont.test", "admin")
    links = perform("welcome", services, {"email": "welcomed@dupont.test", "key": True}, running=True)
    assert links["key"] is None


class TestWhereNoMailIsSent:
    """The administrator hands links over."""

    @pytest.fixture
    def settings(self, data_dir: Path) -> Settings:
        return Settings.model_validate(environment(data_dir))

    def test_nothing_is_put_out(self, client: FlaskClient, admin: Headers, services: Services) -> None:
        assert invite(client, admin)["link"]["mailed"] is False
        assert put_out(services) == []

    def test_forgetting_is_answered_with_whom_to_ask(self, client: FlaskClient) -> None:
        answer = client.post("/api/auth/forgotten", json={"email": NEW})
        assert (answer.status_code, answer.get_json()["code"]) == (409, "no-mail")
        assert "Mot de passe oublié" not in client.get("/login").text
