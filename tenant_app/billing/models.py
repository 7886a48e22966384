"""The ledger's table."""

from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, get_args

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tenant_app.billing.money import ExactEuros
from tenant_app.database import Base, UtcDateTime

Entry = Literal["reserved", "settled", "given_back"]
Kind = Literal["request", "analysis"]
Mode = Literal["llm", "local"]

_NOTHING: Final = Decimal(0)


class LedgerEntry(Base):
    """One line of the ledger. Lines are only added: a trigger refuses to change or delete one.

    A unit begins with a ``reserved`` line; one more line, ``settled`` or ``given_back``, names it in
    ``reservation_id`` and closes it. That column is unique, so nothing is settled or returned twice.
    """

    __tablename__ = "ledger"
    __table_args__ = (
        CheckConstraint(f"entry IN {get_args(Entry)}", name="ck_ledger_entry"),
        CheckConstraint(f"kind IN {get_args(Kind)}", name="ck_ledger_kind"),
        CheckConstraint("(entry = 'reserved') = (reservation_id IS NULL)", name="ck_ledger_closes"),
        CheckConstraint("tokens_in >= 0 AND tokens_out >= 0 AND cost >= 0", name="ck_ledger_amounts"),
        Index("ix_ledger_month", "month"),
        Index("ix_ledger_key", "key_id", "month"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry: Mapped[Entry] = mapped_column(String)
    reservation_id: Mapped[int | None] = mapped_column(ForeignKey("ledger.id"), unique=True)
    kind: Mapped[Kind] = mapped_column(String)
    month: Mapped[str]
    """The month the unit counts for, decided when it was reserved: a closing line repeats it."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Who asked stands on the reservation only: a user may be erased before the unit is closed.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    key_id: Mapped[int | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))
    mode: Mapped[Mode | None] = mapped_column(String)
    tokens_in: Mapped[int] = mapped_column(default=0)
    tokens_out: Mapped[int] = mapped_column(default=0)
    cost: Mapped[Decimal] = mapped_column(ExactEuros, default=_NOTHING)
    """Euros owed to the provider of the language model, also for a unit given back after it answered."""
