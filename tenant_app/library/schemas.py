"""The JSON answers of the library's routes."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from tenant_app.library.failures import failure_message
from tenant_app.library.listing import Listed, Wanted
from tenant_app.library.service import PassageInContext
from tenant_app.passages import Document, DocumentStatus, DocumentVersion

Stage = Literal["waiting", "reading", "embedding", "done", "failed"]


class DocumentFailure(BaseModel):
    """Why a document could not be read."""

    code: str
    message: str

    @classmethod
    def of(cls, document: Document) -> Self | None:
        """Return the failure of a document, or None."""
        code = document.error_code
        return cls(code=code, message=failure_message(code)) if code else None


class ReplacementView(BaseModel):
    """A new version of a document, which takes its place once it is indexed; shown like a document."""

    name: str
    status: DocumentStatus
    stage: Stage
    error: DocumentFailure | None
    progress: float

    @classmethod
    def of(cls, version: Document | None) -> Self | None:
        """Return the view of a new version, or None for none."""
        if version is None:
            return None
        return cls(
            name=version.name,
            status=version.status,
            stage=_stage(version),
            error=DocumentFailure.of(version),
            progress=round(version.progress, 3),
        )


class DocumentView(BaseModel):
    """A document. ``size`` is in bytes, ``progress`` from 0 to 1; ``skipped_pages`` could not be read.

    ``case_id`` is the case it belongs to, null for the whole firm's. In stage ``embedding`` its words are
    found already. ``replacement`` is a new version being read, or one that could not be.
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
    folder: str
    stage: Stage
    version: int
    replacement: ReplacementView | None

    @classmethod
    def of(cls, document: Document) -> Self:
        """Return the view of a document, in the language of the request."""
        return cls(
            id=document.id,
            name=document.name,
            status=document.status,
            error=DocumentFailure.of(document),
            media_type=document.media_type,
            size=document.size,
            pages=document.pages,
            skipped_pages=[int(page) for page in document.skipped_pages.split(",") if page],
            chunks=document.chunk_count,
            progress=round(document.progress, 3),
            created_at=document.created_at,
            updated_at=document.updated_at,
            case_id=document.case_id,
            folder=document.folder,
            stage=_stage(document),
            version=document.version,
            replacement=ReplacementView.of(document.replacement),
        )


class DocumentList(BaseModel):
    """Documents, newest first; ``total`` counts those that are as asked but not shown here too."""

    documents: list[DocumentView]
    total: int

    @classmethod
    def of(cls, listed: Listed) -> Self:
        """Return the view of a list."""
        return cls(documents=[DocumentView.of(document) for document in listed.documents], total=listed.total)


class DocumentQuery(BaseModel):
    """Which documents are asked for: all, unless something is said. ``q`` are words of their names."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, Field(max_length=200)] = ""
    status: DocumentStatus | None = None
    case_id: Annotated[int, Field(ge=1, lt=10**18)] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] | None = None
    offset: Annotated[int, Field(ge=0, lt=10**9)] = 0

    def wanted(self) -> Wanted:
        """Return the same for the library."""
        return Wanted(self.q, self.status, self.case_id, self.limit, self.offset)


class VersionView(BaseModel):
    """What a document was until a new version took its place."""

    number: int
    name: str
    media_type: str
    size: int
    replaced_at: datetime

    @classmethod
    def of(cls, version: DocumentVersion) -> Self:
        """Return the view of an earlier version."""
        return cls(
            number=version.number,
            name=version.name,
            media_type=version.media_type,
            size=version.size,
            replaced_at=version.replaced_at,
        )


class VersionList(BaseModel):
    """Earlier versions, latest first."""

    versions: list[VersionView]


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


def _stage(document: Document) -> Stage:
    match document.status:
        case "queued":
            return "waiting"
        case "processing":
            return "embedding" if document.chunk_count else "reading"
        case "failed":
            return "failed"
        case _:
            return "done"
