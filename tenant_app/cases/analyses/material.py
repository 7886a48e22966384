"""What an analysis works from: the case and its documents, read through the rights of who asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tenant_app.accounts.actor import Actor
from tenant_app.case_files import CaseFile
from tenant_app.cases.access import require_case
from tenant_app.cases.analyses.checklists import BEGINNING
from tenant_app.cases.analyses.content import Extract
from tenant_app.cases.models import CaseDeadline
from tenant_app.database import Database
from tenant_app.passages import Chunk, Document, DocumentText
from tenant_app.retrieval.access import visible_documents
from tenant_app.retrieval.language import Language, detect_language
from tenant_app.retrieval.search import Hit

MOST_PASSAGES: Final = 1_500
"""Of one case, about 500 pages: beyond that an analysis takes too long for somebody who waits."""
_SAMPLE: Final = 4_000


@dataclass(frozen=True)
class Recorded:
    """A deadline of the case's own record that is not done."""

    title: str
    due_on: date


@dataclass(frozen=True)
class Material:
    """A case as an analysis sees it.

    ``extracts`` are the passages of its documents, in order; ``documents`` the name and the beginning of
    each document; ``unread`` the names of those without text yet; ``cut`` tells that not all was read.
    """

    case: CaseFile
    language: Language
    extracts: tuple[Extract, ...]
    documents: tuple[str, ...]
    document_ids: frozenset[int]
    unread: tuple[str, ...]
    deadlines: tuple[Recorded, ...]
    cut: bool

    @property
    def question(self) -> str:
        """What the case is about, as a question to the library."""
        return f"{self.case.title}. {self.case.description}".strip()


def gather(database: Database, actor: Actor, case_id: int, default: Language) -> Material:
    """Return what there is of a case; raises NotFound."""
    with database.read() as session:
        case = require_case(session, actor, case_id)
        documents = session.scalars(
            select(Document)
            .where(Document.case_id == case_id, visible_documents(actor))
            .order_by(Document.id)
        ).all()
        extracts = _extracts(session, [document.id for document in documents])
        beginnings = _beginnings(session, documents)
        deadlines = session.scalars(
            select(CaseDeadline)
            .where(CaseDeadline.case_id == case_id, CaseDeadline.done_at.is_(None))
            .order_by(CaseDeadline.due_on)
        ).all()
    sample = " ".join(extract.text for extract in extracts[:20])[:_SAMPLE]
    return Material(
        case=case,
        language=detect_language(f"{case.title} {case.description} {sample}") or default,
        extracts=tuple(extracts[:MOST_PASSAGES]),
        documents=tuple(f"{document.name}\n{beginnings.get(document.id, '')}" for document in documents),
        document_ids=frozenset(document.id for document in documents),
        unread=tuple(document.name for document in documents if document.id not in beginnings),
        deadlines=tuple(Recorded(deadline.title, deadline.due_on) for deadline in deadlines),
        cut=len(extracts) > MOST_PASSAGES,
    )


def extracts_of(database: Database, hits: Sequence[Hit]) -> list[Extract]:
    """Return the passages search found as extracts, with where they begin; deleted ones are left out."""
    with database.read() as session:
        query = select(Chunk.id, Chunk.char_start).where(Chunk.id.in_([hit.chunk_id for hit in hits]))
        starts = dict(session.execute(query).all())
    return [
        Extract(
            hit.chunk_id,
            hit.document_id,
            hit.document,
            hit.page,
            hit.heading,
            hit.passage,
            starts[hit.chunk_id],
            hit.score,
        )
        for hit in hits
        if hit.chunk_id in starts
    ]


def _extracts(session: Session, document_ids: Sequence[int]) -> list[Extract]:
    query = (
        select(Chunk, Document.name)
        .join(Document, Document.id == Chunk.document_id)
        .where(Chunk.document_id.in_(document_ids))
        .order_by(Chunk.document_id, Chunk.ordinal)
        # One more than is read: it tells that there is more.
        .limit(MOST_PASSAGES + 1)
    )
    return [
        Extract(chunk.id, chunk.document_id, name, chunk.page, chunk.heading, chunk.text, chunk.char_start)
        for chunk, name in session.execute(query)
    ]


def _beginnings(session: Session, documents: Sequence[Document]) -> dict[int, str]:
    beginning = func.substr(DocumentText.text, 1, BEGINNING)
    ids = [document.id for document in documents]
    return dict(
        session.execute(
            select(DocumentText.document_id, beginning).where(DocumentText.document_id.in_(ids))
        ).all()
    )
