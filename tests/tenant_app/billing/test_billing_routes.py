"""What a client sees of its bill."""

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from tenant_app.accounts.actor import OPERATOR
from tenant_app.operations import perform
from tenant_app.services import Services
from tests.tenant_app.clock import FixedClock

Headers = dict[str, str]


def test_the_month_s_usage_is_answered_as_promised(
    client: FlaskClient, member: Headers, services: Services
) -> None:
    services.billing.ledger.reserve(OPERATOR)

    answer = client.get("/api/billing/usage", headers=member)

    assert answer.status_code == 200
    body = answer.get_json()
    usage = body.pop("usage")
    assert body == {
        "client_id": "dupont",
        "plan": "professional",
        "billing_cycle": "monthly",
        "next_billing": "2025-02-01",
        "llm_budget": {"limit": None, "spent": 0.0, "nearly_spent": False},
        "answers": {"off_topic": 0, "from_cache": 0, "fallback": 0, "unsupported": 0},
        "forecast": {
            "requests": {"units": 3, "reached_on": None},
            "analyses": {"units": 0, "reached_on": None},
        },
        "warnings": [],
    }
    assert usage["requests_used"] == 1
    assert usage["requests_limit"] == 10000
    assert usage["total_due"] == 299.0
    # Signing in made the member active, though they asked nothing.
    assert usage["users_active"] == 1


@pytest.mark.parametrize(
    ("today", "next_billing"),
    [
        (datetime(2024, 1, 31, 23, 59, tzinfo=UTC), "2024-02-01"),
        (datetime(2024, 2, 29, tzinfo=UTC), "2024-03-01"),
        (datetime(2025, 12, 31, tzinfo=UTC), "2026-01-01"),
    ],
)
def test_the_next_bill_is_made_on_the_first_of_next_month(
    services: Services, clock: FixedClock, today: datetime, next_billing: str
) -> None:
    clock.set(today)

    assert services.billing.report.next_billing().isoformat() == next_billing


def test_a_viewer_and_a_visitor_do_not_see_the_bill(client: FlaskClient, viewer: Headers) -> None:
    assert client.get("/api/billing/usage", headers=viewer).status_code == 403
    assert client.get("/api/billing/usage").status_code == 401


def test_the_operator_s_usage_command_writes_the_file_and_returns_it(services: Services) -> None:
    answer = perform("usage", services, {}, running=True)

    assert answer["client_id"] == "dupont"
    assert (services.settings.data_dir / "usage" / "2025-01.json").exists()


def test_what_each_day_month_person_and_key_used_is_told(
    client: FlaskClient, admin: Headers, api_key: Headers, services: Services
) -> None:
    services.billing.ledger.reserve(services.accounts.keys.actor_of(api_key["X-API-Key"]))

    days = client.get("/api/billing/days?month=2025-01", headers=admin).get_json()["days"]
    assert [(day["day"], day["requests"]) for day in days if day["requests"]] == [("2025-01-15", 1)]
    (share,) = client.get("/api/billing/breakdown", headers=admin).get_json()["shares"]
    assert (share["whose"], share["name"], share["requests"]) == ("key", "test", 1)
    (month,) = client.get("/api/billing/months", headers=admin).get_json()["months"]
    assert (month["month"], month["requests_used"]) == ("2025-01", 1)
    for wanted in ("2025-13", "0000-01", "9999-12", "janvier", "2025-01&month=2025-02"):
        assert client.get(f"/api/billing/days?month={wanted}", headers=admin).status_code == 400


def test_only_administrators_see_what_others_used(client: FlaskClient, member: Headers) -> None:
    assert client.get("/api/billing/breakdown", headers=member).status_code == 403
    assert client.get("/api/billing/breakdown.csv", headers=member).status_code == 403
    assert client.get("/api/billing/months.csv", headers=member).status_code == 200


def test_a_name_that_is_a_formula_is_none_in_the_file(
    client: FlaskClient, admin: Headers, services: Services
) -> None:
    for name in ("=HYPERLINK(A1)", "@SUM(A1)", "-1+1"):
        key = services.accounts.keys.create(name).secret
        services.billing.ledger.reserve(services.accounts.keys.actor_of(key))
    file = client.get("/api/billing/breakdown.csv", headers=admin)
    assert file.content_type == "text/csv; charset=utf-8"
    assert 'filename="dupont-2025-01.csv"' in file.headers["Content-Disposition"]
    lines = file.get_data().decode("utf-8-sig").splitlines()
    assert lines[1:] == [
        "Clé d’API;'=HYPERLINK(A1);1;0;0,00",
        "Clé d’API;'@SUM(A1);1;0;0,00",
        "Clé d’API;'-1+1;1;0;0,00",
    ]
    english = client.get("/api/billing/months.csv", headers=admin | {"Accept-Language": "en"})
    assert english.get_data().decode("utf-8-sig").splitlines()[1] == "2025-01,3,10000,0,500,1,0.00,299.00"
