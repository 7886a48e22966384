"""How many units may be taken in any minute: by everybody together, or by one key."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from tenant_app.billing.models import LedgerEntry

WINDOW: Final = timedelta(seconds=60)


def wait_for_room(session: Session, now: datetime, limit: int, keys: Select[int] | None = None) -> int | None:
    """Return how many seconds until one more unit fits in a minute of ``limit``, None for now.

    With ``keys``, the ids of some, only theirs are counted.
    """
    newest = session.scalars(_newest_calls(now, keys).limit(limit)).all()
    return wait_for_pace(now, newest, limit)


def wait_for_pace(now: datetime, newest: Sequence[datetime], limit: int) -> int | None:
    """Return how many seconds until one more call fits in a sliding minute of ``limit`` calls, None for now.

    ``newest`` are the times of the last ``limit`` calls, last first; those outside the minute may be left
    out. Counting stops at the first of those: after the clock was set back, the calls before it lie in the
    future; they are neither waited for now nor counted again when the clock passes them.
    """
    within = 0
    for moment in newest:
        if not now - WINDOW < moment <= now:
            break
        within += 1
    if within < limit:
        return None
    return whole_seconds(newest[limit - 1] + WINDOW - now)


def whole_seconds(wait: timedelta) -> int:
    """Return how long to wait in whole seconds, at least one."""
    return max(1, math.ceil(wait.total_seconds()))


def _newest_calls(now: datetime, keys: Select[int] | None) -> Select[datetime]:
    """Return the times of the last minute's calls, last first, without those that were not served.

    A client that calls again when told "busy" must not use up everybody's minute.
    """
    closing = aliased(LedgerEntry)
    given_back = exists().where(closing.reservation_id == LedgerEntry.id, closing.entry == "given_back")
    # Without it, every call would read through all units ever given back in a row.
    older = aliased(LedgerEntry)
    last_older = select(older.id).where(older.at <= now - WINDOW).order_by(older.id.desc()).limit(1)
    calls = (
        select(LedgerEntry.at)
        .where(
            LedgerEntry.entry == "reserved",
            LedgerEntry.id > func.coalesce(last_older.scalar_subquery(), 0),
            ~given_back,
        )
        .order_by(LedgerEntry.id.desc())
    )
    return calls if keys is None else calls.where(LedgerEntry.key_id.in_(keys))
