"""How long a search takes in a library of 20,000 passages, the embedding of the question apart.

The passages are those of the sets of questions, over and over, each copy under a number of its own; their
vectors are random, which costs an index as much as real ones. Beside it stand its two parts alone: the bare
FTS5 query over the same terms and the bare Chroma query.
"""

from __future__ import annotations

import itertools
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.libraries import set_folders
from benchmarks.question_sets import QuestionSet, read_set
from benchmarks.report import against_target, milliseconds, table
from tenant_app.accounts.actor import OPERATOR
from tenant_app.accounts.models import User  # noqa: F401 - documents refer to its table
from tenant_app.database import Database
from tenant_app.library.chunking import LONGEST_PASSAGE
from tenant_app.migrations.upgrade import migrate
from tenant_app.passages import Chunk, Document
from tenant_app.retrieval.analysis import analyse
from tenant_app.retrieval.embedding import EmbeddingClient
from tenant_app.retrieval.fulltext import match_terms, terms_of, write_terms
from tenant_app.retrieval.language import detect_language
from tenant_app.retrieval.search import CANDIDATES, Search
from tenant_app.retrieval.vector_index import VectorIndex
from tenant_app.retrieval.vocabulary import Vocabulary

_PASSAGES: Final = 20_000
_PASSAGES_OF_A_DOCUMENT: Final = 10
_QUESTIONS: Final = 200
_MODEL: Final = "random"
_DIMENSION: Final = 384
_TARGET_MILLISECONDS: Final = 40.0
_NOW: Final = datetime(2025, 1, 1, tzinfo=UTC)


class _ReadyVectors(EmbeddingClient):
    """Answers at once with a random vector: what the question's own costs is not measured here."""

    def __init__(self) -> None:
        super().__init__(Path("/nowhere"), _MODEL, "benchmark")
        self._chance = np.random.default_rng(1)

    def embed_question(self, text: str) -> bytes:  # noqa: ARG002 - any question gets any vector
        return _vectors(self._chance, 1)[0]


def run() -> None:
    """Fill a library, ask it, and print the table."""
    sets = [read_set(path) for path in set_folders()]
    asked = [question.text for one in sets for question in one.questions]
    asked = random.Random(1).sample(asked, min(_QUESTIONS, len(asked)))  # noqa: S311 - the same each time
    with tempfile.TemporaryDirectory(prefix="tenantry-bench-speed-") as folder:
        database = Database(Path(folder) / "tenant.sqlite3")
        migrate(database)
        _fill(database, sets)
        index = VectorIndex(database, Path(folder) / "chroma", _MODEL, threading.Event())
        _print(database, index, asked)
        index.close()
        database.close()


def _print(database: Database, index: VectorIndex, asked: Sequence[str]) -> None:
    vectors = _ReadyVectors()
    search = Search(database, index, vectors, "fr", Vocabulary({}))
    exact = _times(asked, lambda question: search.search(OPERATOR, question, 10))
    while index.maintain():
        pass
    if index.state != "ready":
        raise RuntimeError("Chroma did not open: this would measure exact search only")
    whole = _times(asked, lambda question: search.search(OPERATOR, question, 10))
    words = _times(asked, lambda question: _match(database, question))
    nearest = _times(asked, lambda question: index.nearest(vectors.embed_question(question), CANDIDATES))
    table(
        [f"{_PASSAGES} passages, {len(asked)} questions", "median", "least", "most"],
        [
            ["the product's search", *milliseconds(whole)],
            ["the same while Chroma is closed (exact search)", *milliseconds(exact)],
            ["part: the bare full-text query", *milliseconds(words)],
            ["part: the bare Chroma query", *milliseconds(nearest)],
        ],
    )
    print(f"\nmedian: {against_target(sorted(whole)[len(whole) // 2] * 1000, _TARGET_MILLISECONDS, 'ms')}")


def _match(database: Database, question: str) -> object:
    terms = tuple(dict.fromkeys(analyse(question, detect_language(question) or "fr")))
    with database.read() as session:
        return match_terms(session, terms, CANDIDATES)


def _times(asked: Sequence[str], ask: Callable[[str], object]) -> list[float]:
    """Return how long each question took, in seconds; the first one asked is not counted."""
    ask(asked[0])
    times = []
    for question in asked:
        started = time.perf_counter()
        ask(question)
        times.append(time.perf_counter() - started)
    return times


def _fill(database: Database, sets: Sequence[QuestionSet]) -> None:
    texts = itertools.islice(_texts(sets), _PASSAGES)
    chance = np.random.default_rng(2)
    for number in range(1, _PASSAGES // _PASSAGES_OF_A_DOCUMENT + 1):
        passages = list(itertools.islice(texts, _PASSAGES_OF_A_DOCUMENT))
        _add_document(database, number, passages, _vectors(chance, len(passages)))


def _texts(sets: Sequence[QuestionSet]) -> Iterator[str]:
    """Yield passages without end; no two are the same."""
    for copy in itertools.count(1):
        for one in sets:
            for document in one.documents:
                yield f"{copy}. {document.title}\n{document.text}"[:LONGEST_PASSAGE]


def _add_document(database: Database, number: int, passages: Sequence[str], vectors: Sequence[bytes]) -> None:
    name = f"recueil {number}.md"
    with database.write() as session:
        document = Document(
            name=name, sha256=str(number), media_type="text/markdown", size=1, status="indexed",
            created_at=_NOW, updated_at=_NOW,
        )  # fmt: skip
        session.add(document)
        session.flush()
        chunks = [
            Chunk(
                document_id=document.id, ordinal=ordinal, heading="", text=text, char_start=0,
                char_end=len(text), embedding=vector, embedding_model=_MODEL,
            )
            for ordinal, (text, vector) in enumerate(zip(passages, vectors, strict=True))
        ]  # fmt: skip
        session.add_all(chunks)
        session.flush()
        language = detect_language(passages[0]) or "fr"
        write_terms(session, ((chunk.id, terms_of(name, "", chunk.text, language)) for chunk in chunks))


def _vectors(chance: np.random.Generator, count: int) -> list[bytes]:
    values = chance.standard_normal((count, _DIMENSION)).astype("<f4")
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    return [row.tobytes() for row in values]
