"""A new version of a document: built beside the old one, which is found until the new one takes its place.

The new version is a row of ``documents`` of its own, read and indexed like any other but seen by nobody; it
names the document it ``replaces``. The document keeps its id; what it was called before is remembered.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from tenant_app.library.clearing import Leftover
from tenant_app.library.records import drop_passages
from tenant_app.passages import Chunk, Document, DocumentText, DocumentVersion

_TAKEN_OVER: Final = (
    "name",
    "sha256",
    "media_type",
    "size",
    "language",
    "pages",
    "skipped_pages",
    "chunk_count",
)


def finish(session: Session, document: Document, now: datetime) -> Leftover | None:
    """Call a document indexed; a new version takes the place of the old one, whose leftover is returned."""
    document.status = "indexed"
    document.updated_at = now
    if document.replaces_id is None:
        return None
    session.flush()
    old = session.get_one(Document, document.replaces_id)
    return _take_place(session, old, document, now)


def _take_place(session: Session, old: Document, new: Document, now: datetime) -> Leftover:
    leftover = Leftover(old.sha256, drop_passages(session, old.id))
    session.add(_remembered(old, now))
    for rows in (Chunk, DocumentText):
        session.execute(update(rows).where(rows.document_id == new.id).values(document_id=old.id))
    taken_over = {name: getattr(new, name) for name in _TAKEN_OVER}
    # Gone before its content is the old one's: the same content may stand there once.
    session.expunge(new)
    session.execute(delete(Document).where(Document.id == new.id))
    session.execute(
        update(Document)
        .where(Document.id == old.id)
        .values(
            **taken_over,
            status="indexed",
            error_code=None,
            attempts=0,
            progress=1.0,
            version=old.version + 1,
            updated_at=now,
        )
    )
    return leftover


def _remembered(document: Document, now: datetime) -> DocumentVersion:
    return DocumentVersion(
        document_id=document.id,
        number=document.version,
        name=document.name,
        media_type=document.media_type,
        size=document.size,
        replaced_at=now,
    )
