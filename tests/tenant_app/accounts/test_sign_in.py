"""Signing in: one answer for every failure, and a lock-out that nothing but time or an admin lifts."""

import statistics
import time

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tenant_app.accounts.lockout import ATTEMPTS_ALLOWED
from tenant_app.api.context import EXTENSION
from tenant_app.factory import create_app
from tenant_app.services import Services
from tenant_app.settings import Settings
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.conftest import PASSWORD, SignUp

EMAIL = "marie@dupont.test"


@pytest.fixture(autouse=True)
def marie(sign_up: SignUp) -> None:
    sign_up("admin@dupont.test", "admin")
    sign_up(EMAIL, "member")


def log_in(
    client: FlaskClient, email: str = EMAIL, password: str = PASSWORD, address: str = "192.0.2.1"
) -> TestResponse:
    return client.post(
        "/api/auth/login",
        json={"email": email, "password": password},
        headers={"X-Forwarded-For": address},
    )


def fail(client: FlaskClient, clock: FixedClock, times: int, email: str = EMAIL) -> None:
    for number in range(times):
        assert log_in(client, email, "wrong password", f"198.51.100.{number}").status_code == 401
        clock.advance(seconds=1)


def test_the_right_password_gives_tokens(client: FlaskClient) -> None:
    answer = log_in(client)
    assert answer.status_code == 200
    assert answer.json is not None
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 900)
    me = client.get("/api/me", headers={"Authorization": f"Bearer {answer.json['access_token']}"})
    assert me.json is not None
    assert (me.json["name"], me.json["role"]) == (EMAIL, "member")


def test_the_case_of_an_address_does_not_matter(client: FlaskClient) -> None:
    assert log_in(client, "Marie@DUPONT.test").status_code == 200


def test_every_failure_looks_the_same(client: FlaskClient, services: Services, clock: FixedClock) -> None:
    services.accounts.users.change(services.accounts.users.find_by_email(EMAIL).id, active=False)
    disabled = log_in(client)
    services.accounts.users.change(services.accounts.users.find_by_email(EMAIL).id, active=True)
    wrong = log_in(client, password="wrong password")
    unknown = log_in(client, "nobody@dupont.test")
    fail(client, clock, ATTEMPTS_ALLOWED)
    locked = log_in(client)
    assert {answer.status_code for answer in (disabled, wrong, unknown, locked)} == {401}
    assert len({answer.data for answer in (disabled, wrong, unknown, locked)}) == 1


def test_an_unknown_address_takes_as_long_as_a_wrong_password(client: FlaskClient, clock: FixedClock) -> None:
    def seconds(email: str) -> float:
        # Of this thread's work, so that a loaded machine changes nothing.
        started = time.thread_time()
        log_in(client, email, "wrong password")
        elapsed = time.thread_time() - started
        clock.advance(minutes=20)
        return elapsed

    log_in(client, "warm-up@dupont.test")
    known, unknown = [], []
    for number in range(9):
        known.append(seconds(EMAIL))
        unknown.append(seconds(f"nobody-{number}@dupont.test"))
    ratio = statistics.median(known) / statistics.median(unknown)
    assert 0.6 < ratio < 1.7


def test_five_failures_lock_the_account_even_for_the_right_password(
    client: FlaskClient, clock: FixedClock
) -> None:
    fail(client, clock, ATTEMPTS_ALLOWED - 1)
    assert log_in(client).status_code == 200
    fail(client, clock, ATTEMPTS_ALLOWED)
    clock.advance(minutes=5)
    assert log_in(client).status_code == 401
    clock.advance(minutes=11)
    assert log_in(client).status_code == 200


def test_trying_during_a_lock_out_does_not_prolong_it(client: FlaskClient, clock: FixedClock) -> None:
    fail(client, clock, ATTEMPTS_ALLOWED)
    clock.advance(minutes=14)
    fail(client, clock, 2)
    clock.advance(minutes=1)
    assert log_in(client).status_code == 200


def test_after_a_lock_out_the_count_starts_again(client: FlaskClient, clock: FixedClock) -> None:
    fail(client, clock, ATTEMPTS_ALLOWED)
    clock.advance(minutes=16)
    fail(client, clock, ATTEMPTS_ALLOWED - 1)
    assert log_in(client).status_code == 200


def test_failures_are_forgotten_after_an_hour(client: FlaskClient, clock: FixedClock) -> None:
    fail(client, clock, ATTEMPTS_ALLOWED - 1)
    clock.advance(hours=2)
    fail(client, clock, ATTEMPTS_ALLOWED - 1)
    assert log_in(client).status_code == 200


def test_a_lock_out_set_by_a_clock_a_month_ahead_ends_when_the_clock_is_put_right(
    client: FlaskClient, clock: FixedClock
) -> None:
    clock.advance(days=30)
    fail(client, clock, ATTEMPTS_ALLOWED)
    clock.advance(days=-30)
    fail(client, clock, ATTEMPTS_ALLOWED)
    assert log_in(client).status_code == 401
    clock.advance(minutes=15)
    assert log_in(client).status_code == 200


def test_a_lock_out_survives_a_restart(client: FlaskClient, settings: Settings, clock: FixedClock) -> None:
    fail(client, clock, ATTEMPTS_ALLOWED)
    restarted = create_app(settings, clock)
    assert log_in(restarted.test_client()).status_code == 401
    restarted.extensions[EXTENSION].close()


def test_an_admins_reset_lifts_a_lock_out(client: FlaskClient, services: Services, clock: FixedClock) -> None:
    fail(client, clock, ATTEMPTS_ALLOWED)
    user = services.accounts.users.find_by_email(EMAIL)
    new = services.accounts.users.reset_password(user.id).password
    assert new is not None
    assert log_in(client, password=new.get_secret_value()).status_code == 200


def test_an_address_may_try_ten_times_a_minute(client: FlaskClient, clock: FixedClock) -> None:
    for number in range(10):
        assert log_in(client, f"nobody-{number}@dupont.test").status_code == 401
    refused = log_in(client)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"
    assert log_in(client, address="192.0.2.2").status_code == 200
    clock.advance(seconds=61)
    assert log_in(client).status_code == 200


def test_a_made_up_forwarded_address_changes_nothing(client: FlaskClient) -> None:
    """nginx overwrites the header; whatever else is in it, or beside it, is not believed."""
    for number in range(11):
        answer = client.post(
            "/api/auth/login",
            json={"email": f"nobody-{number}@dupont.test", "password": "wrong password"},
            headers={
                "X-Forwarded-For": f"203.0.113.{number}, 192.0.2.1",
                "Forwarded": f"for=203.0.113.{number}",
                "X-Real-IP": f"203.0.113.{number}",
            },
        )
    assert answer.status_code == 429


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": EMAIL},
        {"email": None, "password": PASSWORD},
        {"email": [EMAIL], "password": PASSWORD},
        {"email": EMAIL, "password": {"$ne": ""}},
        {"email": EMAIL, "password": PASSWORD, "role": "admin"},
        {"email": EMAIL, "password": "x" * 2000},
        [],
        "text",
    ],
)
def test_a_body_of_another_shape_is_refused(client: FlaskClient, body: object) -> None:
    answer = client.post("/api/auth/login", json=body)
    assert answer.status_code == 400
    assert PASSWORD not in answer.text


def test_a_body_that_is_not_json_is_refused(client: FlaskClient) -> None:
    broken = client.post("/api/auth/login", data="{", content_type="application/json")
    form = client.post("/api/auth/login", data={"email": EMAIL, "password": PASSWORD})
    assert (broken.status_code, form.status_code) == (400, 415)
