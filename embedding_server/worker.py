"""The two threads that run a model, one for each lane of the queue in front of it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import structlog

from embedding_server.errors import Busy, ModelNotFound, RequestError
from embedding_server.models import LoadedModel, Vectors
from embedding_server.scheduler import Piece, Priority, Scheduler, Ticket

_LEAST_URGENT: Final = 19
log = structlog.get_logger("embedding_server")


class EncodingFailed(RequestError):
    """The model failed on this request's texts (500)."""


@dataclass(slots=True)
class _Pending:
    """A ticket's answer while it comes together, possibly over several batches."""

    future: Future[Vectors]
    size: int
    rows: dict[int, Vectors] = field(default_factory=dict)

    def put(self, position: int, row: Vectors) -> None:
        self.rows[position] = row
        if len(self.rows) == self.size and self.future.set_running_or_notify_cancel():
            self.future.set_result(np.stack([self.rows[index] for index in range(self.size)]))


class ModelWorker:
    """Runs batches of the scheduler's choosing through the model.

    Questions have a thread of their own, which also loads the model. That of ingest gives way to it, and to
    everything else on the host: a question that has just come waits for no batch of documents, and ingest
    gets what is left, which is a little even under a constant flow of questions.
    """

    def __init__(self, load: Callable[[], LoadedModel], scheduler: Scheduler) -> None:
        self._load = load
        self._scheduler = scheduler
        self._pending: dict[Ticket, _Pending] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._started = False
        self._model: LoadedModel | None = None
        self.ended: Future[None] = Future()
        self._threads = {
            priority: threading.Thread(target=self._run, args=(priority,), name=priority, daemon=True)
            for priority in Priority
        }

    @property
    def model(self) -> LoadedModel:
        """The loaded model. Raises `Busy` while it loads."""
        if self._model is None:
            raise Busy(
                "The model is being loaded; try again in a few seconds.", code="loading", retry_after=3
            )
        return self._model

    def wanted(self) -> LoadedModel:
        """The loaded model; loading begins with the first call, unless it was started.

        Raises `Busy` while it loads, `ModelNotFound` when it cannot be loaded.
        """
        with self._changed:
            if not self._started and not self._stopping:
                self.start()
        if self.ended.done() and self.ended.exception() is not None:
            raise ModelNotFound("The model cannot be loaded any more; the server's log says why.")
        return self.model

    def start(self) -> None:
        """Start loading. `ended` is done when either thread ends, with its exception if it failed."""
        self._started = True
        self._threads[Priority.QUESTION].start()

    def stop(self, timeout: float) -> None:
        """Finish the current batches (at most `timeout` seconds) and end; what waits is answered `Busy`."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads.values():
            if thread.ident is not None:
                thread.join(timeout)

    def require_room(self, user: str, priority: Priority, texts: int) -> None:
        """Raise `Busy` when so many texts could not be queued now."""
        with self._changed:
            self._scheduler.require_room(user, priority, texts)

    def submit(self, ticket: Ticket) -> Future[Vectors]:
        """Queue a ticket; its future gives one row per text. Cancelling the future frees its place.

        Raises `Busy`.
        """
        future: Future[Vectors] = Future()
        with self._changed:
            if self._stopping:
                raise Busy(
                    "The server is stopping; try again in a few seconds.", code="stopping", retry_after=3
                )
            self._scheduler.add(ticket)
            self._pending[ticket] = _Pending(future, len(ticket.texts))
            self._changed.notify_all()
        future.add_done_callback(lambda _: self._forget(ticket))
        return future

    def _forget(self, ticket: Ticket) -> None:
        with self._changed:
            self._scheduler.discard(ticket)
            self._pending.pop(ticket, None)

    def _run(self, priority: Priority) -> None:
        try:
            model = self._load_first() if priority is Priority.QUESTION else self._give_way()
            while batch := self._next_batch(priority):
                self._serve(model, batch)
            self._abandon(priority)
        except BaseException as error:  # noqa: BLE001 — carried to the main thread, which judges it
            log.error("model_ended", why=repr(error))
            self._end(error)
        else:
            self._end(None)

    def _load_first(self) -> LoadedModel:
        started = time.monotonic()
        self._model = model = self._load()
        log.info("model_loaded", seconds=round(time.monotonic() - started, 2), dimensions=model.dimensions)
        self._threads[Priority.INGEST].start()
        return model

    def _give_way(self) -> LoadedModel:
        """Lower this thread's priority, and thereby that of those torch starts in it (Linux, sched(7))."""
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LEAST_URGENT)
        return self.model.twin()

    def _end(self, error: BaseException | None) -> None:
        with self._changed:
            if self.ended.done():
                return
            if error is None:
                self.ended.set_result(None)
            else:
                self.ended.set_exception(error)

    def _next_batch(self, priority: Priority) -> list[Piece]:
        """Wait for texts; empty when the worker is to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._scheduler.waiting(priority) > 0)
            return [] if self._stopping else self._scheduler.take(priority)

    def _serve(self, model: LoadedModel, batch: list[Piece]) -> None:
        try:
            vectors = model.encode([piece.text for piece in batch])
        except Exception:
            log.exception(
                "batch_failed", texts=len(batch), users=sorted({piece.ticket.user for piece in batch})
            )
            self._isolate_failure(model, batch)
            return
        for piece, row in zip(batch, vectors, strict=True):
            self._deliver(piece, row)

    def _isolate_failure(self, model: LoadedModel, batch: list[Piece]) -> None:
        """Run a failed batch again ticket by ticket, so that only the culprit's request fails."""
        tickets = {piece.ticket: None for piece in batch}
        if len(tickets) == 1:
            self._fail(
                batch[0].ticket, EncodingFailed("The model failed on these texts; the server's log says why.")
            )
            return
        for ticket in tickets:
            self._serve(model, [piece for piece in batch if piece.ticket is ticket])

    def _deliver(self, piece: Piece, row: Vectors) -> None:
        with self._changed:
            pending = self._pending.get(piece.ticket)
        if pending is not None:
            pending.put(piece.position, row)

    def _fail(self, ticket: Ticket, error: Exception) -> None:
        with self._changed:
            pending = self._pending.get(ticket)
        if pending is not None and pending.future.set_running_or_notify_cancel():
            pending.future.set_exception(error)

    def _abandon(self, priority: Priority) -> None:
        with self._changed:
            waiting = [ticket for ticket in self._pending if ticket.priority is priority]
        for ticket in waiting:
            self._fail(ticket, Busy("The server is stopping.", code="stopping", retry_after=3))
