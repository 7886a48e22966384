"""A stored question and answer as the pages show them: safe HTML, numbered sources with their addresses."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import url_for
from markupsafe import Markup

from tenant_app.assistant import models
from tenant_app.assistant.answers import NOTICES
from tenant_app.assistant.rendering import rendered
from tenant_app.web.answers import with_links
from tenant_app.web.passages import ranges_cited, written

UNREMARKABLE: Final = frozenset({"provider-not-configured"})
"""Notices that say no more than the mode under the answer does."""


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
class Turn:
    """One question and its answer."""

    id: int
    question: str
    answer: Markup
    mode: str
    found: bool
    notices: tuple[str, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Conversation:
    """One conversation with its turns, oldest first."""

    id: int
    title: str
    updated_at: datetime
    turns: tuple[Turn, ...]


def conversation_shown(stored: models.Conversation) -> Conversation:
    """Return the conversation with its answers rendered."""
    turns = tuple(_turn(stored.id, turn) for turn in stored.turns)
    return Conversation(stored.id, stored.title, stored.updated_at, turns)


def _turn(conversation_id: int, turn: models.Turn) -> Turn:
    sources = tuple(_source(conversation_id, turn, citation) for citation in turn.citations)
    return Turn(
        id=turn.id,
        question=turn.question,
        answer=with_links(rendered(turn.answer), {source.number: source for source in sources}),
        mode=turn.mode,
        found=turn.found,
        notices=tuple(str(NOTICES[code]) for code in turn.notices if code not in UNREMARKABLE),
        sources=sources,
    )


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
