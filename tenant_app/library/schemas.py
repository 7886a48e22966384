"""The JSON answers of the library's routes."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel

from tenant_app.library.failures import failure_message
from tenant_app.library.service import PassageInContext
from tenant_app.passages import Document, DocumentStatus


class DocumentFailure(BaseModel):
    """Why a document could not be read."""

    code: str
    message: str


class DocumentView(BaseModel):
    """A document. ``size`` is in bytes, ``progress`` from 0 to 1; ``skipped_pages`` could not be read.

    ``case_id`` is the case it belongs to, null for the whole firm's.
    """

    id: int
    name: str
    status: DocumentStatus
    error: DocumentFailure | None
    media_type: str
    size: int
    pages: int | None
    skipped_pages: list[int]
    chunks: int
    progress: float
    created_at: datetime
    updated_at: datetime
    case_id: int | None

    @classmethod
    def of(cls, document: Document) -> Self:
        """Return the view of a document, in the language of the request."""
        code = document.error_code
        return cls(
            id=document.id,
            name=document.name,
            status=document.status,
            error=DocumentFailure(code=code, message=failure_message(code)) if code else None,
            media_type=document.media_type,
            size=document.size,
            pages=document.pages,
            skipped_pages=[int(page) for page in document.skipped_pages.split(",") if page],
            chunks=document.chunk_count,
            progress=round(document.progress, 3),
            created_at=document.created_at,
            updated_at=document.updated_at,
            case_id=document.case_id,
        )


class DocumentList(BaseModel):
    """Every document, newest first."""

    documents: list[DocumentView]


class PassageView(BaseModel):
    """A passage for the citation viewer; offsets count characters of the document's text."""

    document_id: int
    document: str
    chunk_id: int
    page: int | None
    heading: str
    before: str
    passage: str
    after: str
    char_start: int
    char_end: int

    @classmethod
    def of(cls, found: PassageInContext) -> Self:
        """Return the view of a passage."""
        chunk = found.chunk
        return cls(
            document_id=found.document.id,
            document=found.document.name,
            chunk_id=chunk.id,
            page=chunk.page,
            heading=chunk.heading,
            before=found.before,
            passage=chunk.text,
            after=found.after,
            char_start=chunk.char_start,
            char_end=chunk.char_end,
        )
