"""What may be asked next: headings and articles near the passages an answer cites, without a language model.

The same answer always leads to the same questions: those about what stands nearest to its passages, in the
documents it cites, that nothing in the conversation has asked about yet.
"""

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tenant_app.accounts.actor import Actor
from tenant_app.assistant.models import CitedPassage, Turn
from tenant_app.assistant.topics import topic_of
from tenant_app.library.parsing.structure import is_article
from tenant_app.passages import HEADING_SEPARATOR, Chunk, Document
from tenant_app.retrieval.access import visible_documents
from tenant_app.retrieval.analysis import analyse
from tenant_app.retrieval.language import Language

MOST_SUGGESTED: Final = 3
NEAR: Final = 40
"""Passages before and after a cited one: some ten pages."""

_ABOUT: Final[dict[Language, str]] = {
    "fr": "Que disent les documents sur « {topic} » ?",
    "en": "What do the documents say about “{topic}”?",
}
_ARTICLE_SAYS: Final[dict[Language, str]] = {
    "fr": "Que dit l’{article} ?",
    "en": "What does {article} say?",
}
_ARTICLE_NAMED: Final[dict[Language, str]] = {"fr": "article ", "en": "Article "}
_ARTICLE_WORD: Final = re.compile(r"^(?:article|art\.)\s+", re.IGNORECASE)
_TITLE: Final = re.compile(r"(?:\s*[:–—]|\s-|\.(?=\s\w{2}))\s*(?P<title>.+)$")


@dataclass(frozen=True)
class Neighbour:
    """A passage of a document cited, the heading it stands under, and how far from the nearest one cited.

    ``before`` tells whether it stands before that one: what comes next is asked about first.
    """

    distance: int
    before: bool
    heading: str
    language: Language


def next_questions(session: Session, actor: Actor, turn: Turn) -> list[str]:
    """Return at most three questions to ask after the turn, its citations loaded; none without citations.

    They are in the language of their documents, and about documents the actor may see.
    """
    until_now = (Turn.conversation_id == turn.conversation_id) & (Turn.id <= turn.id)
    asked = session.scalars(select(Turn.question).where(until_now)).all()
    quoted = session.scalars(
        select(Chunk.heading)
        .join(CitedPassage, CitedPassage.chunk_id == Chunk.id)
        .join(Turn, Turn.id == CitedPassage.turn_id)
        .where(until_now)
    )
    known = {part for heading in quoted for part in heading.split(HEADING_SEPARATOR)}
    near = sorted(_neighbours(session, actor, turn), key=lambda one: (one.distance, one.before))
    return questions_about(near, asked, known)


def questions_about(near: Iterable[Neighbour], asked: Sequence[str], known: Container[str]) -> list[str]:
    """Return at most three questions, about the first headings that are not known.

    A heading was asked about when one question holds every term of what it is about.
    """
    questions: dict[str, str] = {}
    for one in near:
        subject = _subject(one.heading)
        terms = set(analyse(subject, one.language))
        said = (set(analyse(question, one.language)) for question in asked)
        if one.heading not in known and terms and not any(terms <= words for words in said):
            questions.setdefault(subject.casefold(), _question(one))
    return list(questions.values())[:MOST_SUGGESTED]


def _neighbours(session: Session, actor: Actor, turn: Turn) -> Iterator[Neighbour]:
    cited = session.execute(
        select(Chunk.document_id, Chunk.ordinal)
        .join(Document, Document.id == Chunk.document_id)
        .where(Chunk.id.in_([citation.chunk_id for citation in turn.citations]), visible_documents(actor))
        .order_by(Chunk.document_id, Chunk.ordinal)
    )
    places: dict[int, list[int]] = {}
    for document_id, ordinal in cited:
        places.setdefault(document_id, []).append(ordinal)
    for document_id, ordinals in places.items():
        around = (
            select(Chunk.ordinal, Chunk.heading, Document.language)
            .join(Document, Document.id == Chunk.document_id)
            .where(Chunk.document_id == document_id, Chunk.heading != "")
            .where(or_(*(Chunk.ordinal.between(place - NEAR, place + NEAR) for place in ordinals)))
            .order_by(Chunk.ordinal)
        )
        for ordinal, heading, language in session.execute(around):
            nearest = min(ordinals, key=lambda place: abs(place - ordinal))
            innermost = heading.rpartition(HEADING_SEPARATOR)[2]
            yield Neighbour(
                distance=abs(nearest - ordinal),
                before=ordinal < nearest,
                heading=innermost,
                language=language if language in _ABOUT else turn.language,
            )


def _subject(heading: str) -> str:
    """Return what a heading is about: an article's title, else its number; nothing when it does not say."""
    if not is_article(heading):
        return topic_of(heading)
    title = _TITLE.search(heading)
    return title["title"] if title else _ARTICLE_WORD.sub("", heading)


def _question(one: Neighbour) -> str:
    if is_article(one.heading):
        article = _ARTICLE_WORD.sub(_ARTICLE_NAMED[one.language], one.heading)
        return _ARTICLE_SAYS[one.language].format(article=article)
    return _ABOUT[one.language].format(topic=topic_of(one.heading))
