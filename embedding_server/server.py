"""The process: socket, HTTP server and model thread, from start to a graceful end.

HTTP is uvicorn with its h11 parser: a waiting request costs a coroutine rather than a thread, so the
queue bounds the load, not a thread pool. uvicorn would give the socket mode 0666; it is handed a bound
one instead.
"""

from __future__ import annotations

import asyncio
import functools
import signal
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from embedding_server.application import Application
from embedding_server.cross_encoder import load_cross_encoder
from embedding_server.models import load_model
from embedding_server.scheduler import Scheduler
from embedding_server.socket_file import listening_socket
from embedding_server.worker import ModelWorker

_DRAIN_SECONDS = 20
_MAX_CONNECTIONS = 512
_IDLE_SECONDS = 15

log = structlog.get_logger("embedding_server")


class _ImpatientProtocol(H11Protocol):
    """uvicorn's, closing a connection on which nothing was asked yet as well: it starts waiting at once."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )


class _Server(uvicorn.Server):
    """uvicorn, ending quietly: a SIGTERM is an order obeyed (exit 0), not raised again at the end."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        yield

    def stop(self) -> None:
        """Stop accepting, drain what was accepted, return from `serve`."""
        self.should_exit = True


def serve(
    socket_path: Path,
    *,
    model: str,
    others: Sequence[str],
    rerank_model: str | None,
    threads: int,
    group: str | None,
) -> None:
    """Serve `model`, and `others` and `rerank_model` once they are asked for, until SIGTERM.

    Raises `StartError`, and whatever ended the thread of `model`; another model's end is no end.
    """
    with listening_socket(socket_path, group) as listener:
        worker = _worker(model, threads)
        former = {name: _worker(name, threads) for name in others if name != model}
        rerankers = {rerank_model: _reranker(rerank_model, threads)} if rerank_model else {}
        server = _Server(_configuration(Application(worker, model, former, rerankers)))
        worker.ended.add_done_callback(functools.partial(_stop_with_worker, server))
        worker.start()
        log.info("listening", socket=str(socket_path), model=model, threads=threads)
        server.run(sockets=[listener])
        for each in (worker, *former.values(), *rerankers.values()):
            each.stop(_DRAIN_SECONDS)
        if worker.ended.done():
            worker.ended.result()
        log.info("stopped")


def _worker(model: str, threads: int) -> ModelWorker:
    return ModelWorker(functools.partial(load_model, model, threads), Scheduler())


def _reranker(model: str, threads: int) -> ModelWorker:
    return ModelWorker(functools.partial(load_cross_encoder, model, threads), Scheduler())


def _stop_with_worker(server: _Server, _: Future[None]) -> None:
    server.stop()


def _configuration(application: Application) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=_ImpatientProtocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MAX_CONNECTIONS,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
