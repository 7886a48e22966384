"""A stored question and answer as the pages show them: safe HTML, numbered sources with their addresses."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from flask import url_for
from markupsafe import Markup

from tenant_app.assistant import models
from tenant_app.assistant import near_misses as assistant
from tenant_app.assistant.answers import NOTICES, PASSING
from tenant_app.assistant.conversations import near_misses_of, sentences_of
from tenant_app.assistant.rendering import rendered
from tenant_app.web.answers import with_doubts, with_links, with_signs
from tenant_app.web.passages import ranges_cited, written

UNREMARKABLE: Final = frozenset({"provider-not-configured", "withheld"})
"""Notices that say no more than the answer itself, or the mode under it."""


@dataclass(frozen=True)
class Source:
    """One numbered source: the words cited, and the addresses of their document and of their passage."""

    number: int
    document: str
    page: int | None
    words: str
    document_url: str
    passage_url: str


@dataclass(frozen=True)
class NearMiss:
    """A passage close to a question that was not answered."""

    document: str
    page: int | None
    words: str
    url: str


@dataclass(frozen=True)
class Turn:
    """One question and its answer."""

    id: int
    question: str
    answer: Markup
    mode: str
    found: bool
    notices: tuple[str, ...]
    sources: tuple[Source, ...]
    near_misses: tuple[NearMiss, ...]
    wants_a_person: bool
    rating: str | None
    comment: str
    next_questions: tuple[str, ...] = ()
    """What may be asked next; of the last answer only, while questions are accepted."""


@dataclass(frozen=True)
class Conversation:
    """One conversation with its turns, oldest first."""

    id: int
    title: str
    updated_at: datetime
    turns: tuple[Turn, ...]


def conversation_shown(stored: models.Conversation, next_questions: Sequence[str]) -> Conversation:
    """Return the conversation with its answers rendered, the last one with what may be asked next."""
    *before, last = (_turn(stored.id, turn) for turn in stored.turns)
    turns = (*before, replace(last, next_questions=tuple(next_questions)))
    return Conversation(stored.id, stored.title, stored.updated_at, turns)


def _turn(conversation_id: int, turn: models.Turn) -> Turn:
    sources = tuple(_source(conversation_id, turn, citation) for citation in turn.citations)
    return Turn(
        id=turn.id,
        question=turn.question,
        answer=with_links(_marked(turn), {source.number: source for source in sources}),
        mode=turn.mode,
        found=turn.found,
        notices=tuple(str(NOTICES[code]) for code in turn.notices if code not in UNREMARKABLE),
        sources=sources,
        near_misses=tuple(_near_miss(miss) for miss in near_misses_of(turn)),
        wants_a_person=not turn.found or bool(PASSING.intersection(turn.notices)),
        rating=turn.rating,
        comment=turn.comment,
    )


def _marked(turn: models.Turn) -> Markup:
    """Return the answer as HTML, with a mark after each sentence its passages do not support."""
    doubts = [(one.end, one.doubt) for one in sentences_of(turn) if one.supported is False]
    return with_doubts(
        rendered(with_signs(turn.answer, [end for end, _ in doubts])), [doubt for _, doubt in doubts]
    )


def _near_miss(miss: assistant.NearMiss) -> NearMiss:
    url = url_for("web.document", document_id=miss.document_id, passage=miss.chunk_id, _anchor="passage")
    return NearMiss(miss.document, miss.page, miss.words, url)


def _source(conversation_id: int, turn: models.Turn, citation: models.CitedPassage) -> Source:
    return Source(
        number=citation.n,
        document=citation.document,
        page=citation.page,
        words=citation.quote,
        document_url=document_url(turn, citation),
        passage_url=url_for(
            "web.source", conversation_id=conversation_id, turn_id=turn.id, number=citation.n
        ),
    )


def document_url(turn: models.Turn, citation: models.CitedPassage) -> str:
    """Return the address of the cited words in their document."""
    return url_for(
        "web.document",
        document_id=citation.document_id,
        passage=citation.chunk_id,
        words=written(ranges_cited(turn.answer, citation.n, citation.quote, citation.passage)),
        _anchor="passage",
    )
