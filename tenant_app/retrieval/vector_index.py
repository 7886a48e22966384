"""The vector index: Chroma when it is open and whole, the vectors in SQLite otherwise.

SQLite holds every vector; Chroma is a copy that answers faster and can be thrown away. Requests only ask
(``nearest``) and note deletions (``discount``); opening, filling and rebuilding are done by the one worker
thread (``maintain``, ``add``), because they take seconds, while questions are answered exactly from SQLite.
"""

import threading
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import func, update

from tenant_app.database import Database
from tenant_app.logs import get_log
from tenant_app.passages import Chunk
from tenant_app.retrieval.chroma_store import ChromaStore
from tenant_app.retrieval.exact import ExactSearch
from tenant_app.retrieval.store_directories import StoreDirectories
from tenant_app.retrieval.store_opening import StoreOpening
from tenant_app.retrieval.vectors import BYTES_PER_VALUE, DimensionMismatch

RETRY_SECONDS: Final = 60
SETTLING_SECONDS: Final = 30
"""After a change of model; a question's vector is waited for some 4 seconds."""
TOLERATED_DEAD_ENTRIES: Final = 500
"""Deleted passages the store may hold before it is rebuilt; each makes every question ask for one more."""

IndexState = Literal["closed", "opening", "ready"]

_LONGEST_LOGGED: Final = 300

_log = get_log(__name__)


class VectorIndex:
    """The vectors of one model over one tenant's passages.

    ``work`` is set whenever ``maintain`` has something to do.
    """

    def __init__(self, database: Database, root: Path, model: str, work: threading.Event) -> None:
        self._database = database
        self._model = model
        self._work = work
        self._exact = ExactSearch(database, model)
        self._directories = StoreDirectories(root)
        self._opening = StoreOpening(database, self._directories, model)
        self._store: ChromaStore | None = None
        self._dead_entries = 0
        self._wanted = False
        self._not_before = 0.0
        self._other_dimension: int | None = None
        self._accepted_dimension = 0
        self._believe_questions_from = 0.0
        self._stop = threading.Event()

    @property
    def state(self) -> IndexState:
        """``ready`` while Chroma answers, ``opening`` while it is to be opened or rebuilt."""
        if self._store is not None:
            return "ready"
        return "opening" if self._wanted else "closed"

    def nearest(self, vector: bytes, most: int, documents: Collection[int] | None = None) -> dict[int, float]:
        """Return the cosines of the nearest passages, best first; some may have been deleted since.

        With ``documents``, only their passages are compared, exactly, each one of them.
        Raises DimensionMismatch when the stored vectors have another number of values; the worker then has
        them computed again.
        """
        store = self._store
        try:
            if store is None or documents is not None:
                return self._nearest_exactly(vector, most, documents)
            return self._ask(store, vector, most)
        except DimensionMismatch as mismatch:
            if time.monotonic() >= self._believe_questions_from:
                self._other_dimension = mismatch.found
                self._work.set()
            raise

    def add(self, chunk_ids: Sequence[int]) -> None:
        """Add passages whose vectors are committed; for the worker thread."""
        self._exact.forget()
        store = self._store
        if store is None:
            # Opening brings in everything that is missing.
            self._want()
            return
        try:
            self._opening.copy(store, chunk_ids)
        except Exception as error:  # noqa: BLE001 - whatever Chroma raises, SQLite still has the vectors
            self._abandon(store, error)

    def discount(self, passages: int) -> None:
        """Note that so many passages were deleted from SQLite."""
        self._exact.forget()
        self._dead_entries += passages
        if self._dead_entries > TOLERATED_DEAD_ENTRIES:
            self._work.set()

    def accept_dimension(self, dimension: int) -> None:
        """Forget this model's vectors with another number of values; for the worker thread."""
        if dimension == self._accepted_dimension:
            return
        other = func.length(Chunk.embedding) != BYTES_PER_VALUE * dimension
        with self._database.write() as session:
            forgotten = session.scalars(
                update(Chunk)
                .where(Chunk.embedding_model == self._model, other)
                .values(embedding=None, embedding_model=None)
                .returning(Chunk.id)
            ).all()
        self._accepted_dimension = dimension
        if forgotten:
            _log.warning("embedding_dimension_changed", dimension=dimension, passages=len(forgotten))
            self._exact.forget()
            self._close_store()
            self._want()

    def change_model(self, model: str) -> None:
        """Answer from another model's vectors from now on; for the worker thread.

        A question whose vector was computed just before has another model's: what it says of the number of
        values is not believed for a while.
        """
        self._close_store()
        self._model = model
        self._exact = ExactSearch(self._database, model)
        self._opening = StoreOpening(self._database, self._directories, model)
        self._accepted_dimension = 0
        self._believe_questions_from = time.monotonic() + SETTLING_SECONDS
        self._want()

    def maintain(self) -> bool:
        """Do one piece of pending work, which may take a minute; return whether there was any.

        For the worker thread.
        """
        if self._other_dimension is not None:
            self.accept_dimension(self._other_dimension)
            self._other_dimension = None
            return True
        if self._dead_entries > TOLERATED_DEAD_ENTRIES:
            self._dead_entries = 0
            self._close_store()
            self._want()
        if self._store is not None or not self._wanted or time.monotonic() < self._not_before:
            return False
        self._open()
        return True

    def interrupt(self) -> None:
        """Make an opening under way in the worker thread stop early."""
        self._stop.set()

    def close(self) -> None:
        """Close the store, so that the next start finds it whole."""
        self._stop.set()
        self._close_store()

    def _nearest_exactly(
        self, vector: bytes, most: int, documents: Collection[int] | None
    ) -> dict[int, float]:
        found = self._exact.nearest(vector, most, documents)
        if found and self._store is None:
            self._want()
        return found

    def _ask(self, store: ChromaStore, vector: bytes, most: int) -> dict[int, float]:
        try:
            return store.nearest(vector, most + self._dead_entries)
        except DimensionMismatch:
            raise
        except Exception as error:  # noqa: BLE001 - whatever Chroma raises, SQLite still has the vectors
            self._abandon(store, error)
            return self._exact.nearest(vector, most)

    def _want(self) -> None:
        self._wanted = True
        self._work.set()

    def _open(self) -> None:
        try:
            self._store = self._opening.open(self._stop)
        except Exception as error:  # noqa: BLE001 - without Chroma every question is still answered, exactly
            _log.error("vector_store_not_opened", why=_in_short(error), retry_seconds=RETRY_SECONDS)
            self._not_before = time.monotonic() + RETRY_SECONDS
            return
        self._wanted = False
        self._exact.forget()

    def _abandon(self, store: ChromaStore, error: Exception) -> None:
        """Stop using a store that failed while open; a new one is built."""
        _log.error("vector_store_failed", why=_in_short(error))
        if self._store is store:
            self._store = None
            self._opening.condemn()
        self._want()

    def _close_store(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            self._opening.close(store)


def _in_short(error: Exception) -> str:
    """Return the kind of error and the beginning of its message: Chroma quotes whole vectors in some."""
    return repr(error)[:_LONGEST_LOGGED]
