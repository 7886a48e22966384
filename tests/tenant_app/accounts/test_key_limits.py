"""What limits an API key: scopes, a last day, a quota and a pace of its own; and when it was last used."""

import threading
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from tenant_app.accounts.actor import Actor
from tenant_app.accounts.keys import KeyTerms
from tenant_app.accounts.scopes import SCOPES, permissions_of_key
from tenant_app.errors import QuotaExceeded, RateLimited
from tenant_app.services import Services
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.conftest import SignUp

Headers = dict[str, str]


def new_key(client: FlaskClient, admin: Headers, **limits: Any) -> dict[str, Any]:
    answer = client.post("/api/keys", json={"name": "site", **limits}, headers=admin)
    assert answer.status_code == 201, answer.text
    key: dict[str, Any] = answer.get_json()
    return key


def call(client: FlaskClient, key: dict[str, Any], method: str, path: str, **body: Any) -> tuple[int, Any]:
    answer = client.open(path, method=method, json=body or None, headers={"X-API-Key": key["key"]})
    return answer.status_code, answer.get_json()


def accepted(client: FlaskClient, key: dict[str, Any]) -> bool:
    return call(client, key, "GET", "/api/me")[0] == 200


def actor(services: Services, **terms: Any) -> Actor:
    return services.accounts.keys.actor_of(services.accounts.keys.create("site", KeyTerms(**terms)).secret)


ALLOWED = {
    ("chat", "GET", "/api/conversations"),
    ("chat", "GET", "/v1/models"),
    ("documents", "GET", "/api/documents"),
    ("documents", "DELETE", "/api/documents/1"),
    ("documents", "POST", "/api/search"),
    ("read-only", "GET", "/api/documents"),
    ("read-only", "POST", "/api/search"),
    ("read-only", "GET", "/api/cases"),
    ("read-only", "GET", "/api/billing/usage"),
}
CALLS = sorted(
    {(method, path) for _, method, path in ALLOWED} | {("POST", "/api/chat"), ("POST", "/api/cases")}
)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_key_does_what_its_scope_says_and_is_told_which_one_it_lacks(
    client: FlaskClient, admin: Headers, scope: str
) -> None:
    key = new_key(client, admin, scopes=[scope])
    for method, path in CALLS:
        status, answer = call(client, key, method, path)
        if (scope, method, path) in ALLOWED or (scope, path) == ("chat", "/api/chat"):
            assert status in (200, 400, 404, 415), (method, path)
        else:
            assert (status, answer.get("code") or answer["error"]["code"]) == (403, "out-of-scope"), path


def test_the_refusal_names_the_scope(client: FlaskClient, admin: Headers) -> None:
    key = new_key(client, admin, scopes=["read-only"])
    assert "chat (elle a : read-only)" in call(client, key, "POST", "/api/chat")[1]["detail"]
    assert "documents (elle a : read-only)" in call(client, key, "DELETE", "/api/documents/1")[1]["detail"]
    assert "sans limite de portée" in call(client, key, "POST", "/api/cases")[1]["detail"]
    assert "Votre rôle" in call(client, key, "GET", "/api/users")[1]["detail"]


def test_scopes_add_up_and_never_beyond_a_member(client: FlaskClient, admin: Headers) -> None:
    key = new_key(client, admin, scopes=["chat", "documents"])
    me = call(client, key, "GET", "/api/me")[1]
    assert (me["scopes"], me["permissions"]) == (
        ["chat", "documents"],
        ["chat", "documents.read", "documents.write"],
    )
    assert permissions_of_key(SCOPES.keys()) < permissions_of_key(frozenset())


@pytest.mark.parametrize(
    "limits",
    [
        {"scopes": ["admin"]},
        {"scopes": "chat"},
        {"scopes": ["chat"] * 4},
        {"expires_on": "2025-01-14"},
        {"expires_on": "2035-01-20"},
        {"expires_on": "2025-02-29"},
        {"requests_monthly": 0},
        {"requests_monthly": 10**12},
        {"requests_per_minute": -1},
        {"permissions": ["users.manage"]},
        {"last_used_at": "2025-01-01T00:00:00Z"},
        {"first_id": 1},
    ],
)
def test_a_limit_that_is_none_is_refused(client: FlaskClient, admin: Headers, limits: dict[str, Any]) -> None:
    answer = client.post("/api/keys", json={"name": "site", **limits}, headers=admin)
    assert answer.status_code == 400
    assert client.get("/api/keys", headers=admin).get_json()["keys"] == []


