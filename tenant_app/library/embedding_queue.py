"""Passages that wait for their vectors: computed in batches, each written in its own transaction.

While one batch is written, the next is already being computed: the model, by far the slowest part, never
waits for a disk. A document deleted meanwhile simply has no rows left to fill; the requests for one whose
reading is cancelled are given up, and the server finishes at most the batch it has in hand.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.library.clearing import Clearing, Leftover
from tenant_app.library.reading_queue import SHARE_OF_READING
from tenant_app.library.versions import finish
from tenant_app.passages import HEADING_SEPARATOR, Chunk, Document, has_text
from tenant_app.retrieval.embedding import EmbeddingClient, EmbeddingsUnavailable, UnixConnection
from tenant_app.retrieval.vector_index import VectorIndex
from tenant_app.retrieval.vectors import dimension

BATCH: Final = 32
"""Passages per request: the server puts those of like length together, questions go first between them."""
REQUESTS_AHEAD: Final = 4


@dataclass(frozen=True, eq=False)
class _Request:
    """Passages whose vectors were asked for."""

    chunks: Sequence[Chunk]
    model: str
    answer: Future[list[bytes]]
    connection: UnixConnection
    given_up: threading.Event = field(default_factory=threading.Event)

    def give_up(self) -> None:
        """Let the answer fail at once: nobody wants it any more."""
        self.given_up.set()
        self.connection.abort()


class EmbeddingQueue:
    """Fills in missing vectors, oldest passages first; for one thread, ``give_up`` excepted."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        embeddings: EmbeddingClient,
        index: VectorIndex,
        clearing: Clearing,
    ) -> None:
        self._database = database
        self._clock = clock
        self._embeddings = embeddings
        self._index = index
        self._clearing = clearing
        self._asking = ThreadPoolExecutor(REQUESTS_AHEAD, thread_name_prefix="library-embeddings")
        self._asked: list[_Request] = []
        self._lock = threading.Lock()
        """Held to change what was asked, and to read it from another thread."""

    def embed_next(self) -> bool:
        """Write the vectors of one batch of passages; return whether any were missing.

        Raises EmbeddingsUnavailable; the passages then wait, findable by their words.
        """
        self._ask_ahead()
        if not self._asked:
            return False
        request = self._asked[0]
        try:
            vectors = request.answer.result()
        except EmbeddingsUnavailable:
            if request.given_up.is_set():
                return True
            self._forget(*self._asked)
            raise
        finally:
            self._forget(request)
        self._write(request, vectors)
        return True

    def give_up(self, document_id: int) -> None:
        """Stop computing the vectors of a document whose passages are gone; for any thread.

        Those asked for together with another document's are computed all the same.
        """
        with self._lock:
            asked = self._asked.copy()
        for request in asked:
            if all(chunk.document_id == document_id for chunk in request.chunks):
                request.give_up()

    def finish_without_vectors(self) -> None:
        """Call documents indexed that wait for nothing but vectors, when the embedding server is away."""
        with self._database.write() as session:
            waiting = session.scalars(select(Document).where(Document.status == "processing", has_text()))
            leftovers = [finish(session, document, self._clock.now()) for document in waiting.all()]
        self._clear(leftovers)

    def close(self) -> None:
        """End the threads that ask; the client was interrupted before."""
        self._asking.shutdown(cancel_futures=True)

    def _ask_ahead(self) -> None:
        while len(self._asked) < REQUESTS_AHEAD and (chunks := self._next_passages()):
            texts = [words_to_embed(chunk.heading, chunk.text) for chunk in chunks]
            model = self._embeddings.model
            connection = self._embeddings.passages_connection()
            answer = self._asking.submit(self._embeddings.embed_passages, texts, model, connection)
            with self._lock:
                self._asked.append(_Request(chunks, model, answer, connection))

    def _forget(self, *requests: _Request) -> None:
        with self._lock:
            self._asked = [request for request in self._asked if request not in requests]

    def _write(self, request: _Request, vectors: Sequence[bytes]) -> None:
        chunks = request.chunks
        self._index.accept_dimension(dimension(vectors[0]))
        with self._database.write() as session:
            for chunk, vector in zip(chunks, vectors, strict=True):
                session.execute(
                    update(Chunk)
                    .where(Chunk.id == chunk.id)
                    .values(embedding=vector, embedding_model=request.model)
                )
            leftovers = self._note_progress(session, {chunk.document_id for chunk in chunks})
        self._index.add([chunk.id for chunk in chunks])
        self._clear(leftovers)

    def _next_passages(self) -> Sequence[Chunk]:
        asked = [chunk.id for request in self._asked for chunk in request.chunks]
        query = (
            select(Chunk)
            .where(self._without_vector(), Chunk.id.not_in(asked))
            .order_by(Chunk.id)
            .limit(BATCH)
        )
        with self._database.read() as session:
            return session.scalars(query).all()

    def _without_vector(self) -> ColumnElement[bool]:
        return or_(Chunk.embedding_model.is_(None), Chunk.embedding_model != self._embeddings.model)

    def _note_progress(self, session: Session, document_ids: set[int]) -> list[Leftover | None]:
        """Say how far documents are; return what those that are finished left of an older version."""
        leftovers = []
        for document in session.scalars(select(Document).where(Document.id.in_(document_ids))).all():
            # A cancelled one has lost its passages.
            if not document.chunk_count:
                continue
            missing = session.scalar(
                select(func.count()).where(Chunk.document_id == document.id, self._without_vector())
            )
            done = 1 - (missing or 0) / document.chunk_count
            document.progress = SHARE_OF_READING + (1 - SHARE_OF_READING) * done
            document.updated_at = self._clock.now()
            if not missing:
                leftovers.append(finish(session, document, self._clock.now()))
        return leftovers

    def _clear(self, leftovers: Sequence[Leftover | None]) -> None:
        if found := [leftover for leftover in leftovers if leftover is not None]:
            self._clearing.clear(*found)


def words_to_embed(heading: str, text: str) -> str:
    """Return a passage under its innermost heading, which tells a model what it is about."""
    innermost = heading.rpartition(HEADING_SEPARATOR)[2]
    if not innermost or text.startswith(innermost):
        return text
    return f"{innermost}\n{text}"
