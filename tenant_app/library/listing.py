"""Which documents are shown in a list: all, or those of a name, a state, a case; in pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from tenant_app.accounts.actor import Actor
from tenant_app.passages import Document, DocumentStatus
from tenant_app.retrieval.access import visible_documents
from tenant_app.retrieval.analysis import fold


@dataclass(frozen=True)
class Wanted:
    """What is asked of a list; nothing of it: every document.

    ``words`` must all stand in the name or folder, whatever their case and accents. ``limit`` documents are
    shown from number ``offset`` (0-based) on.
    """

    words: str = ""
    status: DocumentStatus | None = None
    case_id: int | None = None
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True)
class Listed:
    """Some of the ``total`` documents that are as wanted, newest first; ``all`` counts every visible one."""

    documents: Sequence[Document]
    total: int
    all: int


def list_documents(session: Session, actor: Actor, wanted: Wanted) -> Listed:
    """Return the documents the actor may see that are as wanted."""
    query = select(Document.id, Document.name, Document.folder).where(
        visible_documents(actor), *_conditions(wanted)
    )
    words = _folded(wanted.words).split()
    found = [
        row.id
        for row in session.execute(query.order_by(Document.id.desc()))
        # Compared here, because SQLite knows neither the accents nor the capitals of French.
        if all(word in _folded(f"{row.folder} {row.name}") for word in words)
    ]
    end = None if wanted.limit is None else wanted.offset + wanted.limit
    return Listed(_rows(session, found[wanted.offset : end]), len(found), _count(session, actor))


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = []
    if wanted.status is not None:
        conditions.append(Document.status == wanted.status)
    if wanted.case_id is not None:
        conditions.append(Document.case_id == wanted.case_id)
    return conditions


def _rows(session: Session, document_ids: Sequence[int]) -> Sequence[Document]:
    query = select(Document).where(Document.id.in_(document_ids)).order_by(Document.id.desc())
    return session.scalars(query).all()


def _count(session: Session, actor: Actor) -> int:
    return session.scalar(select(func.count(Document.id)).where(visible_documents(actor))) or 0


def _folded(text: str) -> str:
    return fold(text).lower()
