"""Keeping conversations. Everybody sees their own only: "missing" and "not yours" are the same answer."""

import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Final

from flask_babel import lazy_gettext
from sqlalchemy import ColumnElement, Select, and_, delete, or_, select
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.sql.base import ExecutableOption

from tenant_app.accounts.actor import Actor
from tenant_app.accounts.models import User
from tenant_app.assistant.answers import Answer
from tenant_app.assistant.asking import Asked
from tenant_app.assistant.checking import CheckedSentence
from tenant_app.assistant.citations import Citation
from tenant_app.assistant.models import CitedPassage, Conversation, Rating, Turn
from tenant_app.assistant.near_misses import NearMiss
from tenant_app.assistant.next_questions import next_questions
from tenant_app.assistant.provider import Message
from tenant_app.assistant.withholding import cites_hidden, sight_of, withhold
from tenant_app.case_files import visible_cases
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import Forbidden, InvalidInput, NotFound, Unauthenticated

MOST_LISTED: Final = 200
LONGEST_TITLE: Final = 80
TURNS_REMEMBERED: Final = 3
"""How much of a conversation the model is reminded of."""


class Conversations:
    """The conversations of one instance."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list_own(
        self, actor: Actor, *, words: str = "", case_id: int | None = None
    ) -> Sequence[Conversation]:
        """Return the actor's conversations, last used first, without their turns; the last 200 at most.

        Only those in which each of ``words`` stands (in the title, a question or an answer), and only those
        of the case, when given.
        """
        conditions = [_holds(word, actor) for word in words.split()]
        if case_id is not None:
            conditions.append(Conversation.case_id == case_id)
        with self._database.read() as session:
            return session.scalars(
                select(Conversation)
                .where(_owned_by(actor), *conditions)
                .order_by(Conversation.updated_at.desc(), Conversation.id.desc())
                .limit(MOST_LISTED)
            ).all()

    def get(self, actor: Actor, conversation_id: int) -> Conversation:
        """Return one of the actor's conversations with its turns and citations; raises NotFound.

        What was drawn from a document the actor may not see now is left out (``withholding``).
        """
        whole = selectinload(Conversation.turns).selectinload(Turn.citations)
        with self._database.read() as session:
            conversation = _own(session, actor, conversation_id, whole)
            sight = sight_of(session, actor, conversation.turns)
        withhold(conversation.turns, sight)
        return conversation

    def all_own(self, actor: Actor) -> Sequence[Conversation]:
        """Return every conversation of the actor's, each as ``get`` does, oldest first."""
        whole = selectinload(Conversation.turns).selectinload(Turn.citations)
        with self._database.read() as session:
            query = select(Conversation).where(_owned_by(actor)).options(whole).order_by(Conversation.id)
            own = session.scalars(query).all()
            turns = [turn for conversation in own for turn in conversation.turns]
            sight = sight_of(session, actor, turns)
        withhold(turns, sight)
        return own

    def next_questions(self, actor: Actor, turn: Turn) -> list[str]:
        """Return what may be asked after an answer, one of the actor's as ``get`` returns it."""
        with self._database.read() as session:
            return next_questions(session, actor, turn)

    def case_of(self, actor: Actor, conversation_id: int) -> int | None:
        """Return the case one of the actor's conversations is about, if any; raises NotFound."""
        with self._database.read() as session:
            return _own(session, actor, conversation_id).case_id

    def history(self, actor: Actor, conversation_id: int, *, before: int | None = None) -> list[Message]:
        """Return the end of one of the actor's conversations as the model reads it; raises NotFound.

        ``before`` leaves out a turn, which is to be answered again, and those after it.
        """
        query = _last_turns(conversation_id)
        if before is not None:
            query = query.where(Turn.id < before)
        with self._database.read() as session:
            _own(session, actor, conversation_id)
            last = session.scalars(query.limit(TURNS_REMEMBERED).options(selectinload(Turn.citations))).all()
            sight = sight_of(session, actor, last)
        withhold(last, sight)
        messages: list[Message] = []
        for turn in reversed(last):
            messages.append(Message(role="user", content=turn.question))
            messages.append(Message(role="assistant", content=turn.answer))
        return messages

    def rename(self, actor: Actor, conversation_id: int, title: str) -> Conversation:
        """Give one of the actor's conversations another title; raises NotFound, InvalidInput."""
        accepted = accepted_title(title)
        with self._database.write() as session:
            conversation = _own(session, actor, conversation_id)
            conversation.title = accepted
        return conversation

    def rate(self, actor: Actor, turn_id: int, rating: Rating | None, comment: str) -> Turn:
        """Keep what the actor says of an answer of theirs; None takes it back. Raises NotFound."""
        with self._database.write() as session:
            turn = _own_turn(session, actor, turn_id)
            turn.rating, turn.comment = rating, comment if rating else ""
            turn.rated_at = self._clock.now() if rating else None
        return turn

    def question_of(self, actor: Actor, conversation_id: int, turn_id: int) -> Turn:
        """Return the turn, which must be the last of one of the actor's conversations; raises NotFound."""
        with self._database.read() as session:
            _own(session, actor, conversation_id)
            last = session.scalar(_last_turns(conversation_id).limit(1))
        if last is None or last.id != turn_id:
            raise NotFound(lazy_gettext("Seule la dernière réponse d'une conversation peut être refaite."))
        return last

    def delete(self, actor: Actor, conversation_id: int) -> None:
        """Erase one of the actor's conversations; raises NotFound."""
        with self._database.write() as session:
            conversation = _own(session, actor, conversation_id)
            session.execute(delete(Conversation).where(Conversation.id == conversation.id))

    def add_turn(self, session: Session, actor: Actor, asked: Asked, answer: Answer) -> Turn:
        """Add a question and its answer, to a new conversation unless one is named.

        One that is answered again takes the place of the answer before. Raises NotFound, or Unauthenticated
        when the actor was removed while the answer was made. Runs inside the caller's write transaction.
        """
        now = self._clock.now()
        if asked.conversation_id is None:
            conversation = _begun(session, actor, asked)
            conversation.created_at = now
            session.add(conversation)
        else:
            conversation = _own(session, actor, asked.conversation_id)
        if asked.again is not None:
            session.execute(
                delete(Turn).where(Turn.id == asked.again, Turn.conversation_id == conversation.id)
            )
        conversation.updated_at = now
        session.flush()
        turn = Turn(
            conversation_id=conversation.id,
            question=asked.question,
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


def accepted_title(title: str) -> str:
    """Return the title on one line. Raises InvalidInput for none, a longer one, or control characters."""
    if not title.strip():
        raise InvalidInput(lazy_gettext("Le titre est vide."), code="empty-title")
    if len(title) > LONGEST_TITLE:
        raise InvalidInput(
            lazy_gettext("Le titre dépasse %(longest)s caractères.", longest=LONGEST_TITLE),
            code="title-too-long",
        )
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in title):
        raise InvalidInput(
            lazy_gettext("Le titre contient des caractères de contrôle."), code="control-characters"
        )
    return title.strip()


def _last_turns(conversation_id: int) -> Select[Turn]:
    return select(Turn).where(Turn.conversation_id == conversation_id).order_by(Turn.id.desc())


def _holds(word: str, actor: Actor) -> ColumnElement[bool]:
    # What is not shown is not found either: to be told that an answer holds a word is to read it.
    in_answer = and_(Turn.answer.icontains(word, autoescape=True), ~cites_hidden(actor))
    in_a_turn = (
        select(Turn.id)
        .where(
            Turn.conversation_id == Conversation.id,
            Turn.question.icontains(word, autoescape=True) | in_answer,
        )
        .exists()
    )
    return Conversation.title.icontains(word, autoescape=True) | in_a_turn


def _own_turn(session: Session, actor: Actor, turn_id: int) -> Turn:
    turn = session.scalar(
        select(Turn)
        .join(Conversation, Conversation.id == Turn.conversation_id)
        .where(Turn.id == turn_id, _owned_by(actor))
    )
    if turn is None:
        raise NotFound(lazy_gettext("Cette réponse n'existe pas."))
    return turn


def _begun(session: Session, actor: Actor, asked: Asked) -> Conversation:
    if actor.user_id is None and actor.key_id is None:
        raise Forbidden(lazy_gettext("Seuls un utilisateur ou une clé d'API tiennent une conversation."))
    if actor.user_id is not None and session.get(User, actor.user_id) is None:
        raise Unauthenticated(lazy_gettext("La session ou le jeton n'est pas valable, ou ne l'est plus."))
    words = " ".join(asked.question.split())
    title = words if len(words) <= LONGEST_TITLE else words[: LONGEST_TITLE - 1].rstrip() + "…"
    return Conversation(user_id=actor.user_id, key_id=actor.key_id, case_id=asked.case_id, title=title)


def _owned_by(actor: Actor) -> ColumnElement[bool]:
    # For an actor who is neither a user nor a key, this is "key_id = NULL", which no row fulfils.
    theirs = (
        Conversation.user_id == actor.user_id
        if actor.user_id is not None
        else Conversation.key_id == actor.key_id
    )
    # Whoever has left a case does not read its documents in what was asked about it either.
    return and_(theirs, or_(Conversation.case_id.is_(None), Conversation.case_id.in_(visible_cases(actor))))


def _own(session: Session, actor: Actor, conversation_id: int, *options: ExecutableOption) -> Conversation:
    query = select(Conversation).where(Conversation.id == conversation_id, _owned_by(actor))
    conversation = session.scalar(query.options(*options))
    if conversation is None:
        raise NotFound(lazy_gettext("Cette conversation n'existe pas."))
    return conversation
