"""An API key's own quota and pace, beside the plan's: counted in the ledger, in the caller's transaction."""

from datetime import datetime

from flask_babel import lazy_gettext
from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from tenant_app.accounts.models import ApiKey
from tenant_app.billing.models import Kind, LedgerEntry
from tenant_app.billing.pace import wait_for_room, whole_seconds
from tenant_app.errors import QuotaExceeded, RateLimited
from tenant_app.months import month_ends


def require_key_room(session: Session, key_id: int, kind: Kind, month: str, now: datetime) -> None:
    """Let a key take one unit more within its own limits; a key that has none costs one look.

    The keys that replaced each other count together. Raises QuotaExceeded, RateLimited; both say when to come
    back.
    """
    key = session.get_one(ApiKey, key_id)
    line = _line_of(key)
    if kind == "request" and key.requests_monthly is not None:
        _require_quota(session, line, key.requests_monthly, month, now)
    if key.requests_per_minute is not None:
        _require_pace(session, line, key.requests_per_minute, now)


def _require_quota(session: Session, line: Select[int], limit: int, month: str, now: datetime) -> None:
    if _requests_used(session, line, month) < limit:
        return
    begins = month_ends(month)
    raise QuotaExceeded(
        lazy_gettext(
            "Le quota mensuel de cette clé (%(limit)s) est atteint ; il se renouvelle le %(day)s.",
            limit=limit,
            day=begins.date().isoformat(),
        ),
        retry_after=whole_seconds(begins - now),
        code="key-quota-exceeded",
    )


def _require_pace(session: Session, line: Select[int], limit: int, now: datetime) -> None:
    wait = wait_for_room(session, now, limit, line)
    if wait is not None:
        raise RateLimited(
            lazy_gettext(
                "La limite par minute de cette clé (%(limit)s) est atteinte ; réessayez dans %(wait)s s.",
                limit=limit,
                wait=wait,
            ),
            retry_after=wait,
            code="key-rate-limited",
        )


def _line_of(key: ApiKey) -> Select[int]:
    """Return the ids of the keys that replaced each other, this one among them."""
    first = key.first_id or key.id
    return select(ApiKey.id).where(or_(ApiKey.id == first, ApiKey.first_id == first))


def _requests_used(session: Session, line: Select[int], month: str) -> int:
    """Return the requests of some keys in a month, without those given back."""
    closing = aliased(LedgerEntry)
    given_back = exists().where(closing.reservation_id == LedgerEntry.id, closing.entry == "given_back")
    requests = select(func.count()).where(
        LedgerEntry.key_id.in_(line),
        LedgerEntry.month == month,
        LedgerEntry.kind == "request",
        ~given_back,
    )
    return session.scalar(requests) or 0
