"""A plan's monthly quota is exact: under parallel calls, failures, crashes and whatever the clock does."""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from tenant_app.accounts.actor import OPERATOR, Actor
from tenant_app.accounts.models import ApiKey, User
from tenant_app.billing.ledger import REOPENS_NO_MONTH, account_month
from tenant_app.billing.models import LedgerEntry
from tenant_app.billing.service import Billing
from tenant_app.database import Database
from tenant_app.errors import Forbidden, QuotaExceeded, RateLimited
from tenant_app.months import month_begins, month_ends, month_of
from tests.tenant_app.billing.conftest import AddUser, BuildBilling
from tests.tenant_app.clock import FixedClock

MOMENTS = st.timedeltas(timedelta(0), timedelta(days=36_500)).map(
    lambda age: datetime(2000, 1, 1, tzinfo=UTC) + age
)


def requests_used(billing: Billing, month: str | None = None) -> int:
    return billing.report.usage(month).requests_used


def test_of_fifty_parallel_calls_on_a_quota_of_one_exactly_one_passes(
    billing: BuildBilling, anna: Actor
) -> None:
    ledger = billing(max_requests_monthly="1", max_requests_per_minute="1000").ledger
    together = threading.Barrier(50)
    outcomes: list[str] = []

    def call() -> None:
        together.wait()
        try:
            ledger.reserve(anna)
        except QuotaExceeded:
            outcomes.append("refused")
        else:
            outcomes.append("passed")

    threads = [threading.Thread(target=call) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["passed"] + ["refused"] * 49


def test_a_refused_call_is_told_how_long_until_the_first_of_next_month(
    billing: BuildBilling, anna: Actor, clock: FixedClock
) -> None:
    ledger = billing(max_requests_monthly="0").ledger
    clock.set(datetime(2025, 1, 31, 23, 59, 0, 500_000, tzinfo=UTC))

    with pytest.raises(QuotaExceeded) as refusal:
        ledger.reserve(anna)

    assert refusal.value.retry_after == 60
    assert "2025-02-01" in str(refusal.value)


def test_a_quota_is_full_again_on_the_first_of_the_month(
    billing: BuildBilling, anna: Actor, clock: FixedClock
) -> None:
    tenant = billing(max_requests_monthly="1")
    clock.set(datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC))
    tenant.ledger.reserve(anna)
    with pytest.raises(QuotaExceeded) as refusal:
        tenant.ledger.reserve(anna)
    assert refusal.value.retry_after == 1

    clock.advance(seconds=1)
    tenant.ledger.reserve(anna)

    assert requests_used(tenant, "2024-02") == 1
    assert requests_used(tenant, "2024-03") == 1


def test_an_unlimited_plan_is_never_refused_for_its_quota(billing: BuildBilling, anna: Actor) -> None:
    tenant = billing(max_requests_monthly="", max_requests_per_minute="1000")

    for _ in range(120):
        tenant.ledger.reserve(anna)

    assert requests_used(tenant) == 120
    assert tenant.report.usage().requests_limit is None


def test_an_analysis_uses_its_own_quota_and_no_request(billing: BuildBilling, anna: Actor) -> None:
    tenant = billing(max_analysis_monthly="1", max_requests_monthly="1")

    tenant.ledger.reserve(anna, "analysis")
    with pytest.raises(QuotaExceeded):
        tenant.ledger.reserve(anna, "analysis")
    tenant.ledger.reserve(anna)

    usage = tenant.report.usage()
    assert (usage.analyses_used, usage.requests_used) == (1, 1)


def test_a_served_answer_keeps_its_unit_and_its_exact_cost(billing: BuildBilling, anna: Actor) -> None:
    tenant = billing()
    for _ in range(3):
        reservation = tenant.ledger.reserve(anna)
        tenant.ledger.settle(
            reservation, mode="llm", tokens_in=1001, tokens_out=7, cost=Decimal("0.000154350001")
        )

    usage = tenant.report.usage()
    assert (usage.requests_used, usage.tokens_in, usage.tokens_out) == (3, 3003, 21)
    assert usage.llm_cost == Decimal("0.00")


