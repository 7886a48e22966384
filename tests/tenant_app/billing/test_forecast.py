"""Where a month is going: never less than it has used, and right at every boundary of the calendar."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.billing.forecast import Forecast, forecast
from tenant_app.months import month_begins, month_ends, month_of

PARIS = ZoneInfo("Europe/Paris")
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=25_000)).map(
    lambda age: datetime(2020, 1, 1, tzinfo=UTC) + age
)


@pytest.mark.parametrize(
    ("month", "now", "used", "limit", "expected"),
    [
        ("2025-01", datetime(2025, 1, 11, tzinfo=UTC), 100, 200, Forecast(310, date(2025, 1, 21))),
        ("2025-01", datetime(2025, 1, 11, tzinfo=UTC), 100, 400, Forecast(310, None)),
        ("2025-01", datetime(2025, 1, 11, tzinfo=UTC), 100, None, Forecast(310, None)),
        ("2025-01", datetime(2025, 1, 11, tzinfo=UTC), 0, 200, Forecast(0, None)),
        # Reached, or beyond: nothing to foresee of it.
        ("2025-01", datetime(2025, 1, 11, tzinfo=UTC), 200, 200, Forecast(620, None)),
        # A limit met exactly at the end is met on the last day, not on the first of the next month.
        ("2025-01", datetime(2025, 1, 11, tzinfo=UTC), 100, 310, Forecast(310, date(2025, 1, 31))),
        # February of a leap year has a day more.
        ("2024-02", datetime(2024, 2, 11, tzinfo=UTC), 100, None, Forecast(290, None)),
        ("2025-02", datetime(2025, 2, 11, tzinfo=UTC), 100, None, Forecast(280, None)),
        ("2024-12", datetime(2024, 12, 31, tzinfo=UTC), 30, 31, Forecast(31, date(2024, 12, 31))),
        # The month in which clocks at home are put back is no hour longer: months are in UTC.
        ("2025-10", datetime(2025, 10, 26, 12, tzinfo=UTC), 51, None, Forecast(62, None)),
        ("2025-10", datetime(2025, 10, 26, 13, tzinfo=PARIS), 51, None, Forecast(62, None)),
        ("2025-03", datetime(2025, 3, 31, 1, 30, tzinfo=PARIS), 0, None, Forecast(0, None)),
        # Not before a day is over, nor once the month is.
        ("2025-01", datetime(2025, 1, 1, 23, 59, 59, tzinfo=UTC), 50, None, None),
        ("2025-01", datetime(2025, 1, 2, tzinfo=UTC), 50, None, Forecast(1550, None)),
        ("2025-01", datetime(2025, 2, 1, tzinfo=UTC), 50, None, None),
        ("2025-02", datetime(2025, 1, 31, tzinfo=UTC), 50, None, None),
    ],
)
def test_a_month_goes_on_as_it_has_so_far(
    month: str, now: datetime, used: int, limit: int | None, expected: Forecast | None
) -> None:
    assert forecast(used, limit, month, now) == expected


@given(now=MOMENTS, used=st.integers(0, 10**9), limit=st.none() | st.integers(0, 10**9))
def test_a_forecast_is_at_least_what_is_used_and_its_day_lies_ahead(
    now: datetime, used: int, limit: int | None
) -> None:
    month = month_of(now)
    foreseen = forecast(used, limit, month, now)
    if foreseen is None:
        assert now - month_begins(month) < timedelta(days=1)
        return
    assert foreseen.units >= used
    if foreseen.reached_on is not None:
        assert limit is not None
        assert used < limit <= foreseen.units
        assert now.date() <= foreseen.reached_on < month_ends(month).date()
