"""Search: full text and vectors together, and what of a passage speaks for each hit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from tenant_app.accounts.actor import Actor
from tenant_app.database import Database
from tenant_app.logs import get_log
from tenant_app.passages import Chunk, Document
from tenant_app.retrieval.analysis import analyse
from tenant_app.retrieval.embedding import EmbeddingClient, EmbeddingsUnavailable
from tenant_app.retrieval.fulltext import match_terms, passages_around, stored_terms, term_weights
from tenant_app.retrieval.fusion import DENSE_WEIGHTS, Ranked, fuse
from tenant_app.retrieval.language import Language, detect_language
from tenant_app.retrieval.reranking import Reranker
from tenant_app.retrieval.scope import EVERYTHING, Scope, excludes_any, permitted_documents, require_scope
from tenant_app.retrieval.vector_index import VectorIndex
from tenant_app.retrieval.vectors import DimensionMismatch, cosine
from tenant_app.retrieval.vocabulary import Vocabulary
from tenant_app.retrieval.word_scoring import (
    SURROUNDING_PASSAGES,
    QuestionTerms,
    WordScoring,
    coverage,
    question_terms,
)

CANDIDATES: Final = 100
"""Passages taken from each of the two searches before they are put into one order."""
MOST_HITS: Final = 50

_log = get_log(__name__)


@dataclass(frozen=True)
class Hit:
    """A passage found, with the evidence for it.

    ``score`` (0 to 1) orders the hits of one answer. ``lexical`` and ``dense`` may be compared between
    questions: ``lexical`` is the share of the question's terms that the passage (with its title and headings)
    holds, each term weighted by how telling it is; ``dense`` is the cosine of question and passage, 0 when
    negative or not computed.
    """

    chunk_id: int
    document_id: int
    document: str
    page: int | None
    heading: str
    passage: str
    score: float
    lexical: float
    dense: float


@dataclass(frozen=True)
class SearchAnswer:
    """The hits, best first; ``degraded`` when full text alone answered; ``language`` if it shows.

    ``searched`` is the number of passages they were found among, ``terms`` what their words were compared
    with.
    """

    hits: tuple[Hit, ...]
    degraded: bool
    language: Language | None
    searched: int
    terms: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Question:
    """A question as both searches see it; ``vector`` is None when it could not be computed."""

    language: Language | None
    terms: QuestionTerms
    vector: bytes | None


@dataclass(frozen=True)
class _Evidence:
    """What speaks for a passage; see Hit."""

    lexical: float
    dense: float


@dataclass(frozen=True)
class _Searchable:
    """What may be searched: the condition on documents, and their ids if it leaves out any (else None)."""

    permitted: ColumnElement[bool]
    documents: frozenset[int] | None

    @property
    def restriction(self) -> ColumnElement[bool] | None:
        """The condition, or None when every document fulfils it."""
        return None if self.documents is None else self.permitted


class Search:
    """Finds passages of one tenant's library."""

    def __init__(
        self,
        database: Database,
        index: VectorIndex,
        embeddings: EmbeddingClient,
        default_language: Language,
        vocabulary: Vocabulary,
        reranker: Reranker | None = None,
    ) -> None:
        self._database = database
        self._index = index
        self._embeddings = embeddings
        self._default_language: Language = default_language
        self._vocabulary = vocabulary
        self._reranker = reranker

    def search(self, actor: Actor, query: str, top_k: int, scope: Scope = EVERYTHING) -> SearchAnswer:
        """Return at most `top_k` (1 to MOST_HITS) passages of documents in `scope` that the actor may see.

        What they may not see is left out before the search, so it takes no one's place among the candidates.
        When the embedding server does not answer in time, full text answers alone and says ``degraded``.
        Raises NotFound when the scope names a case or document that is not there for the actor.
        """
        with self._database.read() as session:
            searchable = _searchable(session, actor, scope)
        question = self._question(query)
        dense = self._nearest(question, searchable.documents)
        with self._database.read() as session:
            matches = match_terms(session, tuple(question.terms.weights), CANDIDATES, searchable.restriction)
            lexical = _word_scores(session, question.terms, tuple(matches))
            ranked = fuse(lexical, dense or {}, DENSE_WEIGHTS[question.language])
        if self._reranker is not None:
            ranked = self._reranker.reorder(query, ranked)
        with self._database.read() as session:
            hits = _hits(session, searchable, question, ranked, top_k)
            searched = session.scalar(_count_passages(searchable)) or 0
        return SearchAnswer(
            hits,
            degraded=dense is None,
            language=question.language,
            searched=searched,
            terms=frozenset(question.terms.weights),
        )

    def _question(self, query: str) -> _Question:
        language = detect_language(query)
        read_as = language or self._default_language
        terms = question_terms(analyse(query, read_as), self._vocabulary.synonyms(query, read_as))
        try:
            vector = self._embeddings.embed_question(query)
        except EmbeddingsUnavailable as error:
            _log.warning("search_without_vectors", reason=str(error))
            vector = None
        return _Question(language, terms, vector)

    def _nearest(self, question: _Question, documents: frozenset[int] | None) -> dict[int, float] | None:
        """Return the vector candidates, of all documents or of these, or None when there is no telling."""
        if question.vector is None:
            return None
        try:
            return self._index.nearest(question.vector, CANDIDATES, documents)
        except DimensionMismatch as error:
            _log.warning("search_without_vectors", reason=str(error))
            return None


