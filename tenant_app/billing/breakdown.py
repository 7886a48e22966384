"""Who used what in a month: each person, each key, and what is nobody's any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from tenant_app.accounts.models import ApiKey, User
from tenant_app.billing.models import LedgerEntry
from tenant_app.billing.money import ExactEuros

Whose = Literal["user", "key", "nobody"]


@dataclass(frozen=True)
class Share:
    """What one used: the units that count, and euros owed for the language model.

    ``id`` and ``name`` are None for nobody: erased accounts and keys, and the operator.
    """

    whose: Whose
    id: int | None
    name: str | None
    requests: int
    analyses: int
    cost: Decimal


def breakdown(session: Session, month: str) -> Sequence[Share]:
    """Return who used the month's units, those who used most first; the shares add up to the month."""
    closing = aliased(LedgerEntry)
    counts = case((closing.entry == "given_back", 0), else_=1)
    rows = session.execute(
        select(
            LedgerEntry.user_id,
            LedgerEntry.key_id,
            User.email,
            ApiKey.name,
            func.sum(case((LedgerEntry.kind == "request", counts), else_=0)),
            func.sum(case((LedgerEntry.kind == "analysis", counts), else_=0)),
            func.coalesce(func.sum(closing.cost), 0, type_=ExactEuros),
        )
        .outerjoin(closing, closing.reservation_id == LedgerEntry.id)
        .outerjoin(User, User.id == LedgerEntry.user_id)
        .outerjoin(ApiKey, ApiKey.id == LedgerEntry.key_id)
        .where(LedgerEntry.month == month, LedgerEntry.entry == "reserved")
        .group_by(LedgerEntry.user_id, LedgerEntry.key_id)
    )
    shares = [
        Share(_whose(user_id, key_id), user_id or key_id, email or name, requests, analyses, cost)
        for user_id, key_id, email, name, requests, analyses, cost in rows
    ]
    return sorted(shares, key=lambda one: (-one.requests, -one.analyses, one.whose, one.id or 0))


def _whose(user_id: int | None, key_id: int | None) -> Whose:
    if user_id is not None:
        return "user"
    return "nobody" if key_id is None else "key"
