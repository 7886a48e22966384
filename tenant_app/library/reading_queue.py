"""Documents that wait to be read: each becomes findable by its words, whole or not at all.

The queue is the ``documents`` table itself, so it survives any end of the process. A document's text,
passages and words appear in one transaction; its vectors follow (``embedding_queue``).
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy import and_, or_, select, update
from sqlalchemy.exc import OperationalError

from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.library.child_reader import ChildReader, ReadingInterrupted
from tenant_app.library.originals import Originals
from tenant_app.library.parsing.protocol import Extraction, ParseError
from tenant_app.library.storing import PreparedText, prepare_text, write_text
from tenant_app.logs import get_log
from tenant_app.passages import Document, has_text
from tenant_app.retrieval.language import Language

MOST_ATTEMPTS: Final = 3
"""A file during whose reading the program died or failed so often is given up."""
SHARE_OF_READING: Final = 0.2
"""How much of a document's progress its reading is; computing vectors takes the rest."""

_log = get_log(__name__)


class ReadingQueue:
    """Reads queued documents, oldest first; for one thread, which ``break_off`` may cut short.

    ``stored`` is called when a document has become findable by its words.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        originals: Originals,
        reader: ChildReader,
        default_language: Language,
        stored: Callable[[], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._originals = originals
        self._reader = reader
        self._default_language: Language = default_language
        self._stored = stored

    def read_next(self) -> bool:
        """Read the oldest queued document and make it findable by its words; return whether there was one.

        Raises OSError and OperationalError when there is no room or memory for it: it then waits its turn.
        Whatever else is raised counts as an attempt.
        """
        document = self._take()
        if document is None:
            return False
        try:
            prepared = prepare_text(document.name, self._read(document), self._default_language)
            self._store(document.id, prepared)
        except ParseError as failure:
            _log.info("document_refused", document_id=document.id, code=failure.code, reason=str(failure))
            self._change(document.id, status="failed", error_code=failure.code, progress=0.0)
        except ReadingInterrupted:
            self._put_back(document.id)
        except (OSError, OperationalError):
            # The machine's fault, not the file's.
            self._put_back(document.id)
            raise
        return True

    def break_off(self, sha256: str) -> None:
        """Stop reading this file, if it is in hand; a document that is still wanted waits its turn again."""
        self._reader.break_off(self._originals.path_of(sha256))

    def _take(self) -> Document | None:
        # One thread reads: what is in hand but has no text was let go by a step that failed, or by a process
        # that ended.
        let_go = and_(Document.status == "processing", ~has_text())
        with self._database.write() as session:
            document = session.scalar(
                select(Document)
                .where(or_(Document.status == "queued", let_go))
                .order_by(Document.id)
                .limit(1)
            )
            if document is not None:
                document.status = "processing"
                document.progress = 0.0
                document.attempts += 1
                document.updated_at = self._clock.now()
            return document

    def _read(self, document: Document) -> Extraction:
        if document.attempts > MOST_ATTEMPTS:
            raise ParseError("damaged", f"reading this file was broken off {MOST_ATTEMPTS} times")
        output = self._originals.reading_output()
        try:
            return self._reader.read(self._originals.path_of(document.sha256), document.media_type, output)
        finally:
            output.unlink()

    def _store(self, document_id: int, prepared: PreparedText) -> None:
        """Write what was read, unless the document was deleted or its reading cancelled meanwhile."""
        with self._database.write() as session:
            document = session.get(Document, document_id)
            if document is None or document.status != "processing":
                return
            write_text(session, document, prepared)
            document.progress = SHARE_OF_READING
            document.updated_at = self._clock.now()
        self._stored()

    def _put_back(self, document_id: int) -> None:
        self._change(document_id, status="queued", attempts=Document.attempts - 1)

    def _change(self, document_id: int, **values: object) -> None:
        """Say what became of the document in hand, unless it was cancelled meanwhile."""
        with self._database.write() as session:
            session.execute(
                update(Document)
                .where(Document.id == document_id, Document.status == "processing")
                .values(updated_at=self._clock.now(), **values)
            )
