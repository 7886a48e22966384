"""The tables of what hangs on a case: notes, deadlines, and analyses with what they cite."""

from datetime import date, datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tenant_app.billing.models import Mode
from tenant_app.database import Base, UtcDateTime
from tenant_app.retrieval.language import Language

AnalysisStatus = Literal["running", "done", "failed"]
ANALYSIS_STATUSES: Final = get_args(AnalysisStatus)


class CaseNote(Base):
    """What somebody wrote down about a case. ``author`` is their name then: a user may be erased since."""

    __tablename__ = "case_notes"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    text: Mapped[str]
    author: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    key_id: Mapped[int | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CaseDeadline(Base):
    """A day by which something must be done; ``done_at`` is None while it is not."""

    __tablename__ = "case_deadlines"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    title: Mapped[str]
    due_on: Mapped[date] = mapped_column(index=True)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Analysis(Base):
    """One analysis of a case, asked for at ``created_at``; its content is there once it is ``done``."""

    __tablename__ = "analyses"
    __table_args__ = (
        CheckConstraint(f"status IN {ANALYSIS_STATUSES}", name="ck_analyses_status"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    status: Mapped[AnalysisStatus] = mapped_column(String, default="running")
    step: Mapped[str] = mapped_column(default="waiting")
    """What is being done, a code; the page shows it while the analysis runs."""
    author: Mapped[str]
    mode: Mapped[Mode | None] = mapped_column(String)
    language: Mapped[Language | None] = mapped_column(String)
    summary: Mapped[str] = mapped_column(default="")
    points: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """See ``analyses.content.Point``."""
    notices: Mapped[list[str]] = mapped_column(JSON, default=list)
    confidence: Mapped[float | None]
    threshold: Mapped[float]
    """``PREDICTION_THRESHOLD`` as it was: an analysis keeps the judgement it was given with."""
    prompt_version: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    citations: Mapped[list["AnalysisCitation"]] = relationship(
        order_by="AnalysisCitation.n", passive_deletes=True
    )

    @property
    def needs_review(self) -> bool:
        """Whether a human must check it before it is relied on."""
        return self.confidence is None or self.confidence < self.threshold


class AnalysisCitation(Base):
    """A passage as it was when the analysis was made, and the exact words of it that are cited.

    ``char_start`` and ``char_end`` count characters of the document's text.
    """

    __tablename__ = "analysis_citations"

    analysis_id: Mapped[int] = mapped_column(ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    chunk_id: Mapped[int]
    document_id: Mapped[int]
    document: Mapped[str]
    page: Mapped[int | None]
    passage: Mapped[str]
    quote: Mapped[str]
    char_start: Mapped[int]
    char_end: Mapped[int]
    score: Mapped[float]
