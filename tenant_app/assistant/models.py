"""The assistant's tables: conversations, their turns and what each answer cites."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tenant_app.billing.models import Mode
from tenant_app.database import Base, UtcDateTime
from tenant_app.retrieval.language import Language

Rating = Literal["up", "down"]


class Conversation(Base):
    """Questions that belong together, of one user or of one API key; erased with their owner."""

    __tablename__ = "conversations"
    __table_args__ = (
        CheckConstraint("(user_id IS NULL) <> (key_id IS NULL)", name="ck_conversations_one_owner"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    key_id: Mapped[int | None] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    """The case the questions are about; None: all the owner may see."""
    title: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    turns: Mapped[list["Turn"]] = relationship(order_by="Turn.id", passive_deletes=True)


class Turn(Base):
    """One question and its answer."""

    __tablename__ = "turns"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    question: Mapped[str]
    answer: Mapped[str]
    mode: Mapped[Mode] = mapped_column(String)
    found: Mapped[bool]
    """False when the documents do not answer."""
    language: Mapped[Language] = mapped_column(String)
    notices: Mapped[list[str]] = mapped_column(JSON)
    """Codes of what the reader should know about how the answer was made."""
    prompt_version: Mapped[str | None]
    sentences: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """Where each sentence of the answer stands and whether the passages support it (``CheckedSentence``)."""
    near_misses: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """The closest passages of an answer not found (``NearMiss``)."""
    rating: Mapped[Rating | None] = mapped_column(String)
    comment: Mapped[str] = mapped_column(default="")
    rated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    citations: Mapped[list["CitedPassage"]] = relationship(order_by="CitedPassage.n", passive_deletes=True)


class CitedPassage(Base):
    """A passage as it was when the answer was given: it stays readable when the firm's document is deleted.

    See ``withholding`` for the documents of cases.
    """

    __tablename__ = "citations"

    turn_id: Mapped[int] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    chunk_id: Mapped[int]
    document_id: Mapped[int]
    document: Mapped[str]
    page: Mapped[int | None]
    passage: Mapped[str]
    quote: Mapped[str]
    score: Mapped[float]
