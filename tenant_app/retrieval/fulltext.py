"""Full-text search over the passages' terms, in the same SQLite file and transaction as the passages."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Float, Integer, Select, column, select, text
from sqlalchemy.orm import Session

from tenant_app.passages import Chunk, Document
from tenant_app.retrieval.analysis import analyse
from tenant_app.retrieval.language import Language
from tenant_app.retrieval.word_scoring import (
    BODY_WEIGHT,
    HEADING_WEIGHT,
    TITLE_WEIGHT,
    FoundTerms,
    found_terms,
)

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
_AROUND = text(
    "SELECT here.id, there.id FROM chunks AS here "
    "JOIN chunks AS there ON there.document_id = here.document_id "
    "AND there.ordinal BETWEEN here.ordinal - :reach AND here.ordinal + :reach "
    "WHERE here.id IN (SELECT value FROM json_each(:ids))"
)
_STORED = text(
    "SELECT rowid, title, heading, body FROM passage_terms WHERE rowid IN (SELECT value FROM json_each(:ids))"
)
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


def passages_around(session: Session, chunk_ids: Iterable[int], reach: int) -> dict[int, list[int]]:
    """Return for each passage those at most `reach` before or after it in its document, itself included."""
    around: dict[int, list[int]] = {}
    parameters = {"ids": json.dumps(list(chunk_ids)), "reach": reach}
    for chunk_id, other in session.execute(_AROUND, parameters):
        around.setdefault(chunk_id, []).append(other)
    return around


def stored_terms(
    session: Session, wanted: Mapping[str, float], chunk_ids: Iterable[int]
) -> dict[int, FoundTerms]:
    """Return where the wanted terms stand in each of the given passages, title and headings included."""
    rows = session.execute(_STORED, {"ids": json.dumps(list(chunk_ids))})
    return {chunk_id: found_terms(wanted, title, heading, body) for chunk_id, title, heading, body in rows}


def _terms(words: str, language: Language) -> str:
    return " ".join(analyse(words, language))


def _idf(passages: int, holding: int) -> float:
    return math.log(1 + (passages - holding + 0.5) / (holding + 0.5))