def test_small_costs_add_up_without_rounding(billing: BuildBilling, anna: Actor) -> None:
    tenant = billing(max_requests_per_minute="1000")
    for _ in range(50):
        tenant.ledger.settle(tenant.ledger.reserve(anna), mode="llm", cost=Decimal("0.0003"))

    assert tenant.report.usage().llm_cost == Decimal("0.02")


def test_a_cost_that_cannot_be_kept_exactly_is_refused(billing: BuildBilling, anna: Actor) -> None:
    tenant = billing()
    reservation = tenant.ledger.reserve(anna)

    with pytest.raises(Exception, match="finer than"):
        tenant.ledger.settle(reservation, mode="llm", cost=Decimal("0.0000000000001"))


def test_an_answer_that_failed_gives_its_unit_back(billing: BuildBilling, anna: Actor) -> None:
    tenant = billing(max_requests_monthly="1")

    tenant.ledger.give_back(tenant.ledger.reserve(anna))

    assert requests_used(tenant) == 0
    tenant.ledger.reserve(anna)


def test_a_unit_is_closed_once_whatever_is_called_afterwards(billing: BuildBilling, anna: Actor) -> None:
    tenant = billing()
    served, failed = tenant.ledger.reserve(anna), tenant.ledger.reserve(anna)
    tenant.ledger.settle(served, mode="llm", tokens_in=5, tokens_out=5, cost=Decimal(1))
    tenant.ledger.give_back(failed)

    tenant.ledger.give_back(served)
    tenant.ledger.settle(served, mode="llm", tokens_in=5, tokens_out=5, cost=Decimal(1))
    tenant.ledger.give_back(failed)
    tenant.ledger.settle(failed, mode="local")

    usage = tenant.report.usage()
    assert (usage.requests_used, usage.tokens_in, usage.llm_cost) == (1, 5, Decimal(1))


def test_units_left_open_by_a_process_that_died_come_back_at_the_next_start(
    billing: BuildBilling, anna: Actor
) -> None:
    before = billing(max_requests_monthly="2")
    before.ledger.settle(before.ledger.reserve(anna), mode="local")
    before.ledger.reserve(anna)

    after = billing(max_requests_monthly="2")
    after.start()

    assert requests_used(after) == 1
    after.ledger.reserve(anna)
    assert after.ledger.give_back_open() == 1
    assert after.ledger.give_back_open() == 0


def test_what_is_kept_with_the_settlement_fails_with_it(billing: BuildBilling, anna: Actor) -> None:
    tenant = billing()
    reservation = tenant.ledger.reserve(anna)

    with (
        pytest.raises(RuntimeError),
        tenant.ledger.settling(reservation, mode="llm", tokens_in=9, tokens_out=9, cost=Decimal(1)),
    ):
        raise RuntimeError("the answer could not be kept")

    assert tenant.report.usage().tokens_in == 0
    tenant.ledger.give_back(reservation)
    assert requests_used(tenant) == 0


def test_nobody_changes_or_deletes_a_line(billing: BuildBilling, anna: Actor, data_dir: Path) -> None:
    billing().ledger.reserve(anna)
    connection = sqlite3.connect(data_dir / "tenant.sqlite3")

    for statement in ("UPDATE ledger SET month = '2020-01'", "DELETE FROM ledger"):
        with pytest.raises(sqlite3.IntegrityError, match="line of the ledger"):
            connection.execute(statement)
    connection.close()


def test_the_database_itself_refuses_to_close_a_unit_twice(
    billing: BuildBilling, anna: Actor, database: Database, clock: FixedClock
) -> None:
    tenant = billing()
    reservation = tenant.ledger.reserve(anna)
    tenant.ledger.give_back(reservation)
    again = LedgerEntry(
        entry="given_back",
        reservation_id=reservation.id,
        kind="request",
        month=reservation.month,
        at=clock.now(),
    )

    with pytest.raises(IntegrityError), database.write() as session:
        session.add(again)


def test_units_stay_counted_when_their_user_or_key_is_erased(
    billing: BuildBilling, anna: Actor, program: Actor, database: Database
) -> None:
    tenant = billing()
    open_unit = tenant.ledger.reserve(anna)
    tenant.ledger.settle(tenant.ledger.reserve(program), mode="local")
    with database.write() as session:
        session.execute(delete(User).where(User.id == anna.user_id))
        session.execute(delete(ApiKey).where(ApiKey.id == program.key_id))

    tenant.ledger.settle(open_unit, mode="local")

    usage = tenant.report.usage()
    assert (usage.requests_used, usage.users_active) == (2, 0)


