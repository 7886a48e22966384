"""The same figures for programs, with a bearer token."""

from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from provisioner.dashboard.guard import EXTENSION
from provisioner.dashboard.observations import Seen
from provisioner.service.health import Health
from tests.dashboard.clock import FixedClock
from tests.dashboard.conftest import EMAIL, FIRST_PORT, PASSWORD, AddClient, usage_of


def token_of(visitor: FlaskClient) -> str:
    answer = visitor.post("/admin/api/login", json={"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 200
    body = answer.get_json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    return str(body["access_token"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_program_gets_every_client_with_usage_money_storage_and_activity(
    visitor: FlaskClient, add_client: AddClient
) -> None:
    add_client("dupont", "Cabinet Dupont & Associés", usage={})

    body = visitor.get("/admin/api/clients", headers=bearer(token_of(visitor))).get_json()

    assert body["clients"] == [
        {
            "id": "dupont",
            "name": "Cabinet Dupont & Associés",
            "plan": "professional",
            "port": FIRST_PORT,
            "hostname": "dupont.localhost",
            "url": "http://dupont.localhost:8080",
            "state": "failed",
            "health": "down",
            "usage_state": "known",
            "usage": usage_of("dupont"),
            "money": {"price": 299.0, "overage_fees": 0.0, "total_due": 299.0},
            "storage": {
                "used_bytes": 734_003_200,
                "limit_bytes": body["clients"][0]["storage"]["limit_bytes"],
            },
            "last_activity": "2026-11-21T08:12:00+00:00",
        }
    ]
    assert body["totals"] == {
        "clients": 1,
        "monthly_recurring_revenue": 299.0,
        "requests": 412,
        "storage_bytes": 734_003_200,
        "unreadable": 0,
    }


def test_unreadable_usage_is_null_not_zero(visitor: FlaskClient, add_client: AddClient) -> None:
    add_client("dupont", "Dupont").write_text("{}")

    body = visitor.get("/admin/api/clients", headers=bearer(token_of(visitor))).get_json()

    (client,) = body["clients"]
    assert (client["usage_state"], client["usage"]) == ("unreadable", None)
    assert client["money"] == {"price": 299.0, "overage_fees": None, "total_due": None}
    assert client["last_activity"] is None
    assert body["totals"]["unreadable"] == 1


def test_a_program_gets_the_availability_of_each_month(
    app: Flask, visitor: FlaskClient, add_client: AddClient, clock: FixedClock
) -> None:
    add_client("dupont", "Dupont")
    observations = app.extensions[EXTENSION].observations
    for days, health in ((30, Health.OK), (1, Health.OK), (1, Health.DOWN), (0, None)):
        observations.record(clock.now() - timedelta(days=days), [Seen("dupont", health, None)])
    token = bearer(token_of(visitor))

    answer = visitor.get("/admin/api/clients/dupont/availability", headers=token)

    assert answer.get_json() == {
        "promised": 0.99,
        "months": [
            {"month": "2026-11", "asked": 2, "ready": 1, "share": 0.5},
            {"month": "2026-10", "asked": 1, "ready": 1, "share": 1.0},
        ],
    }
    assert visitor.get("/admin/api/clients/nobody/availability", headers=token).status_code == 404
    assert visitor.get("/admin/api/clients/nobody/errors", headers=token).status_code == 404


def test_without_a_good_token_there_is_nothing_to_see(visitor: FlaskClient) -> None:
    for headers in ({}, bearer("faux"), {"Authorization": "Basic b3BzOng="}, {"Authorization": "Bearer "}):
        answer = visitor.get("/admin/api/clients", headers=headers)
        assert answer.status_code == 401
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_page_s_cookie_is_not_a_token(operator: FlaskClient) -> None:
    assert operator.get("/admin/api/clients").status_code == 401


def test_a_token_lives_one_hour(visitor: FlaskClient, clock: FixedClock) -> None:
    token = token_of(visitor)
    clock.advance(hours=1, seconds=1)

    assert visitor.get("/admin/api/clients", headers=bearer(token)).status_code == 401


def test_a_login_that_is_not_two_strings_is_invalid(visitor: FlaskClient) -> None:
    for body in (
        "",
        "[]",
        "{",
        '{"email": 1, "password": "x"}',
        '{"email": "a", "password": "x", "role": "admin"}',
    ):
        assert visitor.post("/admin/api/login", data=body).status_code == 400


def test_a_body_larger_than_a_login_is_refused(visitor: FlaskClient) -> None:
    assert visitor.post("/admin/api/login", data=b"x" * 20_000).status_code == 413


def test_a_wrong_password_is_a_problem_in_the_reader_s_language(visitor: FlaskClient) -> None:
    answer = visitor.post(
        "/admin/api/login",
        json={"email": EMAIL, "password": "faux"},
        headers={"Accept-Language": "en"},
    )

    assert answer.status_code == 401
    assert answer.get_json()["title"] == "Sign-in refused"
