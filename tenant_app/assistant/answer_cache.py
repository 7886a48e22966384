"""Answers to questions asked before, word for word, by somebody who may see the same documents.

The key of an entry holds all that decides an answer: the question, what was said before, the library's
version, the cases the person may see and the one asked about, the language, and the versions of prompt,
assistant and model. Entries of another library version are erased, so that nothing of a deleted document
outlives it here.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from sqlalchemy import JSON, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tenant_app.accounts.actor import Actor
from tenant_app.assistant.checking import CheckedSentence
from tenant_app.assistant.citations import Citation
from tenant_app.assistant.near_misses import NearMiss
from tenant_app.assistant.prompting import VERSION
from tenant_app.assistant.provider import Message
from tenant_app.case_files import visible_cases
from tenant_app.clock import Clock
from tenant_app.database import Base, Database, UtcDateTime
from tenant_app.passages import Document
from tenant_app.retrieval.language import Language, detect_language
from tenant_app.settings import Settings

KEPT_FOR: Final = timedelta(days=30)
MOST_ENTRIES: Final = 500


class CachedAnswer(Base):
    """One answer and the library it was made from."""

    __tablename__ = "answer_cache"

    key: Mapped[str] = mapped_column(primary_key=True)
    library_version: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)


@dataclass(frozen=True)
class Place:
    """Where an answer would stand in the cache."""

    key: str
    library_version: str


@dataclass(frozen=True)
class Remembered:
    """What is kept of an answer; everything about who asked and what it cost is left out."""

    text: str
    mode: Any
    found: bool
    language: Language
    citations: tuple[Citation, ...]
    sentences: tuple[CheckedSentence, ...]
    near_misses: tuple[NearMiss, ...]
    notices: tuple[Any, ...]
    prompt_version: str | None

    @classmethod
    def read(cls, stored: dict[str, Any]) -> Self:
        """Return what was stored as JSON."""
        parts: dict[str, Any] = {
            "citations": tuple(Citation(**one) for one in stored["citations"]),
            "sentences": tuple(CheckedSentence(**one) for one in stored["sentences"]),
            "near_misses": tuple(NearMiss(**one) for one in stored["near_misses"]),
            "notices": tuple(stored["notices"]),
        }
        return cls(**{**stored, **parts})


class AnswerCache:
    """The cache of one instance."""

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

    def place_of(self, actor: Actor, question: str, history: Sequence[Message], case_id: int | None) -> Place:
        """Return where the answer to this question of this person belongs, as the library is now."""
        with self._database.read() as session:
            version = library_version(session)
            cases = sorted(session.scalars(visible_cases(actor)))
        settings = self._settings
        decisive = [
            " ".join(question.split()),
            list(history),
            version,
            cases,
            case_id,
            sorted(actor.permissions),
            detect_language(question) or settings.language_default,
            [VERSION, settings.assistant, settings.ai_model, settings.llm_model, settings.embedding_model],
            [
                settings.assistant_prompt,
                settings.profile_prompt,
                settings.retrieval_depth,
                settings.rerank_model,
                settings.embedding_prefixes and settings.embedding_prefixes.model_dump(),
            ],
            bool(settings.openai_api_key or settings.openai_base_url),
        ]
        written = json.dumps(decisive, ensure_ascii=False, sort_keys=True)
        return Place(hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest(), version)

    def get(self, place: Place) -> Remembered | None:
        """Return the answer kept there, unless it is too old."""
        with self._database.read() as session:
            entry = session.get(CachedAnswer, place.key)
        if entry is None or entry.created_at < self._clock.now() - KEPT_FOR:
            return None
        return Remembered.read(entry.answer)

    def put(self, place: Place, answer: Remembered) -> None:
        """Keep an answer, unless the library changed meanwhile; erase what is stale, and the oldest."""
        now = self._clock.now()
        with self._database.write() as session:
            version = library_version(session)
            stale = (CachedAnswer.library_version != version) | (CachedAnswer.created_at < now - KEPT_FOR)
            session.execute(delete(CachedAnswer).where(stale))
            if place.library_version != version:
                return
            session.merge(
                CachedAnswer(key=place.key, library_version=version, created_at=now, answer=asdict(answer))
            )
            session.flush()
            newest = select(CachedAnswer.key).order_by(CachedAnswer.created_at.desc()).limit(MOST_ENTRIES)
            session.execute(delete(CachedAnswer).where(CachedAnswer.key.not_in(newest)))

    def forget_stale(self) -> None:
        """Erase the answers of another library version: what was deleted must not be readable here."""
        with self._database.read() as session:
            version = library_version(session)
            stale = session.scalar(select(func.count()).where(CachedAnswer.library_version != version))
        if stale:
            with self._database.write() as session:
                session.execute(delete(CachedAnswer).where(CachedAnswer.library_version != version))


def library_version(session: Session) -> str:
    """Return a text that changes whenever a document is added, read, moved, replaced or removed."""
    figures = select(
        func.count(Document.id),
        func.coalesce(func.sum(Document.id), 0),
        func.coalesce(func.sum(Document.chunk_count), 0),
        func.coalesce(func.sum(Document.id * func.coalesce(Document.case_id, 0)), 0),
        func.count().filter(Document.status == "indexed"),
        func.max(Document.updated_at),
        func.total(func.julianday(Document.updated_at)),
    )
    return "/".join(str(figure) for figure in session.execute(figures).one())
