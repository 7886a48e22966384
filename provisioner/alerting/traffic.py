"""When a client asks more than it should: document 002's hourly figure, or a burst far from its habit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LEAST_BURST: Final = 100
"""Questions in an hour below which nothing is a burst: a small firm's busy morning."""
TIMES_THE_BUSIEST: Final = 5


@dataclass(frozen=True, slots=True)
class Counted:
    """How far a client's month was counted when somebody last looked."""

    month: str
    requests: int


@dataclass(frozen=True, slots=True)
class Hour:
    """Questions of the last hour, and of the busiest one of the week before; None while that is too young."""

    requests: int
    busiest_before: int | None


def added(before: Counted | None, now: Counted) -> int:
    """Return how many questions were asked since; a month begins at 0, and a restored ledger may go back.

    Without anything to compare with, nothing is known to have been asked.
    """
    if before is None:
        return 0
    if before.month != now.month:
        return now.requests
    return max(now.requests - before.requests, 0)


def abuse(hour: Hour, allowed: int) -> str | None:
    """Say in a phrase how far a client is beyond what is usual; None when it is not."""
    if hour.requests > allowed:
        return f"{hour.requests} questions in an hour, more than {allowed}"
    habit = hour.busiest_before
    if habit is not None and hour.requests >= LEAST_BURST and hour.requests > habit * TIMES_THE_BUSIEST:
        return f"{hour.requests} questions in an hour, where its busiest hour of the week had {habit}"
    return None
