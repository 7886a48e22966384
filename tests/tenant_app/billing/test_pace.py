"""The per-minute rate is a sliding minute of the whole tenant, and says exactly when to come back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.accounts.actor import Actor
from tenant_app.billing.pace import WINDOW, wait_for_pace
from tenant_app.errors import RateLimited
from tests.tenant_app.billing.conftest import AddUser, BuildBilling
from tests.tenant_app.clock import FixedClock

NOON = datetime(2025, 1, 15, 12, tzinfo=UTC)


def test_the_minute_slides_and_retry_after_is_when_the_next_call_fits(
    billing: BuildBilling, anna: Actor, clock: FixedClock
) -> None:
    ledger = billing(max_requests_per_minute="2").ledger
    ledger.reserve(anna)
    clock.advance(seconds=20)
    ledger.reserve(anna)
    clock.advance(seconds=10.5)

    with pytest.raises(RateLimited) as refusal:
        ledger.reserve(anna)
    assert refusal.value.retry_after == 30

    clock.advance(seconds=refusal.value.retry_after)
    ledger.reserve(anna)
    with pytest.raises(RateLimited) as refusal:
        ledger.reserve(anna)
    assert refusal.value.retry_after == 20


def test_the_rate_is_the_tenant_s_not_each_user_s(
    billing: BuildBilling, anna: Actor, add_user: AddUser, program: Actor
) -> None:
    ledger = billing(max_requests_per_minute="2").ledger
    ledger.reserve(anna)
    ledger.reserve(program)

    with pytest.raises(RateLimited):
        ledger.reserve(add_user("paul"))


def test_a_refused_call_counts_neither_for_the_minute_nor_for_the_month(
    billing: BuildBilling, anna: Actor, clock: FixedClock
) -> None:
    tenant = billing(max_requests_per_minute="1")
    tenant.ledger.reserve(anna)
    for _ in range(5):
        with pytest.raises(RateLimited):
            tenant.ledger.reserve(anna)

    clock.advance(seconds=60)
    tenant.ledger.reserve(anna)

    assert tenant.report.usage().requests_used == 2


def test_a_call_that_was_not_served_does_not_count_for_the_minute(billing: BuildBilling, anna: Actor) -> None:
    ledger = billing(max_requests_per_minute="1").ledger
    for _ in range(3):
        ledger.give_back(ledger.reserve(anna))

    ledger.reserve(anna)
    with pytest.raises(RateLimited):
        ledger.reserve(anna)


def test_a_clock_set_one_hour_back_blocks_nobody_for_an_hour_and_counts_nothing_twice(
    billing: BuildBilling, anna: Actor, clock: FixedClock
) -> None:
    tenant = billing(max_requests_per_minute="2")
    tenant.ledger.reserve(anna)
    tenant.ledger.reserve(anna)

    clock.advance(hours=-1)
    tenant.ledger.reserve(anna)
    tenant.ledger.reserve(anna)
    with pytest.raises(RateLimited) as refusal:
        tenant.ledger.reserve(anna)
    assert refusal.value.retry_after == 60

    # The clock passes the moments of the first two calls again: they are over, once and for all.
    clock.advance(hours=1)
    tenant.ledger.reserve(anna)
    tenant.ledger.reserve(anna)
    assert tenant.report.usage().requests_used == 6


@given(
    ages=st.lists(st.integers(0, 180), max_size=30).map(sorted),
    limit=st.integers(1, 30),
)
def test_a_call_passes_exactly_when_fewer_than_the_limit_were_made_in_the_last_minute(
    ages: list[int], limit: int
) -> None:
    newest = [NOON - timedelta(seconds=age) for age in ages]
    recent = [moment for moment in newest if moment > NOON - WINDOW]

    wait = wait_for_pace(NOON, newest[:limit], limit)

    if len(recent) < limit:
        assert wait is None
    else:
        assert wait is not None
        assert 1 <= wait <= 60
        later = NOON + timedelta(seconds=wait)
        assert wait_for_pace(later, newest[:limit], limit) is None
        assert wait_for_pace(later - timedelta(seconds=1), newest[:limit], limit) is not None


@given(jumps=st.lists(st.integers(-4000, 4000), min_size=1, max_size=40), limit=st.integers(1, 5))
def test_whatever_the_clock_does_nobody_waits_more_than_a_minute(jumps: list[int], limit: int) -> None:
    now = NOON
    newest: list[datetime] = []
    for jump in jumps:
        now += timedelta(seconds=jump)
        wait = wait_for_pace(now, newest[:limit], limit)
        assert wait is None or 1 <= wait <= 60
        if wait is None:
            newest.insert(0, now)
