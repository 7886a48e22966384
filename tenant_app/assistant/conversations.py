"""Keeping conversations. Everybody sees their own only: "missing" and "not yours" are the same answer."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Final

from flask_babel import lazy_gettext
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.sql.base import ExecutableOption

from tenant_app.accounts.actor import Actor
from tenant_app.accounts.models import User
from tenant_app.assistant.answers import Answer
from tenant_app.assistant.checking import CheckedSentence
from tenant_app.assistant.citations import Citation
from tenant_app.assistant.models import CitedPassage, Conversation, Turn
from tenant_app.assistant.near_misses import NearMiss
from tenant_app.assistant.provider import Message
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import Forbidden, NotFound, Unauthenticated

MOST_LISTED: Final = 200
LONGEST_TITLE: Final = 80
TURNS_REMEMBERED: Final = 3
"""How much of a conversation the model is reminded of."""


class Conversations:
    """The conversations of one instance."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list_own(self, actor: Actor) -> Sequence[Conversation]:
        """Return the actor's conversations, last used first, without their turns; the last 200 at most."""
        with self._database.read() as session:
            return session.scalars(
                select(Conversation)
                .where(_owned_by(actor))
                .order_by(Conversation.updated_at.desc(), Conversation.id.desc())
                .limit(MOST_LISTED)
            ).all()

    def get(self, actor: Actor, conversation_id: int) -> Conversation:
        """Return one of the actor's conversations with its turns and citations; raises NotFound."""
        whole = selectinload(Conversation.turns).selectinload(Turn.citations)
        with self._database.read() as session:
            return _own(session, actor, conversation_id, whole)

    def require(self, actor: Actor, conversation_id: int) -> None:
        """Raise NotFound unless it is one of the actor's conversations."""
        with self._database.read() as session:
            _own(session, actor, conversation_id)

    def history(self, actor: Actor, conversation_id: int) -> list[Message]:
        """Return the end of one of the actor's conversations as the model reads it; raises NotFound."""
        with self._database.read() as session:
            _own(session, actor, conversation_id)
            last = session.scalars(
                select(Turn)
                .where(Turn.conversation_id == conversation_id)
                .order_by(Turn.id.desc())
                .limit(TURNS_REMEMBERED)
            ).all()
        messages: list[Message] = []
        for turn in reversed(last):
            messages.append(Message(role="user", content=turn.question))
            messages.append(Message(role="assistant", content=turn.answer))
        return messages

    def delete(self, actor: Actor, conversation_id: int) -> None:
        """Erase one of the actor's conversations; raises NotFound."""
        with self._database.write() as session:
            conversation = _own(session, actor, conversation_id)
            session.execute(delete(Conversation).where(Conversation.id == conversation.id))

    def add_turn(
        self, session: Session, actor: Actor, conversation_id: int | None, question: str, answer: Answer
    ) -> Turn:
        """Add a question and its answer, to a new conversation unless one is named.

        Raises NotFound, or Unauthenticated when the actor was removed while the answer was made. Runs inside
        the caller's write transaction.
        """
        now = self._clock.now()
        if conversation_id is None:
            conversation = _begun(session, actor, question)
            conversation.created_at = now
            session.add(conversation)
        else:
            conversation = _own(session, actor, conversation_id)
        conversation.updated_at = now
        session.flush()
        turn = Turn(
            conversation_id=conversation.id,
            question=question,
            answer=answer.text,
            mode=answer.mode,
            found=answer.found,
            language=answer.language,
            notices=list(answer.notices),
            prompt_version=answer.prompt_version,
            sentences=[asdict(sentence) for sentence in answer.sentences],
            near_misses=[asdict(miss) for miss in answer.near_misses],
            created_at=now,
            citations=[CitedPassage(**asdict(citation)) for citation in answer.citations],
        )
        session.add(turn)
        session.flush()
        return turn


def citations_of(turn: Turn) -> list[Citation]:
    """Return what an answer kept cites."""
    names = [field.name for field in fields(Citation)]
    return [Citation(**{name: getattr(row, name) for name in names}) for row in turn.citations]


def sentences_of(turn: Turn) -> list[CheckedSentence]:
    """Return what is known of each sentence of an answer kept."""
    return [CheckedSentence(**sentence) for sentence in turn.sentences]


def near_misses_of(turn: Turn) -> list[NearMiss]:
    """Return the closest passages of an answer that was not found."""
    return [NearMiss(**miss) for miss in turn.near_misses]


def _begun(session: Session, actor: Actor, question: str) -> Conversation:
    if actor.user_id is None and actor.key_id is None:
        raise Forbidden(lazy_gettext("Seuls un utilisateur ou une clé d'API tiennent une conversation."))
    if actor.user_id is not None and session.get(User, actor.user_id) is None:
        raise Unauthenticated(lazy_gettext("La session ou le jeton n'est pas valable, ou ne l'est plus."))
    words = " ".join(question.split())
    title = words if len(words) <= LONGEST_TITLE else words[: LONGEST_TITLE - 1].rstrip() + "…"
    return Conversation(user_id=actor.user_id, key_id=actor.key_id, title=title)


def _owned_by(actor: Actor) -> ColumnElement[bool]:
    if actor.user_id is not None:
        return Conversation.user_id == actor.user_id
    # For an actor who is neither, this is "key_id = NULL", which no row fulfils.
    return Conversation.key_id == actor.key_id


def _own(session: Session, actor: Actor, conversation_id: int, *options: ExecutableOption) -> Conversation:
    query = select(Conversation).where(Conversation.id == conversation_id, _owned_by(actor))
    conversation = session.scalar(query.options(*options))
    if conversation is None:
        raise NotFound(lazy_gettext("Cette conversation n'existe pas."))
    return conversation
