"""Who is served next: questions first, tenants in turn, batches of bounded cost."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_server.errors import Busy
from embedding_server.scheduler import (
    BatchLimits,
    Piece,
    Priority,
    QueueLimits,
    Scheduler,
    Ticket,
)

INGEST = Priority.INGEST


def ticket(user: str, *tokens: int, priority: Priority = Priority.INGEST) -> Ticket:
    texts = tuple(f"{user}-{index}" for index in range(len(tokens)))
    return Ticket(user, priority, texts, tokens)


def drain(scheduler: Scheduler) -> list[list[Piece]]:
    batches = []
    for priority in Priority:
        while batch := scheduler.take(priority):
            batches.append(batch)
    return batches


def test_a_question_overtakes_every_waiting_document() -> None:
    scheduler = Scheduler()
    scheduler.add(ticket("dupont", *[100] * 200))
    scheduler.add(ticket("martin", 10, priority=Priority.QUESTION))

    assert [piece.text for piece in scheduler.take(Priority.QUESTION)] == ["martin-0"]


def test_a_small_tenant_is_not_kept_waiting_by_a_large_one() -> None:
    scheduler = Scheduler(BatchLimits(texts=10, padded_tokens=10_000))
    scheduler.add(ticket("large", *[50] * 1000))
    scheduler.add(ticket("small", *[50] * 10))

    served = [
        piece.ticket.user for batch in (scheduler.take(INGEST), scheduler.take(INGEST)) for piece in batch
    ]

    assert Counter(served) == {"large": 10, "small": 10}


def test_questions_of_several_tenants_take_turns_too() -> None:
    scheduler = Scheduler(BatchLimits(texts=4))
    scheduler.add(ticket("busy", *[5] * 8, priority=Priority.QUESTION))
    scheduler.add(ticket("calm", 5, priority=Priority.QUESTION))

    assert "calm" in [piece.ticket.user for piece in scheduler.take(Priority.QUESTION)]


def test_one_tenants_own_requests_are_served_in_their_order() -> None:
    scheduler = Scheduler(BatchLimits(texts=1))
    first, second = ticket("dupont", 9), ticket("dupont", 9)
    scheduler.add(first)
    scheduler.add(second)

    assert [batch[0].ticket for batch in drain(scheduler)] == [first, second]


def test_texts_of_like_length_share_a_batch() -> None:
    scheduler = Scheduler(BatchLimits(texts=32, padded_tokens=400))
    scheduler.add(ticket("dupont", 200, 10, 200, 10))

    assert [[piece.tokens for piece in batch] for batch in drain(scheduler)] == [[200, 200], [10, 10]]


def test_a_text_longer_than_the_batch_budget_goes_alone() -> None:
    scheduler = Scheduler(BatchLimits(padded_tokens=100))
    scheduler.add(ticket("dupont", 256))

    assert [piece.tokens for piece in scheduler.take(INGEST)] == [256]


def test_a_request_that_does_not_fit_the_queue_is_refused_whole() -> None:
    scheduler = Scheduler(queue=QueueLimits(ingest_texts=10, ingest_texts_per_user=10))
    scheduler.add(ticket("dupont", *[1] * 8))

    with pytest.raises(Busy, match="8 texts are waiting") as refusal:
        scheduler.add(ticket("martin", 1, 1, 1))

    assert refusal.value.retry_after == 5
    assert scheduler.waiting(INGEST) == 8


def test_one_tenant_cannot_fill_the_queue_for_the_others() -> None:
    scheduler = Scheduler(queue=QueueLimits(ingest_texts=100, ingest_texts_per_user=10))
    scheduler.add(ticket("greedy", *[1] * 10))

    with pytest.raises(Busy, match="'greedy' already has 10 texts waiting"):
        scheduler.add(ticket("greedy", 1))
    scheduler.add(ticket("martin", 1))


def test_a_client_that_left_frees_its_place() -> None:
    scheduler = Scheduler()
    gone, stays = ticket("dupont", 5, 5), ticket("dupont", 7)
    scheduler.add(gone)
    scheduler.add(stays)

    scheduler.discard(gone)
    scheduler.discard(gone)

    assert [piece.ticket for piece in scheduler.take(INGEST)] == [stays]
    assert scheduler.waiting(INGEST) == 0


def test_forgetting_a_tenant_who_has_nothing_waiting_changes_nothing() -> None:
    scheduler = Scheduler()
    scheduler.discard(ticket("nobody", 1))

    assert scheduler.take(INGEST) == []


requests = st.lists(
    st.builds(
        lambda user, tokens, priority: ticket(user, *tokens, priority=priority),
        st.sampled_from(["a", "b", "c"]),
        st.lists(st.integers(1, 256), min_size=1, max_size=40),
        st.sampled_from(Priority),
    ),
    max_size=12,
)


@given(requests, st.integers(1, 40), st.integers(1, 2000))
def test_every_text_is_served_exactly_once_and_no_batch_passes_its_limits(
    tickets: list[Ticket], texts: int, padded_tokens: int
) -> None:
    scheduler = Scheduler(BatchLimits(texts, padded_tokens), QueueLimits(10_000, 10_000, 10_000, 10_000))
    for one in tickets:
        scheduler.add(one)

    batches = drain(scheduler)

    served = Counter((id(piece.ticket), piece.position) for batch in batches for piece in batch)
    assert served == Counter((id(one), position) for one in tickets for position in range(len(one.texts)))
    for batch in batches:
        cost = len(batch) * max(piece.tokens for piece in batch)
        assert len(batch) == 1 or (len(batch) <= texts and cost <= padded_tokens)
        assert len({piece.ticket.priority for piece in batch}) == 1
