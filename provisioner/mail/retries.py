"""When a letter that a mail server did not take is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

_DELAYS: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
)
GIVEN_UP_AFTER: Final = timedelta(days=4)
"""RFC 5321, section 4.5.4.1: at least four to five days."""


def next_attempt(attempts: int, written_at: datetime, now: datetime) -> datetime | None:
    """Return when to try again after so many attempts, the last of them now; None to give up."""
    if now - written_at >= GIVEN_UP_AFTER:
        return None
    return now + _DELAYS[min(attempts, len(_DELAYS)) - 1]
