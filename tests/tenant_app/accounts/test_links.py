"""People choose their own password with a link that is good once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from tenant_app.errors import InvalidInput
from tenant_app.services import Services
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.conftest import PASSWORD

Headers = dict[str, str]
NEW = "marie@dupont.test"
CHOSEN = "un mot de passe bien à moi"


def invite(client: FlaskClient, admin: Headers, role: str = "member") -> dict[str, Any]:
    answer = client.post("/api/users", json={"email": NEW, "role": role, "link": True}, headers=admin)
    assert answer.status_code == 201, answer.text
    user: dict[str, Any] = answer.get_json()
    return user


def secret_of(link: dict[str, Any]) -> str:
    return str(link["url"]).partition("#")[2]


def choose(client: FlaskClient, token: Any, password: str = CHOSEN) -> tuple[int, str]:
    answer = client.post("/api/auth/password", json={"token": token, "new_password": password})
    return answer.status_code, (answer.json or {}).get("code", "")


def signs_in(client: FlaskClient, password: str) -> bool:
    answer = client.post("/api/auth/login", json={"email": NEW, "password": password})
    return answer.status_code == 200


def test_whoever_is_invited_chooses_the_password_and_nobody_else_knows_it(
    client: FlaskClient, admin: Headers
) -> None:
    user = invite(client, admin)
    assert user["password"] is None
    assert "/welcome#" in user["link"]["url"]
    assert choose(client, secret_of(user["link"])) == (204, "")
    assert signs_in(client, CHOSEN)


def test_a_link_is_good_once(client: FlaskClient, admin: Headers) -> None:
    token = secret_of(invite(client, admin)["link"])
    assert choose(client, token)[0] == 204
    assert choose(client, token, "un autre mot de passe") == (400, "link-not-valid")
    assert signs_in(client, CHOSEN)


def test_of_many_at_once_one_chooses(services: Services, client: FlaskClient, admin: Headers) -> None:
    token = secret_of(invite(client, admin)["link"])
    passwords = [f"le mot de passe numéro {number}" for number in range(6)]

    def attempt(password: str) -> bool:
        try:
            services.accounts.links.redeem(SecretStr(token), SecretStr(password))
        except InvalidInput:
            return False
        return True

    with ThreadPoolExecutor(6) as everybody:
        chosen = list(everybody.map(attempt, passwords))
    assert sum(chosen) == 1
    assert signs_in(client, passwords[chosen.index(True)])


def test_a_newer_link_takes_the_place_of_the_one_before(client: FlaskClient, admin: Headers) -> None:
    user = invite(client, admin)
    newer = client.post(f"/api/users/{user['id']}/link", headers=admin).json
    assert newer is not None
    assert choose(client, secret_of(user["link"])) == (400, "link-not-valid")
    assert choose(client, secret_of(newer))[0] == 204


def test_it_is_over_after_a_week(client: FlaskClient, admin: Headers, clock: FixedClock) -> None:
    token = secret_of(invite(client, admin)["link"])
    clock.advance(days=7)
    assert choose(client, token) == (400, "link-not-valid")
    clock.advance(seconds=-1)
    assert choose(client, token)[0] == 204


@pytest.mark.parametrize("token", [None, "", [], ["x"], {}, 0, "x" * 201])
def test_what_is_no_secret_is_refused(client: FlaskClient, token: Any) -> None:
    assert choose(client, token)[0] == 400


def test_an_unknown_link_and_one_of_a_disabled_account_look_the_same(
    client: FlaskClient, admin: Headers
) -> None:
    user = invite(client, admin)
    client.patch(f"/api/users/{user['id']}", json={"active": False}, headers=admin)
    answers = [
        client.post("/api/auth/password", json={"token": token, "new_password": CHOSEN}).json
        for token in (secret_of(user["link"]), "nobody-has-this")
    ]
    assert answers[0] is not None
    assert answers[1] is not None
    assert answers[0]["detail"] == answers[1]["detail"]
    assert answers[0]["code"] == answers[1]["code"] == "link-not-valid"


def test_a_refused_password_leaves_the_link_good(client: FlaskClient, admin: Headers) -> None:
    token = secret_of(invite(client, admin)["link"])
    assert choose(client, token, "court") == (400, "password-length")
    assert choose(client, token)[0] == 204


def test_until_it_is_used_the_password_there_is_goes_on_and_then_every_sign_in_ends(
    client: FlaskClient, admin: Headers
) -> None:
    user = client.post(
        "/api/users", json={"email": NEW, "role": "viewer", "password": PASSWORD}, headers=admin
    ).json
    assert user is not None
    login = client.post("/api/auth/login", json={"email": NEW, "password": PASSWORD}).json
    assert login is not None
    signed_in = {"Authorization": f"Bearer {login['access_token']}"}
    link = client.post(f"/api/users/{user['id']}/link", headers=admin).json
    assert link is not None
    assert client.get("/api/me", headers=signed_in).status_code == 200
    assert choose(client, secret_of(link))[0] == 204
    assert client.get("/api/me", headers=signed_in).status_code == 401
    assert not signs_in(client, PASSWORD)


def test_either_a_password_or_a_link(client: FlaskClient, admin: Headers) -> None:
    both = {"email": NEW, "role": "viewer", "password": PASSWORD, "link": True}
    assert client.post("/api/users", json=both, headers=admin).status_code == 400


def test_only_a_digest_is_kept(services: Services, client: FlaskClient, admin: Headers) -> None:
    token = secret_of(invite(client, admin)["link"])
    data = services.settings.data_dir
    assert not [path for path in data.glob("tenant.sqlite3*") if token.encode() in path.read_bytes()]
