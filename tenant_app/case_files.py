"""Cases ("dossiers") and the one rule of who may see which; documents and questions hang on them."""

from datetime import datetime
from typing import Final, Literal, get_args

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Select, false, select, true
from sqlalchemy.orm import Mapped, Session, mapped_column

from tenant_app.accounts.actor import Actor
from tenant_app.database import Base, UtcDateTime

CaseStatus = Literal["open", "closed"]
CASE_STATUSES: Final = get_args(CaseStatus)


class CaseFile(Base):
    """One case. Ids are never used twice, so an old address cannot lead into another case."""

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint(f"status IN {CASE_STATUSES}", name="ck_cases_status"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    reference: Mapped[str] = mapped_column(default="")
    """The firm's own number for it."""
    description: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="open")
    key_id: Mapped[int | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))
    """The API key that opened the case, if a program did: it sees the case as a member does."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CaseMember(Base):
    """A user who may see a case."""

    __tablename__ = "case_members"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )


def visible_cases(actor: Actor) -> Select[int]:
    """Return the ids of the cases the actor may see: all with ``cases.manage``, else those they belong to."""
    return select(CaseFile.id).where(_is_seen_by(actor))


def _is_seen_by(actor: Actor) -> ColumnElement[bool]:
    if actor.may("cases.manage"):
        return true()
    if not actor.may("cases.read"):
        return false()
    if actor.user_id is not None:
        return CaseFile.id.in_(select(CaseMember.case_id).where(CaseMember.user_id == actor.user_id))
    return CaseFile.key_id == actor.key_id


def find_case(session: Session, actor: Actor, case_id: int) -> CaseFile | None:
    """Return a case the actor may see, or None: missing and not theirs are the same."""
    return session.scalar(
        select(CaseFile).where(CaseFile.id == case_id, CaseFile.id.in_(visible_cases(actor)))
    )