@pytest.mark.parametrize(
    ("made", "last"),
    [
        (datetime(2024, 2, 1, tzinfo=UTC), date(2024, 2, 29)),
        (datetime(2025, 12, 1, tzinfo=UTC), date(2025, 12, 31)),
        # Where the clock at home goes an hour back in the night.
        (datetime(2025, 10, 1, tzinfo=UTC), date(2025, 10, 26)),
    ],
)
def test_a_key_is_good_through_its_last_day_and_never_again(
    client: FlaskClient, admin: Headers, clock: FixedClock, services: Services, made: datetime, last: date
) -> None:
    clock.set(made)
    keys = services.accounts.keys
    new = keys.create("site", KeyTerms(expires_on=last))
    key = {"key": new.secret}
    clock.set(datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=UTC))
    assert accepted(client, key)
    clock.advance(seconds=1)
    assert not accepted(client, key)
    # A clock that is set back brings nothing back, and its room in the plan is free again.
    clock.advance(days=-1)
    assert not accepted(client, key)
    assert keys.list_live() == []


def test_a_replaced_key_hands_on_its_limits_and_what_is_used_of_them(
    client: FlaskClient, admin: Headers, clock: FixedClock, services: Services, sign_up: SignUp
) -> None:
    limits = {"scopes": ["chat"], "expires_on": "2025-01-25", "requests_monthly": 2, "requests_per_minute": 9}
    before = new_key(client, admin, **limits)
    ledger, keys = services.billing.ledger, services.accounts.keys
    ledger.reserve(keys.actor_of(before["key"]))
    clock.advance(days=3)
    # The first admin's token has ended.
    again = sign_up("again@dupont.test", "admin")
    after = client.post(f"/api/keys/{before['id']}/rotate", json={}, headers=again).get_json()
    assert {name: after[name] for name in limits} == limits | {"expires_on": "2025-01-28"}
    ledger.reserve(keys.actor_of(after["key"]))
    for key in (before, after):
        with pytest.raises(QuotaExceeded):
            ledger.reserve(keys.actor_of(key["key"]))


def test_the_last_use_is_known_to_the_minute(client: FlaskClient, admin: Headers, clock: FixedClock) -> None:
    key = new_key(client, admin)
    assert key["last_used_at"] is None

    def last_use() -> str:
        (listed,) = client.get("/api/keys", headers=admin).get_json()["keys"]
        return str(listed["last_used_at"])

    assert accepted(client, key)
    assert last_use() == "2025-01-15T10:00:00Z"
    clock.advance(seconds=59)
    assert accepted(client, key)
    assert last_use() == "2025-01-15T10:00:00Z"
    clock.advance(seconds=1)
    assert accepted(client, key)
    assert last_use() == "2025-01-15T10:01:00Z"


def test_of_fifty_parallel_calls_exactly_as_many_pass_as_the_key_has_left(services: Services) -> None:
    key = actor(services, requests_monthly=3)
    together = threading.Barrier(50)
    outcomes: list[str] = []

    def take() -> None:
        together.wait()
        try:
            services.billing.ledger.reserve(key)
        except QuotaExceeded:
            outcomes.append("refused")
        except RateLimited:
            outcomes.append("plan")
        else:
            outcomes.append("passed")

    threads = [threading.Thread(target=take) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["passed"] * 3 + ["refused"] * 47


def test_a_unit_given_back_is_the_key_s_again(services: Services) -> None:
    key = actor(services, requests_monthly=1)
    ledger = services.billing.ledger
    ledger.give_back(ledger.reserve(key))
    ledger.settle(ledger.reserve(key), mode="local")
    with pytest.raises(QuotaExceeded):
        ledger.reserve(key)


def test_a_key_s_quota_is_its_own_and_full_again_on_the_first(services: Services, clock: FixedClock) -> None:
    limited, other = actor(services, requests_monthly=1), actor(services)
    ledger = services.billing.ledger
    clock.set(datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC))
    for key in (limited, other, other):
        ledger.reserve(key)
    with pytest.raises(QuotaExceeded) as refusal:
        ledger.reserve(limited)
    assert (refusal.value.code, refusal.value.retry_after) == ("key-quota-exceeded", 1)
    assert "2025-01-01" in str(refusal.value)
    ledger.reserve(limited, "analysis")
    clock.advance(seconds=1)
    ledger.reserve(limited)


def test_a_key_s_pace_is_its_own(services: Services, clock: FixedClock) -> None:
    limited, other = actor(services, requests_per_minute=2), actor(services)
    ledger = services.billing.ledger
    ledger.reserve(limited)
    clock.advance(seconds=10)
    ledger.reserve(limited)
    ledger.reserve(other)
    with pytest.raises(RateLimited) as refusal:
        ledger.reserve(limited)
    assert (refusal.value.code, refusal.value.retry_after) == ("key-rate-limited", 50)
    ledger.reserve(other)
    clock.advance(seconds=50)
    ledger.reserve(limited)


def test_a_key_beyond_its_quota_is_told_when_to_come_back(
    client: FlaskClient, admin: Headers, services: Services
) -> None:
    key = new_key(client, admin, requests_monthly=1)
    services.billing.ledger.reserve(services.accounts.keys.actor_of(key["key"]))
    answer = client.post("/api/chat", json={"question": "Quel délai ?"}, headers={"X-API-Key": key["key"]})
    assert (answer.status_code, answer.get_json()["code"]) == (429, "key-quota-exceeded")
    assert answer.headers["Retry-After"] == str((16 * 24 + 14) * 3600)
