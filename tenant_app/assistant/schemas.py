"""The JSON bodies and answers of the assistant's routes."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field

from tenant_app.accounts.security_log import SecurityEvent
from tenant_app.assistant.answers import NOTICES, Answer
from tenant_app.assistant.checking import CheckedSentence
from tenant_app.assistant.citations import Citation
from tenant_app.assistant.conversations import citations_of, near_misses_of, sentences_of
from tenant_app.assistant.models import Conversation, Rating, Turn
from tenant_app.assistant.near_misses import NearMiss
from tenant_app.billing.money import Money
from tenant_app.validation import Body

Id = Annotated[int, Field(ge=1, lt=2**63)]


class Question(Body):
    """A question; with ``stream`` the answer comes as events."""

    question: str
    conversation_id: Id | None = None
    case_id: Id | None = None
    """The case a new conversation is about: its documents and the firm's are searched."""
    stream: bool = False


class Again(Body):
    """The last question is to be answered once more; with ``stream`` the answer comes as events."""

    stream: bool = False


class NewTitle(Body):
    """Another title of a conversation."""

    title: str


class Wanted(Body):
    """Which conversations: those that hold every word of ``q``, and those about one case."""

    q: Annotated[str, Field(max_length=200)] = ""
    case_id: Id | None = None


class Feedback(Body):
    """What a reader says of an answer; a ``rating`` of null takes it back."""

    rating: Rating | None
    comment: Annotated[str, Field(max_length=2000)] = ""


class FeedbackView(BaseModel):
    """What is kept of it."""

    turn_id: int
    rating: Rating | None
    comment: str

    @classmethod
    def of(cls, turn: Turn) -> Self:
        """Return the view of a turn's rating."""
        return cls(turn_id=turn.id, rating=turn.rating, comment=turn.comment)


class SecurityEventView(BaseModel):
    """One sign of abuse; never what was asked or typed."""

    id: int
    at: datetime
    kind: str
    code: str
    user_id: int | None
    key_id: int | None

    @classmethod
    def of(cls, event: SecurityEvent) -> Self:
        """Return the view of an event."""
        return cls(
            id=event.id,
            at=event.at,
            kind=event.kind,
            code=event.code,
            user_id=event.user_id,
            key_id=event.key_id,
        )


class SecurityEvents(BaseModel):
    """The last 200 events, newest first."""

    events: list[SecurityEventView]


class CitationView(BaseModel):
    """A passage the answer cites as ``[n]``; ``quote`` is the part of it that speaks most for the answer."""

    n: int
    document_id: int
    document: str
    page: int | None
    passage: str
    score: float
    chunk_id: int
    quote: str

    @classmethod
    def of(cls, citation: Citation) -> Self:
        """Return the view of a citation."""
        return cls(**asdict(citation))


class SentenceView(BaseModel):
    """One sentence of the answer, ``answer[start:end]``.

    ``supported`` tells whether the passages it cites (or, citing none, any of those given) say so; null for
    what states nothing. ``support`` (0 to 1) is at least 0.5 when supported; ``doubt`` says why it is not.
    """

    text: str
    start: int
    end: int
    supported: bool | None
    support: float
    doubt: Literal["facts", "quotation", "negation", "words"] | None
    citations: list[int]

    @classmethod
    def of(cls, sentence: CheckedSentence) -> Self:
        """Return the view of a sentence."""
        return cls(**asdict(sentence))


class NearMissView(BaseModel):
    """A passage close to a question that the documents do not answer; not an answer."""

    document_id: int
    document: str
    page: int | None
    chunk_id: int
    words: str
    score: float

    @classmethod
    def of(cls, miss: NearMiss) -> Self:
        """Return the view of a passage."""
        return cls(**asdict(miss))


class NoticeView(BaseModel):
    """Something the reader should know about how the answer was made."""

    code: str
    message: str

    @classmethod
    def of(cls, code: str) -> Self:
        """Return the notice in the language of the request."""
        return cls(code=code, message=str(NOTICES[code]))


class UsageView(BaseModel):
    """What the answer took, and the month's requests with it (``requests_limit`` null: unlimited)."""

    month: str
    tokens_in: int
    tokens_out: int
    cost: Money
    requests_used: int
    requests_limit: int | None


class AnswerView(BaseModel):
    """One answer. ``found`` is false when the documents do not answer the question."""

    answer: str
    mode: Literal["llm", "local"]
    citations: list[CitationView]
    conversation_id: int | None
    usage: UsageView
    sentences: list[SentenceView]
    near_misses: list[NearMissView]
    found: bool
    language: Literal["fr", "en"]
    notices: list[NoticeView]
    turn_id: int | None
    next_questions: list[str]
    """Up to three that the documents cited may answer, in their language."""

    @classmethod
    def of(cls, answer: Answer) -> Self:
        """Return the view of an answer."""
        return cls(
            answer=answer.text,
            mode=answer.mode,
            citations=[CitationView.of(citation) for citation in answer.citations],
            conversation_id=answer.conversation_id,
            usage=UsageView(**asdict(answer.usage)),
            sentences=[SentenceView.of(sentence) for sentence in answer.sentences],
            near_misses=[NearMissView.of(miss) for miss in answer.near_misses],
            found=answer.found,
            language=answer.language,
            notices=[NoticeView.of(code) for code in answer.notices],
            turn_id=answer.turn_id,
            next_questions=list(answer.next_questions),
        )


class TurnView(BaseModel):
    """A question and its answer, as kept."""

    id: int
    question: str
    answer: str
    mode: Literal["llm", "local"]
    found: bool
    language: Literal["fr", "en"]
    notices: list[NoticeView]
    citations: list[CitationView]
    sentences: list[SentenceView]
    near_misses: list[NearMissView]
    rating: Rating | None
    comment: str
    created_at: datetime

    @classmethod
    def of(cls, turn: Turn) -> Self:
        """Return the view of a turn."""
        return cls(
            id=turn.id,
            question=turn.question,
            answer=turn.answer,
            mode=turn.mode,
            found=turn.found,
            language=turn.language,
            notices=[NoticeView.of(code) for code in turn.notices],
            citations=[CitationView.of(citation) for citation in citations_of(turn)],
            sentences=[SentenceView.of(sentence) for sentence in sentences_of(turn)],
            near_misses=[NearMissView.of(miss) for miss in near_misses_of(turn)],
            rating=turn.rating,
            comment=turn.comment,
            created_at=turn.created_at,
        )


class ConversationRow(BaseModel):
    """A conversation as it is listed."""

    id: int
    title: str
    case_id: int | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, conversation: Conversation) -> Self:
        """Return the row of a conversation."""
        return cls(
            id=conversation.id,
            title=conversation.title,
            case_id=conversation.case_id,
            created_at=conversation.created_at,
            updated_at=conversation.updated_at,
        )


class ConversationList(BaseModel):
    """One's own conversations, last used first."""

    conversations: list[ConversationRow]


class ConversationView(ConversationRow):
    """A conversation with its turns, oldest first."""

    turns: list[TurnView]

    @classmethod
    def whole(cls, conversation: Conversation) -> Self:
        """Return the view of a conversation whose turns are loaded."""
        row = ConversationRow.of(conversation)
        return cls(**row.model_dump(), turns=[TurnView.of(turn) for turn in conversation.turns])


class ExportFormat(Body):
    """The file wanted."""

    format: Literal["markdown", "json", "pdf"] = "markdown"
