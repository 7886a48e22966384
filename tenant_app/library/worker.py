"""The two threads that work on the library beside the requests: one reads, one computes vectors.

A document is findable by its words as soon as it is read, however many passages wait for their vectors.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from tenant_app.library.child_reader import ChildReader
from tenant_app.library.embedding_queue import EmbeddingQueue
from tenant_app.library.model_change import ModelChange
from tenant_app.library.reading_queue import ReadingQueue
from tenant_app.library.service import Library
from tenant_app.logs import get_log
from tenant_app.retrieval.embedding import EmbeddingClient, EmbeddingsUnavailable, ModelNotServed
from tenant_app.retrieval.vector_index import VectorIndex

RETRY_SECONDS: Final = 10
"""How long a failing embedding server is left alone."""
_IDLE_SECONDS: Final = 30

_log = get_log(__name__)


class LibraryWorker:
    """Does one piece of work after the other until stopped.

    ``to_read`` wakes the thread that reads, ``to_embed`` the one that computes vectors and keeps the index.
    """

    def __init__(
        self,
        library: Library,
        reading: ReadingQueue,
        embedding: EmbeddingQueue,
        change: ModelChange,
        index: VectorIndex,
        reader: ChildReader,
        embeddings: EmbeddingClient,
        to_read: threading.Event,
        to_embed: threading.Event,
    ) -> None:
        self._library = library
        self._reading = reading
        self._embedding = embedding
        self._change = change
        self._settled = False
        self._index = index
        self._reader = reader
        self._embeddings = embeddings
        self._to_read = to_read
        self._to_embed = to_embed
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._embeddings_away_until = 0.0

    def start(self) -> None:
        """Take up what an earlier process left, in threads of its own; returns at once."""
        self._library.sweep()
        self._begin("library-reading", self._reading.read_next, self._to_read)
        self._begin("library-embedding", self._embed_or_maintain, self._to_embed)

    def stop(self) -> None:
        """Cut the steps in hand short, end, and close the vector store; what was cut short is done again."""
        self._stopping.set()
        for busy in (self._index, self._reader, self._embeddings):
            busy.interrupt()
        for event in (self._to_read, self._to_embed):
            event.set()
        for thread in self._threads:
            thread.join()
        self._embedding.close()
        self._index.close()

    def _begin(self, name: str, step: Callable[[], bool], work: threading.Event) -> None:
        thread = threading.Thread(target=self._run, args=(step, work), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self, step: Callable[[], bool], work: threading.Event) -> None:
        while True:
            # Cleared before looking: whoever sets it from here on is heard, ``stop`` included.
            work.clear()
            if self._stopping.is_set():
                return
            if not self._done(step):
                work.wait(self._idle_seconds())

    def _done(self, step: Callable[[], bool]) -> bool:
        """Do the most urgent piece of work; return whether there was any."""
        try:
            return step()
        except Exception as error:  # noqa: BLE001 - the thread must outlive a full disk or a locked database
            _log.error("library_step_failed", error=error, retry_seconds=RETRY_SECONDS)
            self._stopping.wait(RETRY_SECONDS)
            return True

    def _embed_or_maintain(self) -> bool:
        if not self._settled:
            self._change.settle()
            self._settled = True
        return self._index.maintain() or self._embed_next()

    def _embed_next(self) -> bool:
        away = time.monotonic() < self._embeddings_away_until
        try:
            if not away:
                return self._compute()
        except EmbeddingsUnavailable as error:
            if self._stopping.is_set():
                return False
            _log.warning("embeddings_unavailable", reason=str(error), retry_seconds=RETRY_SECONDS)
            self._embeddings_away_until = time.monotonic() + RETRY_SECONDS
        self._embedding.finish_without_vectors()
        return False

    def _compute(self) -> bool:
        try:
            if self._embedding.embed_next():
                return True
        except ModelNotServed:
            # Without the old model, documents are found by their words until the new one's vectors are there.
            if not self._change.pending:
                raise
            self._embedding.finish_without_vectors()
        return self._change.advance()

    def _idle_seconds(self) -> float:
        away = self._embeddings_away_until - time.monotonic()
        return away if away > 0 else _IDLE_SECONDS
