"""A clock that stands still."""

from __future__ import annotations

from datetime import UTC, datetime


class FixedClock:
    """Always tells the same moment, unless it is set to another."""

    def __init__(self, moment: datetime = datetime(2026, 1, 31, 9, 5, 7, tzinfo=UTC)) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment
