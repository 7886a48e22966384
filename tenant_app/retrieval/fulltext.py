"""Full-text search over the passages' terms, in the same SQLite file and transaction as the passages."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Float, Integer, Select, column, select, text
from sqlalchemy.orm import Session

from tenant_app.passages import Chunk, Document
from tenant_app.retrieval.analysis import analyse
from tenant_app.retrieval.language import Language

TITLE_WEIGHT: Final = 2.0
HEADING_WEIGHT: Final = 1.5
BODY_WEIGHT: Final = 1.0
"""How much a term counts by where it stands: a document's name and headings say what a passage is about."""

_INSERT = text(
    "INSERT INTO passage_terms (rowid, title, heading, body) VALUES (:id, :title, :heading, :body)"
)
_DELETE = text(
    "DELETE FROM passage_terms WHERE rowid IN (SELECT id FROM chunks WHERE document_id = :document_id)"
)
_MATCH = text(
    "SELECT rowid AS chunk_id, -bm25(passage_terms, :title, :heading, :body) AS score FROM passage_terms "
    "WHERE passage_terms MATCH :expression ORDER BY score DESC, rowid LIMIT :most"
)
_MATCHING = text(
    "SELECT rowid AS chunk_id, -bm25(passage_terms, :title, :heading, :body) AS score FROM passage_terms "
    "WHERE passage_terms MATCH :expression"
).columns(column("chunk_id", Integer), column("score", Float))
_FREQUENCIES = "SELECT term, doc FROM passage_terms_vocabulary WHERE term IN ({})"
_COUNT = text("SELECT count(*) FROM chunks")


@dataclass(frozen=True)
class PassageWords:
    """The words of one passage, by where they stand."""

    chunk_id: int
    title: str
    heading: str
    body: str


@dataclass(frozen=True)
class PassageTerms:
    """The terms of one passage as they are stored: by where they stand, separated by spaces."""

    title: str
    heading: str
    body: str


def terms_of(title: str, heading: str, body: str, language: Language) -> PassageTerms:
    """Return the terms of a passage; no database is touched, so long texts are analysed before a write."""
    return PassageTerms(_terms(title, language), _terms(heading, language), _terms(body, language))


def write_terms(session: Session, passages: Iterable[tuple[int, PassageTerms]]) -> None:
    """Make passages findable, each given by its id and terms; they must not be there yet."""
    rows = [{"id": chunk_id, **vars(terms)} for chunk_id, terms in passages]
    if rows:
        session.execute(_INSERT, rows)


def add_terms(session: Session, passages: Iterable[PassageWords], language: Language) -> None:
    """Analyse passages and make them findable; they must not be there yet."""
    write_terms(
        session,
        (
            (passage.chunk_id, terms_of(passage.title, passage.heading, passage.body, language))
            for passage in passages
        ),
    )


def remove_terms(session: Session, document_id: int) -> None:
    """Forget the terms of a document's passages; to be called while its chunk rows are still there."""
    session.execute(_DELETE, {"document_id": document_id})


def match_terms(
    session: Session, terms: Sequence[str], most: int, permitted: ColumnElement[bool] | None = None
) -> dict[int, float]:
    """Return the BM25 scores (> 0) of the best passages holding any of the distinct terms, best first.

    Only passages of documents that fulfil ``permitted`` are looked at, so the others cannot crowd them out.
    """
    if not terms:
        return {}
    parameters = {
        "expression": " OR ".join(f'"{term}"' for term in terms),
        "title": TITLE_WEIGHT,
        "heading": HEADING_WEIGHT,
        "body": BODY_WEIGHT,
    }
    if permitted is None:
        found = session.execute(_MATCH, {**parameters, "most": most})
    else:
        found = session.execute(_permitted_matches(permitted, most), parameters)
    return {row.chunk_id: row.score for row in found}


def _permitted_matches(permitted: ColumnElement[bool], most: int) -> Select[tuple[int, float]]:
    matching = _MATCHING.subquery()
    return (
        select(matching.c.chunk_id, matching.c.score)
        .join(Chunk, Chunk.id == matching.c.chunk_id)
        .where(Chunk.document_id.in_(select(Document.id).where(permitted)))
        .order_by(matching.c.score.desc(), matching.c.chunk_id)
        .limit(most)
    )


def term_weights(session: Session, terms: Iterable[str]) -> dict[str, float]:
    """Return how telling each term is (inverse document frequency, > 0); a term of no passage tells most."""
    wanted = list(dict.fromkeys(terms))
    places = ", ".join(f":t{number}" for number in range(len(wanted)))
    found = session.execute(
        text(_FREQUENCIES.format(places)), {f"t{number}": term for number, term in enumerate(wanted)}
    )
    frequencies = {row.term: row.doc for row in found}
    passages = session.scalar(_COUNT) or 0
    return {term: _idf(passages, frequencies.get(term, 0)) for term in wanted}


def passage_terms(session: Session, chunk_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """Return every term of the given passages, those of their title and headings included."""
    places = ", ".join(f":c{number}" for number in range(len(chunk_ids)))
    rows = session.execute(
        text(f"SELECT rowid, title, heading, body FROM passage_terms WHERE rowid IN ({places})"),  # noqa: S608
        {f"c{number}": chunk_id for number, chunk_id in enumerate(chunk_ids)},
    )
    return {
        chunk_id: frozenset(f"{title} {heading} {body}".split()) for chunk_id, title, heading, body in rows
    }


def coverage(weights: dict[str, float], terms: frozenset[str]) -> float:
    """Return the share (0 to 1), by weight, of a question's terms that a passage holds."""
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in terms) / total if total else 0.0


def _terms(words: str, language: Language) -> str:
    return " ".join(analyse(words, language))


def _idf(passages: int, holding: int) -> float:
    return math.log(1 + (passages - holding + 0.5) / (holding + 0.5))
