"""The firm's own roles: named sets of permissions, which reach nobody's accounts or keys."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from tenant_app.accounts.own_roles import GRANTABLE
from tenant_app.services import Services
from tests.tenant_app.accounts.browser import browser
from tests.tenant_app.conftest import PASSWORD, SignUp

Headers = dict[str, str]
READING = ["documents.read"]


def create(client: FlaskClient, admin: Headers, name: str, *permissions: str) -> tuple[int, dict[str, Any]]:
    body = {"name": name, "permissions": list(permissions)}
    answer = client.post("/api/roles", json=body, headers=admin)
    return answer.status_code, answer.get_json()


def test_a_role_permits_what_it_says_and_a_change_holds_at_once(
    client: FlaskClient, admin: Headers, sign_up: SignUp
) -> None:
    status, role = create(client, admin, "Archiviste", "documents.read", "documents.write")
    assert (status, role["users"]) == (201, 0)
    archivist = sign_up("paul@dupont.test", "Archiviste")
    me = client.get("/api/me", headers=archivist).get_json()
    assert (me["role"], me["permissions"]) == ("Archiviste", ["documents.read", "documents.write"])
    assert client.get("/api/documents", headers=archivist).status_code == 200
    assert client.get("/api/conversations", headers=archivist).status_code == 403

    changed = client.patch(f"/api/roles/{role['id']}", json={"permissions": ["chat"]}, headers=admin)
    assert (changed.status_code, changed.get_json()["users"]) == (200, 1)
    assert client.get("/api/documents", headers=archivist).status_code == 403
    assert client.get("/api/conversations", headers=archivist).status_code == 200


def test_roles_are_listed_with_the_built_in_ones(client: FlaskClient, admin: Headers) -> None:
    create(client, admin, "Lectrice", *READING)
    listed = client.get("/api/roles", headers=admin).get_json()
    assert [(role["name"], role["id"] is None, role["users"]) for role in listed["roles"]] == [
        ("admin", True, 1),
        ("member", True, 0),
        ("viewer", True, 0),
        ("Lectrice", False, 0),
    ]
    assert set(listed["grantable"]) == GRANTABLE


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "Chef", "permissions": ["users.manage"]}, 400),
        ({"name": "Chef", "permissions": ["keys.manage", "chat"]}, 400),
        ({"name": "Chef", "permissions": []}, 400),
        ({"name": "Chef", "permissions": ["documents.write"]}, 400),
        ({"name": "Chef", "permissions": ["cases.manage"]}, 400),
        ({"name": "Chef", "permissions": READING, "is_admin": True}, 400),
        ({"name": " Chef", "permissions": READING}, 400),
        ({"name": "Ch\nef", "permissions": READING}, 400),
        ({"name": "", "permissions": READING}, 400),
        ({"name": "ADMIN", "permissions": READING}, 409),
        ({"name": "Administrateur", "permissions": READING}, 409),
        ({"name": "lectrice", "permissions": READING}, 409),
    ],
)
def test_a_role_that_may_not_be_is_refused(
    client: FlaskClient, admin: Headers, body: dict[str, Any], status: int
) -> None:
    create(client, admin, "Lectrice", *READING)
    assert client.post("/api/roles", json=body, headers=admin).status_code == status
    assert len(client.get("/api/roles", headers=admin).get_json()["roles"]) == 4


def test_a_role_somebody_has_stays(client: FlaskClient, admin: Headers, sign_up: SignUp) -> None:
    _, role = create(client, admin, "Lectrice", *READING)
    sign_up("paul@dupont.test", "Lectrice")
    refused = client.delete(f"/api/roles/{role['id']}", headers=admin)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "role-in-use")
    client.patch("/api/users/2", json={"role": "viewer"}, headers=admin)
    assert client.delete(f"/api/roles/{role['id']}", headers=admin).status_code == 204
    assert client.delete(f"/api/roles/{role['id']}", headers=admin).status_code == 404


def test_nobody_gets_a_role_that_does_not_exist(client: FlaskClient, admin: Headers, member: Headers) -> None:
    body = {"email": "paul@dupont.test", "role": "Lectrice"}
    refused = client.post("/api/users", json=body, headers=admin)
    assert (refused.status_code, refused.get_json()["code"]) == (400, "unknown-role")
    assert client.patch("/api/users/2", json={"role": "owner"}, headers=admin).status_code == 400
    assert client.get("/api/me", headers=member).get_json()["role"] == "member"


def test_an_administrator_s_own_role_is_not_given_away(client: FlaskClient, admin: Headers) -> None:
    create(client, admin, "Tout", *GRANTABLE)
    kept = client.patch("/api/users/1", json={"role": "Tout"}, headers=admin)
    assert (kept.status_code, kept.get_json()["code"]) == (409, "last-administrator")


def test_only_administrators_make_roles(client: FlaskClient, admin: Headers, sign_up: SignUp) -> None:
    create(client, admin, "Tout", *GRANTABLE)
    everything_else = sign_up("paul@dupont.test", "Tout")
    assert create(client, everything_else, "Autre", *READING)[0] == 403
    assert client.get("/api/keys", headers=everything_else).status_code == 403


def test_whoever_may_not_ask_is_led_to_what_they_may_do(app: Flask, services: Services) -> None:
    services.accounts.roles.create("Comptable", ["usage.read"])
    user = services.accounts.users.create("paul@dupont.test", "Comptable", SecretStr(PASSWORD)).user
    page = browser(app, services, user.id).client
    led = page.get("/")
    assert (led.status_code, led.headers["Location"]) == (302, "/usage")
    assert page.get("/documents").status_code == 403


def test_the_page_makes_changes_and_removes_roles(app: Flask, services: Services, admin: Headers) -> None:
    page = browser(app, services, 1)

    def send(path: str, **form: Any) -> int:
        return page.client.post(path, data=form, headers=page.headers).status_code

    assert admin
    assert send("/users/roles", name="Lectrice", permission=["documents.read"]) == 303
    assert send("/users/roles", name="Lectrice", permission=["documents.read"]) == 409
    assert send("/users/roles", name="Autre") == 400
    assert "Lire les documents et y chercher" in page.client.get("/users").text
    assert send("/users/roles/1", permission=["chat"]) == 303
    assert services.accounts.roles.list_all()[-1].permissions == {"chat"}
    assert send("/users/roles/1/remove") == 303
    assert send("/users/roles/1/remove") == 404
