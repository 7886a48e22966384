"""The one thread that works on the library beside the requests: reading, vectors, upkeep of the index."""

import threading
import time
from typing import Final

from tenant_app.library.child_reader import ChildReader
from tenant_app.library.ingest import Ingest
from tenant_app.library.service import Library
from tenant_app.logs import get_log
from tenant_app.retrieval.embedding import EmbeddingClient, EmbeddingsUnavailable
from tenant_app.retrieval.vector_index import VectorIndex

RETRY_SECONDS: Final = 10
"""How long a failing embedding server is left alone."""
_IDLE_SECONDS: Final = 30

_log = get_log(__name__)


class LibraryWorker:
    """Does one piece of work after the other until stopped; ``work`` wakes it."""

    def __init__(
        self,
        library: Library,
        ingest: Ingest,
        index: VectorIndex,
        reader: ChildReader,
        embeddings: EmbeddingClient,
        work: threading.Event,
    ) -> None:
        self._library = library
        self._ingest = ingest
        self._index = index
        self._reader = reader
        self._embeddings = embeddings
        self._work = work
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._embeddings_away_until = 0.0

    def start(self) -> None:
        """Take up what an earlier process left, in a thread of its own; returns at once."""
        self._library.sweep()
        self._thread = threading.Thread(target=self._run, name="library-worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cut the step in hand short, end, and close the vector store; what was cut short is done again."""
        self._stopping.set()
        for busy in (self._index, self._reader, self._embeddings):
            busy.interrupt()
        self._work.set()
        if self._thread is not None:
            self._thread.join()
        self._index.close()

    def _run(self) -> None:
        self._ingest.resume()
        while True:
            # Cleared before looking: whoever sets it from here on is heard, ``stop`` included.
            self._work.clear()
            if self._stopping.is_set():
                return
            if not self._step():
                self._work.wait(self._idle_seconds())

    def _step(self) -> bool:
        """Do the most urgent piece of work; return whether there was any."""
        try:
            return self._index.maintain() or self._ingest.read_next() or self._embed_next()
        except Exception as error:  # noqa: BLE001 - the thread must outlive a full disk or a locked database
            _log.error("library_step_failed", error=error, retry_seconds=RETRY_SECONDS)
            self._stopping.wait(RETRY_SECONDS)
            return True

    def _embed_next(self) -> bool:
        if time.monotonic() < self._embeddings_away_until:
            return False
        try:
            return self._ingest.embed_next()
        except EmbeddingsUnavailable as error:
            if self._stopping.is_set():
                return False
            _log.warning("embeddings_unavailable", reason=str(error), retry_seconds=RETRY_SECONDS)
            self._embeddings_away_until = time.monotonic() + RETRY_SECONDS
            self._ingest.finish_without_vectors()
            return False

    def _idle_seconds(self) -> float:
        away = self._embeddings_away_until - time.monotonic()
        return away if away > 0 else _IDLE_SECONDS
