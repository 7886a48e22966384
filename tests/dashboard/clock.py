"""A clock that stands still until a test moves it."""

from datetime import datetime, timedelta


class FixedClock:
    """Says the time it was told."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the time it was told."""
        return self._now

    def advance(self, **units: float) -> None:
        """Move by ``timedelta(**units)``."""
        self._now += timedelta(**units)
