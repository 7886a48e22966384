"""A canary is planted whatever the plan still allows, and nothing of it is left or counted."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from flask.testing import FlaskClient

from tenant_app.accounts.models import ApiKey, User
from tenant_app.canary import DOCUMENT, DOMAIN, KEY
from tenant_app.services import Services
from tests.tenant_app.api.test_operator import Sign, call, sign
from tests.tenant_app.conftest import PASSWORD

WORDS = "bakodi fumela nirota"
API_KEY = f"sk_professional_{'k' * 43}"
__all__ = ["sign"]

Plant = Callable[[], dict[str, Any]]


@pytest.fixture
def plant(client: FlaskClient, sign: Sign) -> Plant:
    def planted() -> dict[str, Any]:
        status, answer = call(
            client, "canary-plant", sign(), words=WORDS, name="temoin", password=PASSWORD, api_key=API_KEY
        )
        assert status == 200, answer
        return answer

    return planted


@pytest.fixture
def services(client: FlaskClient) -> Services:
    found: Services = client.application.extensions["tenantry"]
    return found


def test_a_canary_opens_and_leaves_no_trace(
    client: FlaskClient, sign: Sign, plant: Plant, services: Services
) -> None:
    before = call(client, "usage", sign())[1]
    planted = plant()
    assert planted["email"] == f"temoin@{DOMAIN}"
    assert (services.settings.data_dir / "originals" / planted["sha256"]).is_file()
    signed_in = client.post("/api/auth/login", json={"email": planted["email"], "password": PASSWORD})
    assert signed_in.status_code == 200
    assert client.get("/api/me", headers={"X-API-Key": API_KEY}).status_code == 200
    bearer = {"Authorization": f"Bearer {planted['access_token']}"}
    assert client.get("/api/me", headers=bearer).status_code == 200
    plant()
    assert client.get("/api/me", headers=bearer).status_code == 401
    assert call(client, "canary-clear", sign())[1] == {"cleared": 3}
    assert client.get("/api/me", headers={"X-API-Key": API_KEY}).status_code == 403
    assert not list((services.settings.data_dir / "originals").iterdir())
    after = call(client, "usage", sign())[1]
    assert {**after, "updated_at": ""} == {**before, "updated_at": ""}
    assert call(client, "canary-clear", sign())[1] == {"cleared": 0}


def test_a_full_plan_does_not_refuse_it(
    client: FlaskClient, sign: Sign, plant: Plant, services: Services
) -> None:
    seats, limit = services.settings.max_users, services.settings.max_api_keys
    with services.database.write() as session:
        now = services.clock.now()
        for number in range(seats):
            email = f"{number}@dupont.test"
            session.add(
                User(
                    email=email, email_key=email, password_hash="x", role="admin", active=True, created_at=now
                )
            )
        for number in range(limit or 0):
            session.add(ApiKey(name=f"k{number}", hint="", key_hash=str(number), created_at=now))
    assert call(client, "user-add", sign(), email="a@b.test", role="viewer", password=PASSWORD)[0] == 409
    plant()
    assert call(client, "canary-clear", sign())[1] == {"cleared": 3}


def test_a_clients_own_things_are_not_cleared(
    client: FlaskClient, sign: Sign, plant: Plant, services: Services
) -> None:
    call(client, "user-add", sign(), email="marie@dupont.test", role="admin", password=PASSWORD)
    call(client, "key-new", sign(), name="intranet")
    plant()
    call(client, "canary-clear", sign())
    with closing(sqlite3.connect(services.database.path)) as database:
        assert database.execute("SELECT email FROM users").fetchall() == [("marie@dupont.test",)]
        assert database.execute("SELECT name FROM api_keys").fetchall() == [("intranet",)]
    assert KEY not in str(call(client, "key-list", sign())[1])
    assert DOCUMENT not in str(call(client, "documents", sign())[1])


@pytest.mark.parametrize("words", ["", "un", "UN deux", "un;deux"])
def test_words_are_words(client: FlaskClient, sign: Sign, words: str) -> None:
    given = {"name": "temoin", "password": PASSWORD, "api_key": API_KEY}
    assert call(client, "canary-plant", sign(), words=words, **given)[0] == 400
