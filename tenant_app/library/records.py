"""The rows of a document as the library changes them: found by who may, emptied, queued again."""

from datetime import datetime
from typing import Final

from flask_babel import lazy_gettext
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from tenant_app.accounts.actor import Actor
from tenant_app.case_files import find_case
from tenant_app.errors import Conflict, NotFound, TooLarge
from tenant_app.passages import Chunk, Document, DocumentText, library_totals
from tenant_app.retrieval.access import visible_documents
from tenant_app.retrieval.fulltext import remove_terms
from tenant_app.settings import BYTES_PER_MB

UNFINISHED: Final = ("queued", "processing")


def visible(session: Session, actor: Actor, document_id: int) -> Document:
    """Return one document. Raises NotFound."""
    document = session.scalar(select(Document).where(Document.id == document_id, visible_documents(actor)))
    if document is None:
        raise NotFound(lazy_gettext("Ce document n'existe pas."))
    return document


def require_open_case(session: Session, actor: Actor, case_id: int) -> None:
    """Raise NotFound when the actor sees no such case, Conflict when it takes no more documents."""
    case = find_case(session, actor, case_id)
    if case is None:
        raise NotFound(lazy_gettext("Ce dossier n'existe pas."))
    if case.status == "closed":
        raise Conflict(
            lazy_gettext("Ce dossier est clos : rouvrez-le pour changer ses documents."), code="case-closed"
        )


def require_room(session: Session, size: int, storage_bytes: int) -> None:
    """Raise TooLarge when so many more bytes of files would exceed the plan's storage."""
    _, taken = library_totals(session)
    if taken + size > storage_bytes:
        raise TooLarge(
            lazy_gettext(
                "L'espace de votre abonnement (%(size)s Mo) est plein : supprimez des documents "
                "ou changez d'abonnement.",
                size=storage_bytes // BYTES_PER_MB,
            ),
            code="storage-full",
        )


def same_content(session: Session, sha256: str, case_id: int | None) -> Document | None:
    """Return the document, or new version of one, with this content in the case (None: of the firm)."""
    place = Document.case_id.is_(None) if case_id is None else Document.case_id == case_id
    return session.scalar(select(Document).where(Document.sha256 == sha256, place))


def file_in_use(session: Session, sha256: str) -> bool:
    """Return whether some document's file has this content."""
    return session.scalar(select(Document.id).where(Document.sha256 == sha256).limit(1)) is not None


def drop_passages(session: Session, document_id: int) -> int:
    """Remove a document's text, passages and terms; return how many passages there were."""
    remove_terms(session, document_id)
    passages = session.scalar(select(func.count()).where(Chunk.document_id == document_id)) or 0
    session.execute(delete(Chunk).where(Chunk.document_id == document_id))
    session.execute(delete(DocumentText).where(DocumentText.document_id == document_id))
    return passages


def queue_again(document: Document, now: datetime) -> None:
    """Put a document whose reading failed back into the queue, as if it had just come."""
    document.status = "queued"
    document.error_code = None
    document.attempts = 0
    document.progress = 0.0
    document.updated_at = now
