"""What a person may do about a document's reading: cancel it, try again, give it a new version."""

import threading
from collections.abc import Callable, Sequence
from typing import IO, Final

from flask_babel import lazy_gettext
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tenant_app.accounts.actor import Actor
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import Conflict
from tenant_app.library.clearing import Clearing, Leftover
from tenant_app.library.intake import Intake, Limits, new_row
from tenant_app.library.media_types import judge_media_type
from tenant_app.library.names import accepted_name
from tenant_app.library.originals import Originals, Received
from tenant_app.library.records import (
    UNFINISHED,
    drop_passages,
    queue_again,
    require_open_case,
    require_room,
    same_content,
    visible,
)
from tenant_app.passages import Document, DocumentVersion

CANCELLED: Final = "cancelled"
"""The error code of a document whose reading somebody stopped."""


class DocumentJobs:
    """The reading of one tenant's documents, in the hands of its people.

    ``work`` is set when there is something to read; ``break_off`` stops the reading of a file, ``give_up``
    the computing of a document's vectors; ``changed`` is called once files have come or gone.
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
        break_off: Callable[[str], None],
        give_up: Callable[[int], None],
        changed: Callable[[], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._originals = originals
        self._clearing = clearing
        self._limits = limits
        self._work = work
        self._break_off = break_off
        self._give_up = give_up
        self._changed = changed

    def cancel(self, actor: Actor, document_id: int) -> Document:
        """Stop a reading, or give up a new version and keep the old one; nothing of what was read is kept.

        Raises NotFound, Conflict (nothing is being read).
        """
        with self._database.write() as session:
            document = visible(session, actor, document_id)
            unwanted = (document.replacement or document).id
            leftover = self._stop(session, document)
        self._break_off(leftover.sha256)
        self._give_up(unwanted)
        self._clearing.clear(leftover)
        return self._document(actor, document_id)

    def retry(self, actor: Actor, document_id: int) -> Document:
        """Read a document again, or its new version, whose reading failed. Raises NotFound, Conflict."""
        with self._database.write() as session:
            document = visible(session, actor, document_id)
            failed = document.replacement or document
            if failed.status != "failed":
                raise Conflict(lazy_gettext("La lecture de ce document n'a pas échoué."))
            queue_again(failed, self._clock.now())
        self._work.set()
        return self._document(actor, document_id)

    def replace(self, actor: Actor, document_id: int, stream: IO[bytes], name: str | None) -> Intake:
        """Take a new version in; the old one is found until the new one is indexed, and stays if that fails.

        A version that is still being read gives way to this one. The content there is already is not new.
        Raises NotFound, InvalidInput (name, empty file), TooLarge (file, storage), UnsupportedType, Conflict
        (the content of another document, a closed case).
        """
        name = accepted_name(name)
        self._document(actor, document_id)
        received = self._originals.receive(stream, self._limits.upload_bytes)
        try:
            media_type = judge_media_type(received.path, name)
            with self._originals.changing:
                new, replaced = self._register(actor, document_id, received, name, media_type)
        finally:
            received.discard()
        if replaced is not None:
            self._break_off(replaced.sha256)
            self._clearing.clear(replaced)
        self._work.set()
        self._changed()
        return Intake(self._document(actor, document_id), new)

    def versions(self, actor: Actor, document_id: int) -> Sequence[DocumentVersion]:
        """Return what the document was before, latest first. Raises NotFound."""
        query = (
            select(DocumentVersion)
            .where(DocumentVersion.document_id == document_id)
            .order_by(DocumentVersion.number.desc())
        )
        with self._database.read() as session:
            visible(session, actor, document_id)
            return session.scalars(query).all()

    def _document(self, actor: Actor, document_id: int) -> Document:
        with self._database.read() as session:
            return visible(session, actor, document_id)

    def _stop(self, session: Session, document: Document) -> Leftover:
        if document.replacement is not None:
            return _discard(session, document.replacement)
        if document.status not in UNFINISHED:
            raise Conflict(lazy_gettext("La lecture de ce document est déjà terminée."))
        document.status = "failed"
        document.error_code = CANCELLED
        document.progress = 0.0
        document.chunk_count = 0
        document.updated_at = self._clock.now()
        return Leftover(document.sha256, drop_passages(session, document.id))

    def _register(
        self, actor: Actor, document_id: int, received: Received, name: str, media_type: str
    ) -> tuple[bool, Leftover | None]:
        """Write the row of a new version; return whether it is new, and the unfinished one it displaced."""
        with self._database.write() as session:
            document = visible(session, actor, document_id)
            if document.case_id is not None:
                require_open_case(session, actor, document.case_id)
            known = same_content(session, received.sha256, document.case_id)
            if known is not None:
                self._require_own(known, document)
                return False, None
            require_room(session, received.size, self._limits.storage_bytes)
            displaced = document.replacement
            replaced = None if displaced is None else _discard(session, displaced)
            session.add(self._version_row(actor, document, received, name, media_type))
            session.flush()
            self._originals.keep(received)
        return True, replaced

    def _require_own(self, known: Document, document: Document) -> None:
        if known.id != document.id and known.replaces_id != document.id:
            raise Conflict(
                lazy_gettext("Ce contenu est déjà celui du document « %(name)s ».", name=known.name)
            )
        if known.status == "failed":
            queue_again(known, self._clock.now())

    def _version_row(
        self, actor: Actor, document: Document, received: Received, name: str, media_type: str
    ) -> Document:
        row = new_row(actor, received, name, media_type, self._clock.now())
        row.case_id = document.case_id
        row.replaces_id = document.id
        return row


def _discard(session: Session, version: Document) -> Leftover:
    """Remove the rows of an unfinished version; return what else there is of it."""
    leftover = Leftover(version.sha256, drop_passages(session, version.id))
    session.execute(delete(Document).where(Document.id == version.id))
    return leftover
