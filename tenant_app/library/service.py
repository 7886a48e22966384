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
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import NotFound
from tenant_app.library.clearing import Clearing, Leftover
from tenant_app.library.intake import Intake, Limits, Place, Storage, new_row
from tenant_app.library.listing import Listed, Wanted, list_documents
from tenant_app.library.media_types import judge_media_type
from tenant_app.library.names import accepted_folder, accepted_name
from tenant_app.library.originals import SET_ASIDE_FOR, Originals, Received
from tenant_app.library.records import (
    UNFINISHED,
    drop_passages,
    queue_again,
    require_open_case,
    require_room,
    same_content,
    visible,
)
from tenant_app.logs import get_log
from tenant_app.passages import Chunk, Document, DocumentText, library_totals

CONTEXT_CHARACTERS: Final = 600
"""How much of the text around a passage is shown with it, on each side."""

_log = get_log(__name__)


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


Forget = Callable[[Session, int, Sequence[int]], None]


class Library:
    """The documents of one tenant.

    ``work`` is set when there is something for the worker to do; ``changed`` is called once a document has
    come or gone; ``forget`` is called with a case and the ids of documents of it, in the transaction that
    deletes them.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        originals: Originals,
        clearing: Clearing,
        limits: Limits,
        *,
        work: threading.Event,
        changed: Callable[[], None],
        forget: Forget,
    ) -> None:
        self._database = database
        self._clock = clock
        self._originals = originals
        self._clearing = clearing
        self._forget = forget
        self._work = work
        self._limits = limits
        self._changed = changed

    def receive(
        self,
        actor: Actor,
        stream: IO[bytes],
        name: str | None,
        case_id: int | None = None,
        folder: str | None = None,
        *,
        takes_room: bool = True,
    ) -> Intake:
        """Take an uploaded file into the firm's library, or into a case; it is read in the background.

        ``folder`` is where it lay, for people to see. The operator's own, which ``takes_room`` none, is not
        refused because the plan's storage is full.

        The same content again is the document there is; if reading it had failed, it is tried again.
        Raises InvalidInput (name, folder, empty file), TooLarge (file, storage of the plan), UnsupportedType,
        NotFound (the case), Conflict (a closed case).
        """
        name = accepted_name(name)
        place = Place(case_id, accepted_folder(folder))
        if case_id is not None:
            self._require_open_case(actor, case_id)
        received = self._originals.receive(stream, self._limits.upload_bytes)
        try:
            media_type = judge_media_type(received.path, name)
            with self._originals.changing:
                intake = self._register(actor, received, name, media_type, place, takes_room=takes_room)
        finally:
            received.discard()
        self._work.set()
        self._changed()
        return intake

    def documents(self, actor: Actor) -> Sequence[Document]:
        """Return every document the actor may see, newest first."""
        return self.listed(actor, Wanted()).documents

    def listed(self, actor: Actor, wanted: Wanted) -> Listed:
        """Return the documents the actor may see that are as wanted."""
        with self._database.read() as session:
            return list_documents(session, actor, wanted)

    def document(self, actor: Actor, document_id: int) -> Document:
        """Return one document. Raises NotFound."""
        with self._database.read() as session:
            return visible(session, actor, document_id)

    def storage(self) -> Storage:
        """Return how much of the plan's room for files is taken."""
        with self._database.read() as session:
            _, used = library_totals(session)
        return Storage(used, self._limits.storage_bytes)

    def pending(self) -> int:
        """Return how many documents are still to be read or to get their vectors."""
        query = select(func.count()).where(Document.status.in_(UNFINISHED))
        with self._database.read() as session:
            return session.scalar(query) or 0

    def remove(self, actor: Actor, document_id: int) -> None:
        """Remove a document, even one being read: nothing of it is found from now on. Raises NotFound."""
        with self._database.write() as session:
            document = visible(session, actor, document_id)
            if document.case_id is not None:
                require_open_case(session, actor, document.case_id)
                self._forget(session, document.case_id, [document_id])
            versions = [version for version in (document, document.replacement) if version is not None]
            leftovers = [Leftover(version.sha256, drop_passages(session, version.id)) for version in versions]
            session.execute(delete(Document).where(Document.id == document_id))
        self._clearing.clear(*leftovers)

    def remove_of_case(self, case_id: int, and_then: Callable[[Session], None]) -> None:
        """Remove every document of a case, and in the same transaction what ``and_then`` removes.

        Rights are the caller's: ``and_then`` raises to leave everything as it is.
        """
        of_the_case = Document.case_id == case_id
        with self._database.write() as session:
            documents = session.scalars(select(Document).where(of_the_case)).all()
            leftovers = [
                Leftover(document.sha256, drop_passages(session, document.id)) for document in documents
            ]
            self._forget(session, case_id, [document.id for document in documents])
            session.execute(delete(Document).where(of_the_case))
            and_then(session)
        self._clearing.clear(*leftovers)

    def original(self, actor: Actor, document_id: int) -> Original:
        """Return where the document's own file is. Raises NotFound."""
        document = self.document(actor, document_id)
        return Original(self._originals.path_of(document.sha256), document.name, document.media_type)

    def passage(self, actor: Actor, document_id: int, chunk_id: int) -> PassageInContext:
        """Return a passage of this very document with its surroundings. Raises NotFound."""
        with self._database.read() as session:
            document = visible(session, actor, document_id)
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
            document = visible(session, actor, document_id)
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
            visible(session, actor, document_id)
            return session.scalar(
                select(Chunk.ordinal).where(Chunk.id == chunk_id, Chunk.document_id == document_id)
            )

    def sweep(self) -> None:
        """Put away files left without a document; before the first upload is served."""
        with self._originals.changing:
            with self._database.read() as session:
                known = set(session.scalars(select(Document.sha256)))
            unclaimed = self._originals.sweep(known, self._clock.now())
        if unclaimed:
            _log.warning("originals_set_aside", files=unclaimed, days=SET_ASIDE_FOR.days)

    def _require_open_case(self, actor: Actor, case_id: int) -> None:
        with self._database.read() as session:
            require_open_case(session, actor, case_id)

    def _register(
        self,
        actor: Actor,
        received: Received,
        name: str,
        media_type: str,
        place: Place,
        *,
        takes_room: bool,
    ) -> Intake:
        with self._database.write() as session:
            known = same_content(session, received.sha256, place.case_id)
            if known is not None:
                if known.status == "failed":
                    queue_again(known, self._clock.now())
                # The content of a version being read is that of the document it is for.
                return Intake(known if known.replaces_id is None else _replaced(session, known), new=False)
            if takes_room:
                require_room(session, received.size, self._limits.storage_bytes)
            document = new_row(actor, received, name, media_type, self._clock.now())
            document.case_id, document.folder = place.case_id, place.folder
            session.add(document)
            # The file first: a row without its file could never be read, a file without a row is swept away.
            self._originals.keep(received)
        return Intake(document, new=True)


def _replaced(session: Session, version: Document) -> Document:
    return session.get_one(Document, version.replaces_id)


def _leaf(session: Session, chunk: Chunk, end: int) -> Leaf:
    text = _slice(session, chunk.document_id, chunk.char_start, end)
    return Leaf(chunk.id, chunk.ordinal, chunk.page, chunk.heading, text, chunk.char_start)


def _slice(session: Session, document_id: int, start: int, end: int) -> str:
    """Return characters [start, end) of a document's text, without loading the rest of it."""
    piece = func.substr(DocumentText.text, start + 1, max(0, end - start))
    return session.scalar(select(piece).where(DocumentText.document_id == document_id)) or ""
