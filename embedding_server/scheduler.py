"""Which texts go through the model next: pure bookkeeping, no threads, no clock, no model.

Questions and ingest wait in lanes of their own. Within either, users take turns one text at a time, so
that a tenant who queues a thousand passages delays a neighbour's ten by about ten, not by a thousand. A
batch is bounded by its padded size (texts times the longest one's tokens), because that is what it costs:
every text in a batch is padded to the longest.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from enum import StrEnum

from embedding_server.errors import Busy


class Priority(StrEnum):
    """The two lanes; the values are those of the `X-Tenantry-Priority` header."""

    QUESTION = "question"
    INGEST = "ingest"


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How much goes through the model at once.

    On two cores a full-length text (256 tokens) takes about 50 ms alone or in company, so long texts
    gain nothing from a large batch while one of another tenant waits for the whole of it: 1024 padded
    tokens keep that wait near 0.2 s. Short texts do gain, up to some thirty at a time.
    """

    texts: int = 32
    padded_tokens: int = 1024


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """Texts that may wait, in all and for one user, in either lane."""

    question_texts: int = 512
    question_texts_per_user: int = 64
    ingest_texts: int = 8192
    ingest_texts_per_user: int = 2048


Pair = tuple[str, str]
"""A question and the text that is judged by it."""


@dataclass(eq=False, slots=True)
class Ticket:
    """One request's texts, or pairs for a cross-encoder, and their lengths in tokens, in its order."""

    user: str
    priority: Priority
    texts: tuple[str, ...] | tuple[Pair, ...]
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """One text of a ticket: its position in the request and its length in tokens."""

    ticket: Ticket
    position: int
    tokens: int

    @property
    def text(self) -> str | Pair:
        """The text or pair itself."""
        return self.ticket.texts[self.position]


@dataclass(slots=True)
class Lane:
    """Texts of one priority: in order for one user, users in turn."""

    _waiting: OrderedDict[str, deque[Piece]] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return sum(len(pieces) for pieces in self._waiting.values())

    def count(self, user: str) -> int:
        """How many texts of this user wait."""
        return len(self._waiting.get(user, ()))

    def add(self, ticket: Ticket) -> None:
        """Queue a ticket's texts, longest first: neighbours of like length waste little padding."""
        pieces = [Piece(ticket, position, tokens) for position, tokens in enumerate(ticket.tokens)]
        pieces.sort(key=lambda piece: -piece.tokens)
        self._waiting.setdefault(ticket.user, deque()).extend(pieces)

    def peek(self) -> Piece | None:
        """The text whose turn it is, left where it is."""
        for pieces in self._waiting.values():
            return pieces[0]
        return None

    def pop(self) -> Piece:
        """Take the text whose turn it is; its user goes to the end of the round."""
        user, pieces = self._waiting.popitem(last=False)
        piece = pieces.popleft()
        if pieces:
            self._waiting[user] = pieces
        return piece

    def discard(self, ticket: Ticket) -> None:
        """Forget what still waits of a ticket whose client has gone."""
        pieces = self._waiting.get(ticket.user)
        if pieces is None:
            return
        kept = deque(piece for piece in pieces if piece.ticket is not ticket)
        if kept:
            self._waiting[ticket.user] = kept
        else:
            del self._waiting[ticket.user]


class Scheduler:
    """The two lanes, their bounds and the choice of each one's next batch."""

    def __init__(self, batch: BatchLimits | None = None, queue: QueueLimits | None = None) -> None:
        self._batch = batch or BatchLimits()
        self._queue = queue or QueueLimits()
        self._lanes = {priority: Lane() for priority in Priority}

    def waiting(self, priority: Priority) -> int:
        """How many texts wait in a lane."""
        return len(self._lanes[priority])

    def add(self, ticket: Ticket) -> None:
        """Queue a ticket.

        Raises `Busy` when its lane, or its user's share of the lane, has no room for all of it.
        """
        self.require_room(ticket.user, ticket.priority, len(ticket.texts))
        self._lanes[ticket.priority].add(ticket)

    def require_room(self, user: str, priority: Priority, texts: int) -> None:
        """Raise `Busy` like `add` would for so many texts: before any work is done for them."""
        lane = self._lanes[priority]
        room, room_of_user = self._bounds(priority)
        if lane.count(user) + texts > room_of_user:
            raise Busy(
                f"{user!r} already has {lane.count(user)} texts waiting"
                f" ({room_of_user} allowed); send the next ones when these are answered.",
                code="user_queue_full",
                retry_after=5,
            )
        if len(lane) + texts > room:
            raise Busy(
                f"{len(lane)} texts are waiting already ({room} allowed); try again in a moment.",
                code="queue_full",
                retry_after=5,
            )

    def _bounds(self, priority: Priority) -> tuple[int, int]:
        if priority is Priority.QUESTION:
            return self._queue.question_texts, self._queue.question_texts_per_user
        return self._queue.ingest_texts, self._queue.ingest_texts_per_user

    def discard(self, ticket: Ticket) -> None:
        """Forget what still waits of a ticket; harmless when nothing does."""
        self._lanes[ticket.priority].discard(ticket)

    def take(self, priority: Priority) -> list[Piece]:
        """A lane's next batch: within the limits, at least one text; empty when none waits."""
        lane = self._lanes[priority]
        batch: list[Piece] = []
        longest = 0
        while (piece := lane.peek()) is not None:
            longest = max(longest, piece.tokens)
            full = len(batch) >= self._batch.texts
            if batch and (full or longest * (len(batch) + 1) > self._batch.padded_tokens):
                break
            batch.append(lane.pop())
        return batch
