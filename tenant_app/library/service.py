"""The library: documents received, listed, read from and removed, each through the acting user's rights."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from flask_babel import lazy_gettext
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from tenant_app.accounts.actor import Actor
from tenant_app.case_files import find_case
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import Conflict, NotFound, TooLarge
from tenant_app.library.media_types import judge_media_type
from tenant_app.library.names import accepted_name
from tenant_app.library.originals import SET_ASIDE_FOR, Originals, Received
from tenant_app.logs import get_log
from tenant_app.passages import Chunk, Document, DocumentText, library_totals
from tenant_app.retrieval.access import visible_documents
from tenant_app.retrieval.fulltext import remove_terms
from tenant_app.retrieval.vector_index import VectorIndex
from tenant_app.settings import BYTES_PER_MB

CONTEXT_CHARACTERS: Final = 600
"""How much of the text around a passage is shown with it, on each side."""

_log = get_log(__name__)


@dataclass(frozen=True)
class Intake:
    """What became of an upload; ``new`` is false when the same content was there already."""

    document: Document
    new: bool


@dataclass(frozen=True)
class Original:
    """A document's own file."""

    path: Path
    name: str
    media_type: str


@dataclass(frozen=True)
class PassageInContext:
    """A passage with the text just before and after it in its document."""

    document: Document
    chunk: Chunk
    before: str
    after: str


@dataclass(frozen=True)
class Leaf:
    """A passage with the gap that follows it: the leaves of a document, joined, are its whole text."""

    chunk_id: int
    ordinal: int
    page: int | None
    heading: str
    text: str
    char_start: int


@dataclass(frozen=True)
class Reading:
    """Some consecutive leaves of a document that has `total` of them."""

    document: Document
    leaves: tuple[Leaf, ...]
    total: int


