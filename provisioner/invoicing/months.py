"""Months and days as an invoice counts them: those of the vendor's civil calendar, in French time.

A plan that changes at 23:30 UTC on the last of June changes on the first of July in Paris, and that is the
day on the invoice. Periods are half-open: the first day is in, `end` is not. What an instance counts
(requests, analyses) is counted by UTC months, as its usage record says; each unit is in exactly one of them.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

from provisioner.errors import InvalidRequest

VENDOR_ZONE: Final = ZoneInfo("Europe/Paris")
_MONTH: Final = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month, written `2026-01`."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `YYYY-MM`; raises InvalidRequest."""
        found = _MONTH.fullmatch(text)
        if not found:
            raise InvalidRequest("MONTH", f"{text!r} is no month.", "Write it as YYYY-MM, such as 2026-01.")
        return cls(int(found[1]), int(found[2]))

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def end(self) -> date:
        """The first day of the next month."""
        return add_months(self.first, 1)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.first).days

    @property
    def counted_until(self) -> datetime:
        """The instant at which instances stop counting for it: the end of the UTC month."""
        return datetime(self.end.year, self.end.month, 1, tzinfo=UTC)

    def is_over(self, now: datetime) -> bool:
        """Say whether nothing can be used or changed in it any more, by the vendor's calendar and by UTC."""
        return civil_day(now) >= self.end and now >= self.counted_until

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


def civil_day(moment: datetime) -> date:
    """Return the day of an aware moment in the vendor's time zone."""
    return moment.astimezone(VENDOR_ZONE).date()


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later; where that month is shorter, its last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
