"""The closest passages to a question the documents do not answer: shown as such, never as an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tenant_app.assistant.extraction import closest_sentence
from tenant_app.retrieval.language import Language
from tenant_app.retrieval.search import Hit

MOST_SHOWN: Final = 3
LONGEST_WORDS: Final = 300
"""Characters of a passage shown."""


@dataclass(frozen=True)
class NearMiss:
    """A passage that comes close; ``words`` stand in it exactly so."""

    chunk_id: int
    document_id: int
    document: str
    page: int | None
    words: str
    score: float


def near_misses(question: str, close: Sequence[Hit], language: Language) -> tuple[NearMiss, ...]:
    """Return the first of the passages that come close, each with its sentence closest to the question."""
    return tuple(
        NearMiss(
            chunk_id=hit.chunk_id,
            document_id=hit.document_id,
            document=hit.document,
            page=hit.page,
            words=closest_sentence(question, hit.passage, language)[:LONGEST_WORDS],
            score=hit.score,
        )
        for hit in close[:MOST_SHOWN]
    )