def test_only_users_are_counted_as_active_each_once_a_month(
    billing: BuildBilling, anna: Actor, add_user: AddUser, program: Actor, clock: FixedClock
) -> None:
    tenant = billing()
    for actor in (anna, anna, add_user("paul"), program, OPERATOR):
        tenant.ledger.reserve(actor)
    assert tenant.report.usage().users_active == 2

    clock.set(datetime(2025, 2, 1, tzinfo=UTC))
    tenant.ledger.reserve(anna)
    assert tenant.report.usage("2025-01").users_active == 2
    assert tenant.report.usage("2025-02").users_active == 1


def test_after_its_last_day_a_plan_answers_nothing(
    billing: BuildBilling, anna: Actor, clock: FixedClock
) -> None:
    tenant = billing(plan_expires_on="2025-01-31")
    clock.set(datetime(2025, 1, 31, 23, 59, 59, tzinfo=UTC))
    tenant.ledger.reserve(anna)

    clock.advance(seconds=1)
    with pytest.raises(Forbidden) as refusal:
        tenant.ledger.reserve(anna)

    assert refusal.value.code == "plan-expired"
    assert requests_used(tenant, "2025-02") == 0


def test_a_clock_set_back_over_midnight_reopens_no_month(
    billing: BuildBilling, anna: Actor, clock: FixedClock
) -> None:
    tenant = billing(max_requests_monthly="1")
    clock.set(datetime(2025, 2, 1, 0, 30, tzinfo=UTC))
    tenant.ledger.reserve(anna)

    clock.advance(hours=-1)
    with pytest.raises(QuotaExceeded) as refusal:
        tenant.ledger.reserve(anna)

    assert "2025-03-01" in str(refusal.value)
    assert requests_used(tenant, "2025-01") == 0
    assert requests_used(tenant, "2025-02") == 1


def test_a_clock_that_was_a_month_ahead_does_not_keep_that_month(
    billing: BuildBilling, anna: Actor, clock: FixedClock
) -> None:
    tenant = billing(max_requests_monthly="1")
    clock.set(datetime(2025, 2, 15, tzinfo=UTC))
    tenant.ledger.reserve(anna)

    clock.set(datetime(2025, 1, 15, tzinfo=UTC))
    tenant.ledger.reserve(anna)

    assert requests_used(tenant, "2025-01") == 1
    assert requests_used(tenant, "2025-02") == 1


@given(moment=MOMENTS)
def test_every_moment_falls_in_exactly_the_month_that_holds_it(moment: datetime) -> None:
    month = month_of(moment)

    assert month_begins(month) <= moment < month_ends(month)
    assert month_of(month_ends(month)) > month
    assert month_of(month_ends(month) - timedelta(microseconds=1)) == month


@given(moment=MOMENTS, back=st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_unit_counts_for_the_clock_s_month_or_for_one_begun_less_than_a_day_too_early(
    moment: datetime, back: timedelta
) -> None:
    newest = month_of(moment)
    now = moment - back

    counted = account_month(now, newest)

    assert counted in (month_of(now), newest)
    if counted != month_of(now):
        assert month_begins(newest) - now <= REOPENS_NO_MONTH


@pytest.mark.parametrize("month", ["2025", "2025-13", "January", ""])
def test_what_is_not_a_month_is_refused(month: str) -> None:
    with pytest.raises(ValueError, match="data"):
        month_begins(month)


def test_parallel_calls_within_quota_and_pace_each_get_a_unit_of_their_own(
    billing: BuildBilling, anna: Actor
) -> None:
    tenant = billing(max_requests_monthly="30", max_requests_per_minute="1000")
    outcomes: list[str] = []

    def work() -> None:
        for _ in range(10):
            try:
                reservation = tenant.ledger.reserve(anna)
            except (QuotaExceeded, RateLimited):
                outcomes.append("refused")
                continue
            outcomes.append("passed")
            tenant.ledger.settle(reservation, mode="local")

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count("passed") == 30
    assert requests_used(tenant) == 30
