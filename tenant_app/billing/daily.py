"""What each day of a month used, in UTC like the months themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from tenant_app.billing.models import LedgerEntry
from tenant_app.months import month_begins, month_ends


@dataclass(frozen=True)
class DayOfUse:
    """The units of one day that count."""

    day: date
    requests: int
    analyses: int


def days_of(session: Session, month: str) -> Sequence[DayOfUse]:
    """Return every day of a month (``YYYY-MM``), first to last, with the units taken and not given back.

    A unit that counts for the month but was taken outside of it, by a clock that was set back or on, stands
    on the nearest day: the days always add up to the month.
    """
    closing = aliased(LedgerEntry)
    given_back = exists().where(closing.reservation_id == LedgerEntry.id, closing.entry == "given_back")
    day_taken = func.date(LedgerEntry.at)
    rows = session.execute(
        select(day_taken, LedgerEntry.kind, func.count())
        .where(LedgerEntry.month == month, LedgerEntry.entry == "reserved", ~given_back)
        .group_by(day_taken, LedgerEntry.kind)
    )
    first, last = month_begins(month).date(), month_ends(month).date() - timedelta(days=1)
    counts: dict[tuple[date, str], int] = {}
    for written, kind, count in rows:
        day = min(max(date.fromisoformat(written), first), last)
        counts[day, kind] = counts.get((day, kind), 0) + count
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [DayOfUse(day, counts.get((day, "request"), 0), counts.get((day, "analysis"), 0)) for day in days]
