"""The model thread: answers in order, isolates a failure, frees a place, ends cleanly.

The model here is a small deterministic one (the vector says how long the text is), so that failures and
slowness can be provoked; the real model is in test_server.py.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from embedding_server.application import Application
from embedding_server.errors import Busy, ConfigurationError
from embedding_server.models import LoadedModel, Vectors
from embedding_server.scheduler import Priority, QueueLimits, Scheduler, Ticket
from embedding_server.worker import EncodingFailed, ModelWorker


class LengthModel:
    """One-dimensional: a text's length. Fails on "poison"; waits for `gate` with "held" in hand."""

    dimensions = 1

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.seen: list[str] = []

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text) for text in texts]

    def encode(self, texts: Sequence[str]) -> Vectors:
        if "held" in texts:
            self.entered.set()
            assert self.gate.wait(20)
        if "poison" in texts:
            raise RuntimeError("index out of range in self")
        self.seen.extend(texts)
        return np.array([[len(text)] for text in texts], dtype=np.float32)

    def twin(self) -> LoadedModel:
        return self


@pytest.fixture
def model() -> LengthModel:
    return LengthModel()


@pytest.fixture
def worker(model: LengthModel) -> Iterator[ModelWorker]:
    worker = ModelWorker(lambda: model, Scheduler(queue=QueueLimits(ingest_texts=6, ingest_texts_per_user=4)))
    worker.start()
    yield worker
    model.gate.set()
    worker.stop(20)


def ticket(*texts: str, user: str = "dupont") -> Ticket:
    return Ticket(user, Priority.INGEST, texts, tuple(len(text) for text in texts))


def rows(future: Future[Vectors]) -> list[float]:
    return [float(row[0]) for row in future.result(20)]


def hold_the_model(worker: ModelWorker, model: LengthModel) -> Future[Vectors]:
    """Occupy the thread of ingest, so that what follows waits in its queue."""
    model.gate.clear()
    future = worker.submit(ticket("held", user="holder"))
    assert model.entered.wait(20)
    return future


def keep_asking(worker: ModelWorker) -> None:
    """Submit and give up at once, until the worker refuses."""
    while True:
        worker.submit(ticket("later", user="martin")).cancel()


def test_vectors_come_back_in_the_requests_order(worker: ModelWorker) -> None:
    assert rows(worker.submit(ticket("a", "bbb", "cc"))) == [1, 3, 2]


def test_a_question_is_answered_while_the_model_is_busy_with_documents(
    worker: ModelWorker, model: LengthModel
) -> None:
    held = hold_the_model(worker, model)
    assert rows(worker.submit(Ticket("martin", Priority.QUESTION, ("what?",), (5,)))) == [5]
    assert not held.done()
    model.gate.set()
    assert rows(held) == [4]


def test_a_text_the_model_fails_on_fails_its_own_request_only(
    worker: ModelWorker, model: LengthModel
) -> None:
    held = hold_the_model(worker, model)
    bad = worker.submit(ticket("poison", "x", user="martin"))
    good = worker.submit(ticket("fine!"))
    model.gate.set()

    assert rows(held) == [4]
    assert rows(good) == [5]
    with pytest.raises(EncodingFailed, match="server's log says why"):
        bad.result(20)


def test_a_client_that_left_is_not_computed_for_and_frees_its_place(
    worker: ModelWorker, model: LengthModel
) -> None:
    held = hold_the_model(worker, model)
    left = worker.submit(ticket("one", "two", "three", "four"))
    with pytest.raises(Busy):
        worker.submit(ticket("five"))

    assert left.cancel()
    after = worker.submit(ticket("five"))
    model.gate.set()

    assert rows(held) == [4]
    assert rows(after) == [4]
    assert model.seen == ["held", "five"]


def test_a_client_that_leaves_while_its_texts_are_in_the_model_harms_nobody(
    worker: ModelWorker, model: LengthModel
) -> None:
    held = hold_the_model(worker, model)
    assert held.cancel()
    model.gate.set()

    assert rows(worker.submit(ticket("next"))) == [4]


def test_stopping_finishes_the_batch_in_hand_and_turns_the_rest_away(
    worker: ModelWorker, model: LengthModel
) -> None:
    held = hold_the_model(worker, model)
    waiting = worker.submit(ticket("late"))
    stopper = threading.Thread(target=worker.stop, args=(20,))
    stopper.start()
    with pytest.raises(Busy, match="stopping"):
        keep_asking(worker)
    model.gate.set()
    stopper.join(20)

    assert rows(held) == [4]
    with pytest.raises(Busy, match="stopping"):
        waiting.result(20)
    assert worker.ended.result(20) is None


def test_a_model_that_cannot_be_loaded_ends_the_worker_with_the_reason() -> None:
    def load() -> LengthModel:
        raise ConfigurationError("the weights are not the published ones")

    worker = ModelWorker(load, Scheduler())
    worker.start()

    with pytest.raises(ConfigurationError, match="not the published ones"):
        worker.ended.result(20)


def test_nothing_is_served_while_the_model_loads(model: LengthModel) -> None:
    loading = threading.Event()

    def load() -> LengthModel:
        assert loading.wait(20)
        return model

    worker = ModelWorker(load, Scheduler())
    worker.start()
    with pytest.raises(Busy, match="being loaded"):
        _ = worker.model
    loading.set()
    assert rows(worker.submit(ticket("abc"))) == [3]
    assert worker.model.dimensions == 1
    worker.stop(20)


def test_texts_there_is_no_room_for_are_turned_away_before_their_tokens_are_counted(
    worker: ModelWorker, model: LengthModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rows(worker.submit(ticket("loaded"))) == [6.0]
    counted: list[str] = []
    monkeypatch.setattr(model, "count_tokens", counted.extend)

    question = _post(Application(worker, "m"), {"model": "m", "input": ["a"] * 5})
    # On a thread of its own: a browser test may have left this one inside an event loop.
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(asyncio.run, question).result(20)

    assert (answer["error"]["code"], counted) == ("user_queue_full", [])


async def _post(application: Application, body: dict[str, Any]) -> Any:
    """Ask as a client does, and return the answer's document."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(body).encode()}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await application({"method": "POST", "path": "/v1/embeddings", "headers": []}, receive, send)
    return json.loads(sent[-1]["body"])
