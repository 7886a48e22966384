"""Changing the embedding model: vectors of the new one are computed beside the old, then take their place.

Until the one switch, questions and new passages go on with the old model. Nothing of it is in memory only:
an interrupted change goes on where it was. Passages' own vectors are always those of one model. A model is
known by its stored name (``retrieval.model_prefixes``): another prefix of the passages is another model.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, func, insert, select, text

from tenant_app.database import Database
from tenant_app.library.embedding_queue import BATCH, words_to_embed
from tenant_app.logs import get_log
from tenant_app.passages import Chunk, ModelProgress, ShadowVector, model_progress, serving_model
from tenant_app.retrieval.embedding import EmbeddingClient
from tenant_app.retrieval.vector_index import VectorIndex

_SWITCH: Final = text(
    "UPDATE chunks SET embedding = shadow.embedding, embedding_model = shadow.model "
    "FROM shadow_vectors AS shadow WHERE shadow.chunk_id = chunks.id"
)

_log = get_log(__name__)


class ModelChange:
    """Brings one tenant's passages to the configured model; ``settle`` and ``advance`` are for one thread."""

    def __init__(
        self, database: Database, embeddings: EmbeddingClient, index: VectorIndex, configured: str
    ) -> None:
        self._database = database
        self._embeddings = embeddings
        self._index = index
        self._configured = configured
        self._serving = configured

    @property
    def pending(self) -> bool:
        """Whether the configured model is not the one that answers."""
        return self._serving != self._configured

    def settle(self) -> None:
        """Let the model answer whose vectors there are; forget those of one that was to come but does not."""
        with self._database.write() as session:
            self._serving = serving_model(session, self._configured)
            session.execute(delete(ShadowVector).where(ShadowVector.model != self._configured))
        if self.pending:
            _log.info("embedding_model_changing", serving=self._serving, coming=self._configured)
            self._serve(self._serving)

    def advance(self) -> bool:
        """Compute one batch of the new model's vectors, or switch; return whether there was anything to do.

        Raises EmbeddingsUnavailable; the old model goes on answering.
        """
        if not self.pending:
            return False
        chunks = self._without_shadow()
        if chunks:
            texts = [words_to_embed(chunk.heading, chunk.text) for chunk in chunks]
            self._keep(chunks, self._embeddings.embed_passages(texts, self._configured))
        else:
            self._switch()
        return True

    def progress(self) -> ModelProgress | None:
        """Return how far the change is, or None when there is none."""
        if not self.pending:
            return None
        with self._database.read() as session:
            return model_progress(session, self._configured)

    def _without_shadow(self) -> Sequence[Chunk]:
        query = (
            select(Chunk)
            .outerjoin(ShadowVector, ShadowVector.chunk_id == Chunk.id)
            .where(ShadowVector.chunk_id.is_(None))
            .order_by(Chunk.id)
            .limit(BATCH)
        )
        with self._database.read() as session:
            return session.scalars(query).all()

    def _keep(self, chunks: Sequence[Chunk], vectors: Sequence[bytes]) -> None:
        with self._database.write() as session:
            # A document may have been deleted meanwhile.
            present = set(
                session.scalars(select(Chunk.id).where(Chunk.id.in_([chunk.id for chunk in chunks])))
            )
            rows = [
                {"chunk_id": chunk.id, "model": self._configured, "embedding": vector}
                for chunk, vector in zip(chunks, vectors, strict=True)
                if chunk.id in present
            ]
            if rows:
                session.execute(insert(ShadowVector), rows)

    def _switch(self) -> None:
        """Put the new vectors in the old ones' place at once, unless a passage has come without one."""
        with self._database.write() as session:
            chunks = session.scalar(select(func.count(Chunk.id)))
            if chunks != session.scalar(select(func.count(ShadowVector.chunk_id))):
                return
            session.execute(_SWITCH)
            session.execute(delete(ShadowVector))
        _log.info("embedding_model_changed", model=self._configured, passages=chunks)
        self._serve(self._configured)

    def _serve(self, model: str) -> None:
        self._embeddings.model = model
        self._index.change_model(model)
        self._serving = model
