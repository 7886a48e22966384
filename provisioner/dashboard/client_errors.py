"""What a client's page and the JSON interface tell of its errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from provisioner.server_errors import CountedDay, ServerError, UnreadableErrors, read_errors
from provisioner.service.context import Context

SHOWN_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class ClientErrors:
    """A client's errors of the last days, counted `since` a moment: `days` oldest first, `last` newest first.

    Nothing is known of a client that told nothing yet (`state` "none"), or whose file cannot be believed
    ("unreadable"): neither is no error.
    """

    state: Literal["known", "none", "unreadable"]
    since: datetime | None = None
    days: Sequence[CountedDay] = ()
    last: Sequence[ServerError] = ()

    @property
    def count(self) -> int:
        """All errors of those days."""
        return sum(one.count for one in self.days)


def errors_of(now: Context, client_id: str) -> ClientErrors:
    """Return what a client tells of its errors, up to today."""
    try:
        record = read_errors(now.layout.root / f"client-{client_id}", client_id)
    except UnreadableErrors:
        return ClientErrors("unreadable")
    if record is None:
        return ClientErrors("none")
    days = record.daily(now.clock.now().date(), SHOWN_DAYS)
    return ClientErrors("known", record.since, days, record.last[::-1])
