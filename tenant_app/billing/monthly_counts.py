"""What is counted by the month beside the ledger: questions off the documents, answers remembered."""

from typing import Literal

from sqlalchemy import String, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from tenant_app.database import Base

CountName = Literal[
    "off-topic", "from-cache", "fallback", "unsupported", "budget-nearly-spent", "budget-spent"
]


class MonthlyCount(Base):
    """How often something happened in a month (``YYYY-MM``)."""

    __tablename__ = "monthly_counts"

    month: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[CountName] = mapped_column(String, primary_key=True)
    count: Mapped[int]


def count_one(session: Session, month: str, name: CountName) -> int:
    """Count one more, in the caller's write transaction, and return how many there are now."""
    one = insert(MonthlyCount).values(month=month, name=name, count=1)
    counted = one.on_conflict_do_update(
        index_elements=["month", "name"], set_={"count": MonthlyCount.count + 1}
    ).returning(MonthlyCount.count)
    return session.execute(counted).scalar_one()


def counts_of(session: Session, month: str) -> dict[CountName, int]:
    """Return what was counted in a month; what never happened is left out."""
    rows = session.execute(select(MonthlyCount.name, MonthlyCount.count).where(MonthlyCount.month == month))
    return {row[0]: row[1] for row in rows}
