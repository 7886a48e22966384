"""Who used the instance in which month. Sign-ins are forgotten once they expire; this is not."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from tenant_app.database import Base


class UserActivity(Base):
    """A user signed in or asked something in a month (``YYYY-MM``); erased with the user."""

    __tablename__ = "user_activity"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True, index=True)


def note_activity(session: Session, user_id: int, month: str) -> None:
    """Remember that the user was active in the month; once is enough."""
    session.execute(insert(UserActivity).values(user_id=user_id, month=month).on_conflict_do_nothing())


def active_months(session: Session) -> Sequence[str]:
    """Return the months in which any of the present users was active."""
    return session.scalars(select(UserActivity.month).distinct()).all()


def last_active_months(session: Session) -> Mapping[int, str]:
    """Return the last month in which each of the present users was active, if ever."""
    last = select(UserActivity.user_id, func.max(UserActivity.month).label("month")).group_by(
        UserActivity.user_id
    )
    return {row.user_id: row.month for row in session.execute(last)}


def count_active_users(session: Session, month: str) -> int:
    """Return how many of the present users were active in the month."""
    return session.scalar(select(func.count()).where(UserActivity.month == month)) or 0
