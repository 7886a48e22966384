"""The month's budget for the language model, in euros: hard, and held before each call.

Before a call its highest possible price is held; calls at the same time see each other's holds, because
deciding and holding are one write transaction. When the answer is settled, what it really cost stands in the
ledger and the hold goes. A call that does not fit is not made: the answer is then extracted locally.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tenant_app.billing.models import LedgerEntry
from tenant_app.billing.money import ExactEuros
from tenant_app.billing.monthly_counts import count_one
from tenant_app.database import Base, Database
from tenant_app.logs import get_log
from tenant_app.settings import Settings

ALERT_SHARE: Final = Decimal("0.8")
_NOTHING: Final = Decimal(0)

log = get_log(__name__)


class SpendingHold(Base):
    """What a call under way may cost at most."""

    __tablename__ = "spending_holds"

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(ExactEuros)


@dataclass(frozen=True)
class BudgetState:
    """Euros of one month: the limit (None: unlimited), what is spent, and what calls under way hold."""

    limit: Decimal | None
    spent: Decimal
    held: Decimal

    @property
    def nearly_spent(self) -> bool:
        """Whether 80 % of the limit are spent."""
        return self.limit is not None and self.spent >= ALERT_SHARE * self.limit

    def allows(self, amount: Decimal) -> bool:
        """Return whether a call of this price still fits."""
        return self.limit is None or self.spent + self.held + amount <= self.limit


class Budget:
    """The budget of one instance."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._limit = settings.llm_budget_monthly

    def hold(self, month: str, amount: Decimal) -> int | None:
        """Hold the highest price of a call; return the hold's id, None when the budget does not allow it."""
        with self._database.write() as session:
            allowed = _state(session, month, self._limit).allows(amount)
            if allowed:
                hold = SpendingHold(month=month, amount=amount)
                session.add(hold)
                session.flush()
                return hold.id
            first = count_one(session, month, "budget-spent") == 1
        if first:
            log.warning("llm_budget_spent", month=month, answers="local")
        return None

    def release(self, hold_id: int, month: str) -> None:
        """Let go of a hold whose call is settled; at 80 % the operator is told, once a month."""
        with self._database.write() as session:
            session.execute(delete(SpendingHold).where(SpendingHold.id == hold_id))
            nearly = _state(session, month, self._limit).nearly_spent
            first = nearly and count_one(session, month, "budget-nearly-spent") == 1
        if first:
            log.warning("llm_budget_nearly_spent", month=month, share=float(ALERT_SHARE))

    def release_all(self) -> None:
        """Let go of every hold. Only right at boot: what is held then was left by a process that died."""
        with self._database.write() as session:
            session.execute(delete(SpendingHold))

    def state(self, month: str) -> BudgetState:
        """Return where a month stands."""
        with self._database.read() as session:
            return _state(session, month, self._limit)


def _state(session: Session, month: str, limit: Decimal | None) -> BudgetState:
    spent = select(func.coalesce(func.sum(LedgerEntry.cost), 0, type_=ExactEuros)).where(
        LedgerEntry.month == month
    )
    held = select(func.coalesce(func.sum(SpendingHold.amount), 0, type_=ExactEuros)).where(
        SpendingHold.month == month
    )
    return BudgetState(limit, session.scalar(spent) or _NOTHING, session.scalar(held) or _NOTHING)
