"""Where a month is going: what it will have used at its end if it goes on as it has so far."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from tenant_app.months import month_begins, month_ends

SOONEST: Final = timedelta(days=1)
"""Before the first day is over, a pace says nothing."""


@dataclass(frozen=True)
class Forecast:
    """Units by the month's end; ``reached_on`` is the day (UTC) the limit is met, None: not this month."""

    units: int
    reached_on: date | None


def forecast(used: int, limit: int | None, month: str, now: datetime) -> Forecast | None:
    """Return where a month is going at its pace so far; None while there is nothing to foresee, or no more.

    A limit that is reached already is not foreseen.
    """
    begins, ends = month_begins(month), month_ends(month)
    elapsed = now - begins
    if elapsed < SOONEST or now >= ends:
        return None
    microsecond = timedelta(microseconds=1)
    whole, part = (ends - begins) // microsecond, elapsed // microsecond
    units = -(-used * whole // part)
    reached_on = None
    if limit is not None and used < limit <= units:
        # Not later than the month's last day, for a limit met at its very end.
        at = min(begins + timedelta(microseconds=part * limit // used), ends - microsecond)
        reached_on = at.date()
    return Forecast(units, reached_on)
