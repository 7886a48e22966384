"""Checks the sentences of an answer against its passages; vectors are asked for where words leave it open."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from tenant_app.assistant.citations import marks_in
from tenant_app.assistant.sentences import sentences
from tenant_app.assistant.support import (
    Doubt,
    Source,
    Verdict,
    is_settled_by_words,
    judge,
    read_source,
    together,
)
from tenant_app.database import Database
from tenant_app.passages import Chunk
from tenant_app.retrieval.embedding import EmbeddingClient, EmbeddingsUnavailable
from tenant_app.retrieval.language import Language
from tenant_app.retrieval.search import Hit
from tenant_app.retrieval.vectors import cosine

PATIENCE_SECONDS: Final = 1.0
"""How long vectors are waited for; then, and for the rest of the answer, words alone decide."""
_TOGETHER: Final = -1


@dataclass(frozen=True)
class CheckedSentence:
    """One sentence of an answer, ``answer[start:end]``, and whether its passages say so (see ``Verdict``)."""

    text: str
    start: int
    end: int
    supported: bool | None
    support: float
    doubt: Doubt | None
    citations: list[int]


class Checker:
    """Begins the check of answers."""

    def __init__(self, database: Database, embeddings: EmbeddingClient) -> None:
        self._database = database
        self._embeddings = embeddings

    def begin(self, passages: Sequence[Hit], language: Language) -> "Check":
        """Return the check of one answer written from these passages."""
        return Check(self._database, self._embeddings, passages, language)


class Check:
    """The check of one answer; what was found of a sentence is remembered."""

    def __init__(
        self, database: Database, embeddings: EmbeddingClient, passages: Sequence[Hit], language: Language
    ) -> None:
        self._database = database
        self._embeddings = embeddings
        self._passages = passages
        self._language = language
        self._sources = {index: read_source(hit, language) for index, hit in enumerate(passages)}
        self._known: dict[tuple[str, frozenset[int]], Verdict] = {}
        self._vectors: dict[int, bytes] | None = None
        self._words_only = False

    def verdict(self, claim: str, cited: Iterable[int]) -> Verdict:
        """Return what passages ``cited`` (from 0; none means any) say to one sentence."""
        return self.verdicts([(claim, frozenset(cited))])[0]

    def verdicts(self, claims: Sequence[tuple[str, frozenset[int]]]) -> list[Verdict]:
        """Return the verdict of each sentence with the passages it cites, all vectors asked for at once."""
        keyed = [(claim.strip(), cited) for claim, cited in claims]
        new = [key for key in dict.fromkeys(keyed) if key not in self._known]
        open_ones = [
            key for key in new if not is_settled_by_words(key[0], self._against(key[1]), self._language)
        ]
        meanings = self._meanings([claim for claim, _ in open_ones])
        for claim, cited in new:
            sources = self._against(cited)
            self._known[claim, cited] = judge(
                claim, sources, _with_best(meanings.get(claim), sources), self._language
            )
        return [self._known[key] for key in keyed]

    def _against(self, cited: frozenset[int]) -> dict[int, Source]:
        if not cited:
            return self._sources
        sources = {index: self._sources[index] for index in sorted(cited)}
        if len(sources) > 1:
            sources[_TOGETHER] = together(list(sources.values()))
        return sources

    def _meanings(self, claims: Sequence[str]) -> dict[str, dict[int, float]]:
        """Return each sentence's cosine with each passage; empty when there is no telling."""
        if not claims or self._words_only:
            return {}
        try:
            vectors = self._embeddings.embed_sentences(claims, PATIENCE_SECONDS)
        except EmbeddingsUnavailable:
            self._words_only = True
            return {}
        stored = self._stored_vectors()
        return {
            claim: {
                index: cosine(vector, passage)
                for index, passage in stored.items()
                if len(passage) == len(vector)
            }
            for claim, vector in zip(claims, vectors, strict=True)
        }

    def _stored_vectors(self) -> dict[int, bytes]:
        if self._vectors is None:
            ids = {hit.chunk_id: index for index, hit in enumerate(self._passages)}
            query = select(Chunk.id, Chunk.embedding).where(
                Chunk.id.in_(ids), func.length(Chunk.embedding) > 0
            )
            with self._database.read() as session:
                self._vectors = {ids[row.id]: row.embedding for row in session.execute(query)}
        return self._vectors


def checked_sentences(text: str, check: Check, passage_of: Mapping[int, int]) -> list[CheckedSentence]:
    """Return every sentence of an answer; ``passage_of`` leads from a public number to a passage's index."""
    spans = list(sentences(text))
    texts = [text[span.start : span.end] for span in spans]
    cited = [[number for number in marks_in(one) if number in passage_of] for one in texts]
    claims = [
        (one, frozenset(passage_of[n] for n in numbers)) for one, numbers in zip(texts, cited, strict=True)
    ]
    return [
        CheckedSentence(
            text=one,
            start=span.start,
            end=span.end,
            supported=verdict.supported,
            support=round(verdict.support, 3),
            doubt=verdict.doubt,
            citations=numbers,
        )
        for one, span, numbers, verdict in zip(texts, spans, cited, check.verdicts(claims), strict=True)
    ]


def _with_best(meanings: dict[int, float] | None, sources: Mapping[int, Source]) -> dict[int, float] | None:
    """Return the cosines with that of the cited passages together: the best one's. None: not known."""
    if not meanings or not any(index in meanings for index in sources):
        return None
    best = max(meanings[index] for index in sources if index in meanings)
    return meanings | {_TOGETHER: best}
