"""Topics to begin with, drawn from the documents' own headings; made once for each library version."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import JSON, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tenant_app.accounts.actor import Actor
from tenant_app.assistant.answer_cache import library_version
from tenant_app.database import Base, Database
from tenant_app.passages import HEADING_SEPARATOR, Chunk, Document
from tenant_app.retrieval.access import visible_documents

MOST_SUGGESTED: Final = 3
MOST_KEPT: Final = 60
_READ: Final = 4000
_LONGEST: Final = 90
_SHORTEST: Final = 12
_NUMBERED: Final = re.compile(
    r"^(?:article|art\.|chapitre|section|titre|annexe|partie|chapter|part|appendix|§)?\s*"
    r"(?:[lrda]\s?\.?\s?)?[\divxlc]+(?:[.\-]\d+)*\s*(?:[.):–—-]|(?=\s))\s*",
    re.IGNORECASE,
)
_SAYS_NOTHING: Final = re.compile(
    r"^(?:sommaire|table des matières|introduction|annexes?|préambule|divers|objet|définitions?|contents|"
    r"conclusion|index|references|généralités|dispositions (?:générales|diverses|finales))$",
    re.IGNORECASE,
)


class SuggestedTopics(Base):
    """Headings worth asking about, in one version of the library: document ids and texts."""

    __tablename__ = "suggested_topics"

    library_version: Mapped[str] = mapped_column(primary_key=True)
    topics: Mapped[list[tuple[int, str]]] = mapped_column(JSON)


class Topics:
    """The suggestions of one instance."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def suggested(self, actor: Actor) -> list[str]:
        """Return at most three topics, each of another document the actor may see; none without documents."""
        with self._database.read() as session:
            version = library_version(session)
            stored = session.get(SuggestedTopics, version)
            topics = stored.topics if stored else None
        if topics is None:
            topics = self._make(version)
        with self._database.read() as session:
            query = select(Document.id).where(visible_documents(actor))
            visible = set(session.scalars(query))
        return spread([(document, text) for document, text in topics if document in visible])

    def _make(self, version: str) -> list[tuple[int, str]]:
        with self._database.write() as session:
            topics = worth_asking(_headings(session))
            session.execute(delete(SuggestedTopics).where(SuggestedTopics.library_version != version))
            if library_version(session) == version:
                session.merge(SuggestedTopics(library_version=version, topics=topics))
        return topics


def _headings(session: Session) -> list[tuple[int, str]]:
    rows = session.execute(
        select(Chunk.document_id, Chunk.heading).where(Chunk.heading != "").order_by(Chunk.id).limit(_READ)
    )
    return [(document, heading.split(HEADING_SEPARATOR)[-1]) for document, heading in rows]


def worth_asking(headings: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return headings that say what a passage is about, without their numbers, each once, 60 at most."""
    kept: dict[str, tuple[int, str]] = {}
    for document, heading in headings:
        if text := topic_of(heading):
            kept.setdefault(text.casefold(), (document, text))
    return list(kept.values())[:MOST_KEPT]


def topic_of(heading: str) -> str:
    """Return what a heading says its passage is about, without its number; nothing when it does not say."""
    text = _NUMBERED.sub("", " ".join(heading.split())).strip(" .:–—-")
    good = _SHORTEST <= len(text) <= _LONGEST and " " in text and not _SAYS_NOTHING.match(text)
    return text if good and not text.isupper() else ""


def spread(topics: Sequence[tuple[int, str]]) -> list[str]:
    """Return the first topic of each document, then the second ones, three in all."""
    by_document: dict[int, list[str]] = {}
    for document, text in topics:
        by_document.setdefault(document, []).append(text)
    ranked = [
        (place, number, text)
        for number, texts in enumerate(by_document.values())
        for place, text in enumerate(texts)
    ]
    return [text for _, _, text in sorted(ranked)[:MOST_SUGGESTED]]
