"""A second judgement of the best passages: a cross-encoder reads each together with the question.

It is the embedding server that runs it, when the host names a model. Its answer is waited for no longer than
a person would notice: late, unavailable or failing, the order stands as it was.
"""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from tenant_app.database import Database
from tenant_app.logs import get_log
from tenant_app.passages import Chunk
from tenant_app.retrieval.embedding import EmbeddingsUnavailable, UnixConnection, post
from tenant_app.retrieval.fusion import Ranked

CANDIDATES: Final = 30
MOST_SECONDS: Final = 1.5
RETRY_SECONDS: Final = 30.0
"""After a failure nobody waits for the cross-encoder so long."""
MOST_CHARACTERS: Final = 1_000
"""Of a passage: some 250 tokens of French; what a model takes grows with them, and somebody waits."""

_log = get_log(__name__)


class Reranker:
    """Puts the best passages in the order of a cross-encoder; safe to use from several threads."""

    def __init__(self, database: Database, socket_path: Path, model: str, tenant: str) -> None:
        self._database = database
        self._socket_path = socket_path
        self._model = model
        self._tenant = tenant
        self._not_before = 0.0
        self._failing = False

    def reorder(self, question: str, ranked: list[Ranked]) -> list[Ranked]:
        """Return the passages with the first CANDIDATES in their new order; the scores keep their places.

        Takes at most MOST_SECONDS; after a failure, told in the log once, the order is the given one.
        """
        first, rest = ranked[:CANDIDATES], ranked[CANDIDATES:]
        if time.monotonic() < self._not_before:
            return ranked
        texts = self._texts([passage.chunk_id for passage in first])
        # One deleted since has no text to judge, and is no hit either.
        present = [passage.chunk_id for passage in first if passage.chunk_id in texts]
        if len(present) < 2:
            return ranked
        try:
            order = self._ask(question, [texts[chunk_id] for chunk_id in present])
        except EmbeddingsUnavailable as error:
            self._note_failure(error)
            return ranked
        self._failing = False
        scores = [passage.score for passage in first if passage.chunk_id in texts]
        better = [Ranked(present[index], score) for index, score in zip(order, scores, strict=True)]
        return [*better, *rest]

    def _texts(self, chunk_ids: Sequence[int]) -> Mapping[int, str]:
        with self._database.read() as session:
            rows = session.execute(select(Chunk.id, Chunk.heading, Chunk.text).where(Chunk.id.in_(chunk_ids)))
            return {row.id: f"{row.heading}\n{row.text}".strip()[:MOST_CHARACTERS] for row in rows}

    def _ask(self, question: str, texts: Sequence[str]) -> list[int]:
        """Return the positions of the texts, best first. Raises EmbeddingsUnavailable."""
        connection = UnixConnection(self._socket_path, MOST_SECONDS)
        # The connection bears silence only; the whole answer has its limit as well.
        deadline = threading.Timer(MOST_SECONDS, connection.abort)
        deadline.start()
        body = {"model": self._model, "query": question, "documents": list(texts), "user": self._tenant}
        try:
            return _order(post(connection, "/v1/rerank", json.dumps(body), "question"), len(texts))
        finally:
            deadline.cancel()

    def _note_failure(self, error: EmbeddingsUnavailable) -> None:
        self._not_before = time.monotonic() + RETRY_SECONDS
        if not self._failing:
            _log.warning("search_without_reranking", reason=str(error), retry_seconds=RETRY_SECONDS)
        self._failing = True


def _order(answer: Any, expected: int) -> list[int]:
    try:
        results = sorted(answer["results"], key=lambda result: -result["relevance_score"])
        order = [result["index"] for result in results]
    except (KeyError, TypeError) as error:
        raise EmbeddingsUnavailable(f"the reranking answer has another shape: {error!r}") from error
    if sorted(order) != list(range(expected)):
        raise EmbeddingsUnavailable("the reranking answer does not hold one score per passage")
    return order
