"""One answer on its way: counted before it begins, kept and settled when it ends, however it ends."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from sqlalchemy.orm import Session

from tenant_app.accounts.actor import Actor
from tenant_app.assistant.answer_cache import AnswerCache
from tenant_app.assistant.answers import PASSING, Answer, AnswerUsage, Done, Event
from tenant_app.assistant.asking import Asked
from tenant_app.assistant.composing import Composer, Draft
from tenant_app.assistant.conversations import Conversations
from tenant_app.assistant.follow_ups import sought
from tenant_app.assistant.next_questions import next_questions
from tenant_app.assistant.provider import Message, Took, took
from tenant_app.billing.budget import Budget
from tenant_app.billing.ledger import Ledger, Reservation, units_used
from tenant_app.billing.monthly_counts import count_one
from tenant_app.retrieval.scope import Scope
from tenant_app.retrieval.search import Search
from tenant_app.settings import Settings


@dataclass(frozen=True)
class Bench:
    """What an answer is made with."""

    settings: Settings
    search: Search
    composer: Composer
    conversations: Conversations
    ledger: Ledger
    budget: Budget
    cache: AnswerCache


class RunningAnswer:
    """Iterate for its events, the last of which is ``Done``; then, or at any moment before, close it.

    Served, it keeps its unit; so does one whose reader leaves. One that fails gives its unit back and raises
    what went wrong; what the model took for it is owed all the same.
    """

    def __init__(
        self,
        bench: Bench,
        actor: Actor,
        asked: Asked,
        reservation: Reservation,
        release: Callable[[], None],
    ) -> None:
        self._bench = bench
        self._actor = actor
        self._asked = asked
        self._reservation = reservation
        self._release = release
        self._draft = Draft(asked.question, bench.settings.language_default, reservation.month)
        self._events = self._run()
        self._counted = False
        self._closed = False

    def __iter__(self) -> Iterator[Event]:
        return self._events

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def whole(self) -> Answer:
        """Run to the end, close, and return the answer; raises what went wrong."""
        with self:
            *_, last = self
        assert isinstance(last, Done)
        return last.answer

    def close(self) -> None:
        """End the answer and free its stream; to be called once for each, whatever happened."""
        if self._closed:
            return
        self._closed = True
        # A generator that was never begun runs none of its own code on close: the rest is done here.
        self._events.close()
        try:
            if not self._counted:
                self._leave()
        finally:
            self._release()
            self._let_go()

    def _let_go(self) -> None:
        """End the hold on the budget: what the call really cost is settled by now."""
        if self._draft.hold_id is not None:
            self._bench.budget.release(self._draft.hold_id, self._draft.month)
            self._draft.hold_id = None

    def _run(self) -> Generator[Event, None, None]:
        try:
            yield from self._compose()
            answer = self._finish()
        except Exception:
            self._counted = True
            self._bench.ledger.give_back(self._reservation, **self._took())
            raise
        yield Done(answer)

    def _compose(self) -> Iterator[Event]:
        bench, draft = self._bench, self._draft
        draft.history = self._history()
        place = bench.cache.place_of(self._actor, draft.question, draft.history, self._asked.case_id)
        remembered = bench.cache.get(place) if self._asked.again is None else None
        if remembered is not None:
            yield from draft.repeat(remembered)
            return
        earlier = [message["content"] for message in draft.history if message["role"] == "user"]
        draft.sought = sought(draft.question, earlier, bench.settings.language_default)
        found = bench.search.search(
            self._actor, draft.sought, bench.settings.retrieval_depth, Scope(case_id=self._asked.case_id)
        )
        draft.language = found.language or draft.language
        if found.degraded:
            draft.notices.append("search-degraded")
        yield from bench.composer.compose(draft, found)
        if not PASSING.intersection(draft.notices):
            bench.cache.put(place, draft.remembered())

    def _history(self) -> Sequence[Message]:
        if self._asked.conversation_id is None:
            return self._asked.history
        return self._bench.conversations.history(
            self._actor, self._asked.conversation_id, before=self._asked.again
        )

    def _finish(self) -> Answer:
        """Keep the turn and settle the unit in one transaction."""
        bench = self._bench
        calls = self._took()
        with bench.ledger.settling(self._reservation, mode=self._draft.mode, **calls) as session:
            self._count(session)
            answer = self._answer(calls, units_used(session, self._reservation.month)["request"])
            if self._asked.keep:
                turn = bench.conversations.add_turn(session, self._actor, self._asked, answer)
                answer = replace(
                    answer,
                    conversation_id=turn.conversation_id,
                    turn_id=turn.id,
                    next_questions=tuple(next_questions(session, self._actor, turn)),
                )
        self._counted = True
        return answer

    def _count(self, session: Session) -> None:
        draft, month = self._draft, self._reservation.month
        if not draft.found:
            count_one(session, month, "off-topic")
        if draft.from_cache:
            count_one(session, month, "from-cache")
        if "unsupported" in draft.notices:
            count_one(session, month, "unsupported")
        if PASSING.intersection(draft.notices):
            count_one(session, month, "fallback")

    def _answer(self, calls: Took, requests_used: int) -> Answer:
        draft = self._draft
        return Answer(
            text=draft.text,
            mode=draft.mode,
            found=draft.found,
            language=draft.language,
            citations=draft.citations,
            sentences=draft.sentences,
            near_misses=draft.near_misses,
            notices=tuple(draft.notices),
            prompt_version=draft.prompt_version,
            usage=AnswerUsage(
                month=self._reservation.month,
                requests_used=requests_used,
                requests_limit=self._bench.settings.max_requests_monthly,
                **calls,
            ),
        )

    def _leave(self) -> None:
        """Settle an answer whose reader left: what the model wrote so far is owed."""
        calls = self._took()
        self._bench.ledger.settle(self._reservation, mode="llm" if calls["tokens_out"] else "local", **calls)

    def _took(self) -> Took:
        return took(self._bench.settings, [self._draft.consumption])
