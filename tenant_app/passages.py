"""The library's tables, shared by retrieval, library and assistant: documents and the passages cut from them.

SQLite is the truth about a document: its text, its passages, their words for full-text search and their
vectors. The original file and the vector index (Chroma) hang on these rows, never the other way round.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    case,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tenant_app.database import Base, UtcDateTime

DocumentStatus = Literal["queued", "processing", "indexed", "failed"]
STATUSES: Final = get_args(DocumentStatus)
HEADING_SEPARATOR: Final = " › "


class Document(Base):
    """One uploaded file. Ids are never used twice, so an old citation cannot point at another document."""

    __tablename__ = "documents"
    __table_args__ = (
        # The same content is one document of the firm, and one of each case it was put in.
        Index("uq_documents_firm", "sha256", unique=True, sqlite_where=text("case_id IS NULL")),
        Index("uq_documents_case", "sha256", "case_id", unique=True),
        Index("uq_documents_replaces_id", "replaces_id", unique=True),
        CheckConstraint(f"status IN {STATUSES}", name="ck_documents_status"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    """What the uploader called the file: shown to people, never used as a path."""
    sha256: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    """Bytes of the original file."""
    status: Mapped[str]
    error_code: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    """How often reading was begun; a file that kills the program each time must not do so for ever."""
    language: Mapped[str | None]
    pages: Mapped[int | None]
    skipped_pages: Mapped[str] = mapped_column(default="")
    """Page numbers that could not be read, comma separated, while the others were."""
    chunk_count: Mapped[int] = mapped_column(default=0)
    progress: Mapped[float] = mapped_column(default=0.0)
    """Share of the work done, 0 to 1."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    case_id: Mapped[int | None] = mapped_column(
        ForeignKey("cases.id", name="fk_documents_case_id"), index=True
    )
    """The case whose members alone see it; None for the whole firm's."""
    folder: Mapped[str] = mapped_column(default="")
    """Where the file lay, parts joined by ``/``; empty for none."""
    version: Mapped[int] = mapped_column(default=1)
    replaces_id: Mapped[int | None] = mapped_column(
        ForeignKey("documents.id", name="fk_documents_replaces_id", ondelete="CASCADE")
    )
    """The document this row is a new version of, while it is being read; nobody sees such a row."""
    replacement: Mapped["Document | None"] = relationship(
        foreign_keys="Document.replaces_id",
        primaryjoin="Document.id == foreign(Document.replaces_id)",
        uselist=False,
        viewonly=True,
        lazy="selectin",
        join_depth=1,
    )
    """The new version being read, or that could not be."""


class DocumentVersion(Base):
    """What a document was before a new version took its place; its file is gone."""

    __tablename__ = "document_versions"

    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    replaced_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DocumentText(Base):
    """The text read from a document; the offsets of its passages count its characters."""

    __tablename__ = "document_texts"

    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    text: Mapped[str]


class Chunk(Base):
    """One passage: a slice of its document's text, with where it stands and its vector."""

    __tablename__ = "chunks"
    __table_args__ = (
        Index("ix_chunks_document_id_ordinal", "document_id", "ordinal", unique=True),
        Index("ix_chunks_embedding_model", "embedding_model"),
        Index("ix_chunks_without_vector", "document_id", sqlite_where=text("embedding_model IS NULL")),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    ordinal: Mapped[int]
    page: Mapped[int | None]
    """1-based page of the passage's first character; None for formats without pages."""
    heading: Mapped[str]
    """The headings the passage stands under, outermost first, joined by ``HEADING_SEPARATOR``."""
    text: Mapped[str]
    char_start: Mapped[int]
    char_end: Mapped[int]
    embedding: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """Little-endian float32 values, of length 1 (L2), or None while not computed."""
    embedding_model: Mapped[str | None]
    """The model's stored name: with the prefix the passage was given (``retrieval.model_prefixes``)."""


class ShadowVector(Base):
    """A passage's vector by the embedding model that is to come; see ``library.model_change``."""

    __tablename__ = "shadow_vectors"

    chunk_id: Mapped[int] = mapped_column(ForeignKey("chunks.id", ondelete="CASCADE"), primary_key=True)
    model: Mapped[str]
    embedding: Mapped[bytes] = mapped_column(LargeBinary)


def has_text() -> ColumnElement[bool]:
    """Return the condition that rows of ``documents`` fulfil once they were read."""
    return Document.id.in_(select(DocumentText.document_id))


def library_totals(session: Session) -> tuple[int, int]:
    """Return how many documents are kept and how many bytes their originals take, new versions' included."""
    is_document = case((Document.replaces_id.is_(None), 1))
    count, size = session.execute(
        select(func.count(is_document), func.coalesce(func.sum(Document.size), 0))
    ).one()
    return count, size


@dataclass(frozen=True)
class ModelProgress:
    """How far a change of embedding model is: ``done`` of ``total`` passages have a vector of ``coming``."""

    serving: str
    coming: str
    done: int
    total: int


def model_progress(session: Session, configured: str) -> ModelProgress | None:
    """Return how far the change to the configured model (a stored name) is, or None when there is none."""
    serving = serving_model(session, configured)
    if serving == configured:
        return None
    done = session.scalar(select(func.count()).where(ShadowVector.model == configured)) or 0
    total = session.scalar(select(func.count(Chunk.id))) or 0
    return ModelProgress(serving, configured, done, total)


def serving_model(session: Session, configured: str) -> str:
    """Return the stored name of the model whose vectors there are; without any, the configured one."""
    known = Chunk.embedding_model
    if session.scalar(select(known).where(known == configured).limit(1)) is not None:
        return configured
    return session.scalar(select(known).where(known.is_not(None)).limit(1)) or configured
