"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta


class FixedClock:
    """Says the time it was told."""

    def __init__(self, now: datetime = datetime(2025, 1, 15, 10, 0, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the time it was told."""
        return self._now

    def set(self, now: datetime) -> None:
        """Tell another time."""
        self._now = now

    def advance(self, **units: float) -> None:
        """Move by ``timedelta(**units)``."""
        self._now += timedelta(**units)
