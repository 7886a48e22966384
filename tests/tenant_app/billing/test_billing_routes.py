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