def _searchable(session: Session, actor: Actor, scope: Scope) -> _Searchable:
    require_scope(session, actor, scope)
    permitted = permitted_documents(actor, scope)
    if not excludes_any(session, permitted):
        return _Searchable(permitted, documents=None)
    return _Searchable(permitted, frozenset(session.scalars(select(Document.id).where(permitted))))


def _count_passages(searchable: _Searchable) -> Select[int]:
    counted = select(func.count(Chunk.id))
    if searchable.restriction is None:
        return counted
    return counted.join(Document, Document.id == Chunk.document_id).where(searchable.restriction)


def _word_scores(session: Session, terms: QuestionTerms, candidates: Sequence[int]) -> dict[int, float]:
    around = passages_around(session, candidates, SURROUNDING_PASSAGES)
    found = stored_terms(session, terms.weights, {other for others in around.values() for other in others})
    scoring = WordScoring(terms, term_weights(session, terms.weights), found)
    usual = sum(map(len, around.values())) / len(around) if around else 1.0
    return {chunk_id: scoring.score(chunk_id, others, usual) for chunk_id, others in around.items()}


def _hits(
    session: Session, searchable: _Searchable, question: _Question, ranked: Sequence[Ranked], top_k: int
) -> tuple[Hit, ...]:
    visible = _visible(session, searchable, [passage.chunk_id for passage in ranked])
    # Passages deleted since the index was asked are not among the visible ones either.
    best = [passage for passage in ranked if passage.chunk_id in visible][:top_k]
    query = (
        select(Chunk, Document)
        .join(Document, Document.id == Chunk.document_id)
        .where(Chunk.id.in_([passage.chunk_id for passage in best]))
    )
    rows = {chunk.id: (chunk, document) for chunk, document in session.execute(query)}
    evidence = _evidence(session, question, [passage.chunk_id for passage in best])
    return tuple(_hit(*rows[passage.chunk_id], passage.score, evidence[passage.chunk_id]) for passage in best)


def _visible(session: Session, searchable: _Searchable, chunk_ids: Sequence[int]) -> set[int]:
    query = (
        select(Chunk.id)
        .join(Document, Document.id == Chunk.document_id)
        .where(Chunk.id.in_(chunk_ids), searchable.permitted)
    )
    return set(session.scalars(query))


def _hit(chunk: Chunk, document: Document, score: float, evidence: _Evidence) -> Hit:
    return Hit(
        chunk_id=chunk.id,
        document_id=document.id,
        document=document.name,
        page=chunk.page,
        heading=chunk.heading,
        passage=chunk.text,
        score=score,
        lexical=evidence.lexical,
        dense=evidence.dense,
    )


def _evidence(session: Session, question: _Question, chunk_ids: Sequence[int]) -> dict[int, _Evidence]:
    terms = question.terms
    rarity = term_weights(session, terms.own)
    found = stored_terms(session, terms.weights, chunk_ids)
    cosines = _cosines(session, question.vector, chunk_ids)
    return {
        chunk_id: _Evidence(coverage(rarity, terms.own, found[chunk_id]), cosines.get(chunk_id, 0.0))
        for chunk_id in chunk_ids
    }


def _cosines(session: Session, vector: bytes | None, chunk_ids: Sequence[int]) -> dict[int, float]:
    """Return the cosine, not below 0, of each passage that has a vector comparable to the question's."""
    if vector is None:
        return {}
    query = select(Chunk.id, Chunk.embedding).where(
        Chunk.id.in_(chunk_ids), func.length(Chunk.embedding) == len(vector)
    )
    return {chunk_id: max(0.0, cosine(vector, stored or b"")) for chunk_id, stored in session.execute(query)}