class Library:
    """The documents of one tenant.

    ``work`` is set when there is something for the worker to do; ``changed`` is called once a document has
    come or gone.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        originals: Originals,
        index: VectorIndex,
        work: threading.Event,
        *,
        upload_bytes: int,
        storage_bytes: int,
        changed: Callable[[], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._originals = originals
        self._index = index
        self._work = work
        self._upload_bytes = upload_bytes
        self._storage_bytes = storage_bytes
        self._changed = changed
        # A file and its row cannot change in one transaction; this keeps an upload of a content and a removal
        # of the same one apart. One process serves a tenant, so a lock in memory does.
        self._changing = threading.Lock()

    def receive(
        self, actor: Actor, stream: IO[bytes], name: str | None, case_id: int | None = None
    ) -> Intake:
        """Take an uploaded file into the firm's library, or into a case; it is read in the background.

        The same content again is the document there is; if reading it had failed, it is tried again.
        Raises InvalidInput (name, empty file), TooLarge (file, storage of the plan), UnsupportedType,
        NotFound (the case), Conflict (a closed case).
        """
        name = accepted_name(name)
        if case_id is not None:
            with self._database.read() as session:
                _require_open_case(session, actor, case_id)
        received = self._originals.receive(stream, self._upload_bytes)
        try:
            media_type = judge_media_type(received.path, name)
            with self._changing:
                intake = self._register(actor, received, name, media_type, case_id)
        finally:
            received.discard()
        self._work.set()
        self._changed()
        return intake

    def documents(self, actor: Actor) -> Sequence[Document]:
        """Return every document the actor may see, newest first."""
        query = select(Document).where(visible_documents(actor)).order_by(Document.id.desc())
        with self._database.read() as session:
            return session.scalars(query).all()

    def document(self, actor: Actor, document_id: int) -> Document:
        """Return one document. Raises NotFound."""
        with self._database.read() as session:
            return _visible(session, actor, document_id)

    def pending(self) -> int:
        """Return how many documents are still to be read or to get their vectors."""
        query = select(func.count()).where(Document.status.in_(("queued", "processing")))
        with self._database.read() as session:
            return session.scalar(query) or 0

    def remove(self, actor: Actor, document_id: int) -> None:
        """Remove a document, even one being read: nothing of it is found from now on. Raises NotFound."""
        with self._changing:
            with self._database.write() as session:
                document = _visible(session, actor, document_id)
                if document.case_id is not None:
                    _require_open_case(session, actor, document.case_id)
                remove_terms(session, document_id)
                passages = session.scalar(select(func.count()).where(Chunk.document_id == document_id)) or 0
                session.execute(delete(Document).where(Document.id == document_id))
            if not self._is_used(document.sha256):
                self._originals.remove(document.sha256)
        self._index.discount(passages)
        self._changed()

    def remove_of_case(self, case_id: int, and_then: Callable[[Session], None]) -> None:
        """Remove every document of a case, and in the same transaction what ``and_then`` removes.

        Rights are the caller's: ``and_then`` raises to leave everything as it is.
        """
        of_the_case = Document.case_id == case_id
        with self._changing:
            with self._database.write() as session:
                documents = session.scalars(select(Document).where(of_the_case)).all()
                passages = sum(document.chunk_count for document in documents)
                for document in documents:
                    remove_terms(session, document.id)
                session.execute(delete(Document).where(of_the_case))
                and_then(session)
            for sha256 in {document.sha256 for document in documents}:
                if not self._is_used(sha256):
                    self._originals.remove(sha256)
        self._index.discount(passages)
        self._changed()

    def original(self, actor: Actor, document_id: int) -> Original:
        """Return where the document's own file is. Raises NotFound."""
        document = self.document(actor, document_id)
        return Original(self._originals.path_of(document.sha256), document.name, document.media_type)

    def passage(self, actor: Actor, document_id: int, chunk_id: int) -> PassageInContext:
        """Return a passage of this very document with its surroundings. Raises NotFound."""
        with self._database.read() as session:
            document = _visible(session, actor, document_id)
            chunk = session.get(Chunk, chunk_id)
            if chunk is None or chunk.document_id != document_id:
                raise NotFound(lazy_gettext("Ce passage n'existe pas."))
            start = max(0, chunk.char_start - CONTEXT_CHARACTERS)
            before = _slice(session, document_id, start, chunk.char_start)
            after = _slice(session, document_id, chunk.char_end, chunk.char_end + CONTEXT_CHARACTERS)
        return PassageInContext(document, chunk, before, after)

    def leaves(self, actor: Actor, document_id: int, first_ordinal: int, count: int) -> Reading:
        """Return up to `count` leaves from `first_ordinal` (0-based) on. Raises NotFound."""
        query = (
            select(Chunk)
            .where(Chunk.document_id == document_id, Chunk.ordinal >= first_ordinal)
            .order_by(Chunk.ordinal)
            # One more than shown: it tells where the last one's gap ends.
            .limit(count + 1)
        )
        with self._database.read() as session:
            document = _visible(session, actor, document_id)
            chunks = session.scalars(query).all()
            ends = [following.char_start for following in chunks[1:]]
            leaves = [
                _leaf(session, chunk, end)
                for chunk, end in zip(
                    chunks[:count], [*ends, chunks[-1].char_end if chunks else 0], strict=False
                )
            ]
        return Reading(document, tuple(leaves), document.chunk_count)

    def ordinal_of(self, actor: Actor, document_id: int, chunk_id: int) -> int | None:
        """Return the place of a passage in this document, or None when it is not in it. Raises NotFound."""
        with self._database.read() as session:
            _visible(session, actor, document_id)
            return session.scalar(
                select(Chunk.ordinal).where(Chunk.id == chunk_id, Chunk.document_id == document_id)
            )

    def sweep(self) -> None:
        """Put away files left without a document; before the first upload is served."""
        with self._changing:
            with self._database.read() as session:
                known = set(session.scalars(select(Document.sha256)))
            unclaimed = self._originals.sweep(known, self._clock.now())
        if unclaimed:
            _log.warning("originals_set_aside", files=unclaimed, days=SET_ASIDE_FOR.days)

    def _is_used(self, sha256: str) -> bool:
        with self._database.read() as session:
            return session.scalar(select(Document.id).where(Document.sha256 == sha256).limit(1)) is not None

    def _register(
        self, actor: Actor, received: Received, name: str, media_type: str, case_id: int | None
    ) -> Intake:
        same_place = Document.case_id.is_(None) if case_id is None else Document.case_id == case_id
        with self._database.write() as session:
            known = session.scalar(select(Document).where(Document.sha256 == received.sha256, same_place))
            if known is not None:
                if known.status == "failed":
                    self._queue_again(known)
                return Intake(known, new=False)
            self._require_room(session, received.size)
            document = self._row(actor, received, name, media_type)
            document.case_id = case_id
            session.add(document)
            # The file first: a row without its file could never be read, a file without a row is swept away.
            self._originals.keep(received)
        return Intake(document, new=True)

    def _row(self, actor: Actor, received: Received, name: str, media_type: str) -> Document:
        now = self._clock.now()
        return Document(
            name=name,
            sha256=received.sha256,
            media_type=media_type,
            size=received.size,
            status="queued",
            created_at=now,
            updated_at=now,
            created_by=actor.user_id,
        )

    def _queue_again(self, document: Document) -> None:
        document.status = "queued"
        document.error_code = None
        document.attempts = 0
        document.updated_at = self._clock.now()

    def _require_room(self, session: Session, size: int) -> None:
        _, taken = library_totals(session)
        if taken + size > self._storage_bytes:
            raise TooLarge(
                lazy_gettext(
                    "L'espace de votre abonnement (%(size)s Mo) est plein : supprimez des documents "
                    "ou changez d'abonnement.",
                    size=self._storage_bytes // BYTES_PER_MB,
                ),
                code="storage-full",
            )


def _visible(session: Session, actor: Actor, document_id: int) -> Document:
    document = session.scalar(select(Document).where(Document.id == document_id, visible_documents(actor)))
    if document is None:
        raise NotFound(lazy_gettext("Ce document n'existe pas."))
    return document


def _require_open_case(session: Session, actor: Actor, case_id: int) -> None:
    case = find_case(session, actor, case_id)
    if case is None:
        raise NotFound(lazy_gettext("Ce dossier n'existe pas."))
    if case.status == "closed":
        raise Conflict(
            lazy_gettext("Ce dossier est clos : rouvrez-le pour changer ses documents."), code="case-closed"
        )


def _leaf(session: Session, chunk: Chunk, end: int) -> Leaf:
    text = _slice(session, chunk.document_id, chunk.char_start, end)
    return Leaf(chunk.id, chunk.ordinal, chunk.page, chunk.heading, text, chunk.char_start)


def _slice(session: Session, document_id: int, start: int, end: int) -> str:
    """Return characters [start, end) of a document's text, without loading the rest of it."""
    piece = func.substr(DocumentText.text, start + 1, max(0, end - start))
    return session.scalar(select(piece).where(DocumentText.document_id == document_id)) or ""
