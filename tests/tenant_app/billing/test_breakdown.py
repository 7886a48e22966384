"""Who used what, day by day and month by month: each adds up to the month's record."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import delete

from tenant_app.accounts.actor import OPERATOR, Actor
from tenant_app.accounts.models import User
from tenant_app.billing.report import Usage
from tenant_app.billing.service import Billing
from tenant_app.billing.warnings import LimitWarning, warnings_of
from tenant_app.database import Database
from tenant_app.settings import Settings
from tests.tenant_app.billing.conftest import AddUser, BuildBilling
from tests.tenant_app.clock import FixedClock


def shares(billing: Billing, month: str = "2025-01") -> list[tuple[str, str | None, int, int]]:
    return [(one.whose, one.name, one.requests, one.analyses) for one in billing.shares(month)]


def days(billing: Billing, month: str) -> dict[date, int]:
    return {day.day: day.requests for day in billing.days(month) if day.requests}


def test_each_person_and_key_has_their_share(
    billing: BuildBilling, anna: Actor, program: Actor, add_user: AddUser, database: Database
) -> None:
    tenant = billing(max_requests_per_minute="1000")
    ledger, paul = tenant.ledger, add_user("paul")
    for actor in (anna, anna, program, paul, OPERATOR):
        ledger.settle(ledger.reserve(actor), mode="llm", cost=Decimal("0.5"))
    ledger.give_back(ledger.reserve(anna), cost=Decimal("0.25"))
    ledger.reserve(paul, "analysis")
    with database.write() as session:
        session.execute(delete(User).where(User.id == paul.user_id))

    assert shares(tenant) == [
        ("nobody", None, 2, 1),
        ("user", "anna@dupont.test", 2, 0),
        ("key", "site", 1, 0),
    ]
    record = tenant.report.usage()
    assert sum(one.requests for one in tenant.shares("2025-01")) == record.requests_used
    assert sum(one.analyses for one in tenant.shares("2025-01")) == record.analyses_used
    assert sum(one.cost for one in tenant.shares("2025-01")) == Decimal("2.75")
    assert shares(tenant, "2024-12") == []


@pytest.mark.parametrize(
    ("month", "last", "number"),
    [
        ("2024-02", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC), 29),
        ("2025-02", datetime(2025, 2, 28, 23, 59, 59, tzinfo=UTC), 28),
        ("2024-12", datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC), 31),
        ("2025-10", datetime(2025, 10, 31, 23, 59, 59, tzinfo=UTC), 31),
    ],
)
def test_a_unit_stands_on_its_day_up_to_the_last_second_of_the_month(
    billing: BuildBilling, anna: Actor, clock: FixedClock, month: str, last: datetime, number: int
) -> None:
    tenant = billing()
    clock.set(last)
    tenant.ledger.reserve(anna)
    tenant.ledger.give_back(tenant.ledger.reserve(anna))
    clock.advance(seconds=1)
    tenant.ledger.reserve(anna)

    assert len(tenant.days(month)) == number
    assert days(tenant, month) == {last.date(): 1}
    following = clock.now().date()
    assert days(tenant, f"{following:%Y-%m}") == {following: 1}


def test_the_days_add_up_although_the_clock_was_set_back_over_midnight(
    billing: BuildBilling, anna: Actor, clock: FixedClock
) -> None:
    tenant = billing()
    clock.set(datetime(2025, 2, 1, 0, 30, tzinfo=UTC))
    tenant.ledger.reserve(anna)
    clock.advance(hours=-1)
    tenant.ledger.reserve(anna)

    assert days(tenant, "2025-01") == {}
    assert days(tenant, "2025-02") == {date(2025, 2, 1): 2}


def test_months_that_are_over_keep_what_was_due(
    billing: BuildBilling, anna: Actor, clock: FixedClock
) -> None:
    clock.set(datetime(2024, 12, 31, 23, 59, tzinfo=UTC))
    before = billing(price_cents="29900", max_requests_monthly="1", overage_request_price="0.50")
    for _ in range(3):
        before.ledger.reserve(anna)
    before.export.publish()
    clock.set(datetime(2025, 1, 1, tzinfo=UTC))

    after = billing(price_cents="9900", max_requests_monthly="10")
    after.ledger.reserve(anna)
    known = [(one.month, one.requests_used, one.requests_limit, one.total_due) for one in after.history()]

    assert known == [("2025-01", 1, 10, Decimal("99.00")), ("2024-12", 3, 1, Decimal("300.00"))]


def test_an_instance_nobody_used_yet_has_the_present_month(billing: BuildBilling) -> None:
    assert [(one.month, one.requests_used) for one in billing().history()] == [("2025-01", 0)]


def test_the_latest_record_is_the_present_month_s(
    billing: BuildBilling, anna: Actor, clock: FixedClock
) -> None:
    tenant = billing()
    assert tenant.export.latest().requests_used == 0
    tenant.ledger.settle(tenant.ledger.reserve(anna), mode="local")
    assert tenant.export.latest().requests_used == 1
    clock.set(datetime(2025, 2, 1, tzinfo=UTC))
    assert (tenant.export.latest().month, tenant.export.latest().requests_used) == ("2025-02", 0)


def warned(record: Usage, settings: Settings, **used: object) -> list[LimitWarning]:
    return list(warnings_of(record.model_copy(update=used), settings))


def test_limits_are_warned_of_from_eighty_percent(billing: BuildBilling, settings: Settings) -> None:
    record = billing().report.usage()
    assert warned(record, settings, requests_used=7_999) == []
    assert warned(record, settings, requests_used=8_000) == [LimitWarning("requests", 80)]
    assert warned(record, settings, requests_used=9_999)[0].level == "nearly"
    assert warned(record, settings, requests_used=10_000)[0].level == "reached"
    assert warned(record, settings, requests_used=10**9, requests_limit=None) == []
    assert warned(record, settings, analyses_used=1, analyses_limit=0) == [LimitWarning("analyses", 100)]
    model = settings.model_copy(
        update={"openai_base_url": "http://127.0.0.1:9/v1", "llm_budget_monthly": Decimal(10)}
    )
    assert warned(record, model, llm_cost=Decimal("8.50")) == [LimitWarning("language-model", 85)]
    assert warned(record, settings, llm_cost=Decimal("8.50")) == []
