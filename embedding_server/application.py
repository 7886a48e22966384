"""The ASGI application: its routes, read with limits, answered in OpenAI's shapes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from embedding_server.errors import (
    InvalidRequest,
    RequestError,
    RequestTimeout,
    RequestTooLarge,
)
from embedding_server.models import LoadedModel, Vectors
from embedding_server.requests import (
    MAX_BODY_BYTES,
    EmbeddingRequest,
    embeddings_answer,
    error_answer,
    models_answer,
    parse_request,
)
from embedding_server.rerank_requests import RerankRequest, parse_rerank_request, rerank_answer
from embedding_server.scheduler import Ticket
from embedding_server.worker import ModelWorker

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_BODY_SECONDS = 15.0

log = structlog.get_logger("embedding_server")


class ClientGone(Exception):
    """The client closed its connection before the answer."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: lower-case header names, and the stream of its body."""

    headers: dict[str, str]
    receive: Receive


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer."""

    body: dict[str, Any]
    status: int = 200
    retry_after: int | None = None


Handler = Callable[[Request], Awaitable[Answer]]


class Application:
    """Serves one model, named `model_name`, through one worker.

    `others` are further models by name, each loaded when it is first asked for: those whose vectors some
    tenants still search while the vectors of `model_name` are being computed. `rerankers` are cross-encoders
    by name, loaded when first asked for as well; without one there is no `/v1/rerank`.
    """

    def __init__(
        self,
        worker: ModelWorker,
        model_name: str,
        others: Mapping[str, ModelWorker] | None = None,
        rerankers: Mapping[str, ModelWorker] | None = None,
    ) -> None:
        self._worker = worker
        self._model_name = model_name
        self._workers = {model_name: worker, **(others or {})}
        self._routes: dict[str, tuple[str, Handler]] = {
            "/healthz": ("GET", self._healthz),
            "/readyz": ("GET", self._readyz),
            "/v1/models": ("GET", self._models),
            "/v1/embeddings": ("POST", self._embeddings),
        }
        self._rerankers = dict(rerankers or {})
        if self._rerankers:
            self._routes["/v1/rerank"] = ("POST", self._rerank)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request; the ASGI entry."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        handler = self._handler(scope["method"], scope["path"])
        try:
            answer = await handler(Request(headers, receive))
        except RequestError as error:
            answer = Answer(error_answer(error), error.status, error.retry_after)
        except ClientGone:
            return
        await _send(send, answer)

    def _handler(self, method: str, path: str) -> Handler:
        if path not in self._routes:
            return _fixed(404, f"There is no {path} here.")
        allowed, handler = self._routes[path]
        return handler if method == allowed else _fixed(405, f"{path} accepts {allowed} only.")

    async def _healthz(self, _: Request) -> Answer:
        return Answer({"status": "ok"})

    async def _readyz(self, _: Request) -> Answer:
        return Answer(
            {"status": "ok", "model": self._model_name, "dimensions": self._worker.model.dimensions}
        )

    async def _models(self, _: Request) -> Answer:
        return Answer(models_answer(self._workers))

    async def _embeddings(self, http: Request) -> Answer:
        started = time.monotonic()
        body = await _read_body(http)
        request = parse_request(body, http.headers.get("x-tenantry-priority"), self._workers)
        worker = self._workers[request.model]
        model = worker.wanted()
        # Counting tokens costs as much as the texts are long: not for those that would be turned away.
        worker.require_room(request.user, request.priority, len(request.texts))
        ticket = await asyncio.to_thread(_ticket, model, request)
        vectors = await _vectors(worker, ticket, http.receive)
        _log_served("embedded", ticket, started)
        return Answer(
            await asyncio.to_thread(
                embeddings_answer,
                vectors,
                model=request.model,
                tokens=sum(ticket.tokens),
                encoding_format=request.encoding_format,
            )
        )

    async def _rerank(self, http: Request) -> Answer:
        started = time.monotonic()
        body = await _read_body(http)
        request = parse_rerank_request(body, http.headers.get("x-tenantry-priority"), self._rerankers)
        worker = self._rerankers[request.model]
        model = worker.wanted()
        worker.require_room(request.user, request.priority, len(request.documents))
        ticket = await asyncio.to_thread(_rerank_ticket, model, request)
        scores = await _vectors(worker, ticket, http.receive)
        _log_served("reranked", ticket, started)
        return Answer(rerank_answer(scores[:, 0].tolist(), request, tokens=sum(ticket.tokens)))


def _log_served(event: str, ticket: Ticket, started: float) -> None:
    log.info(
        event,
        user=ticket.user,
        priority=ticket.priority,
        texts=len(ticket.texts),
        tokens=sum(ticket.tokens),
        milliseconds=round((time.monotonic() - started) * 1000),
    )


async def _vectors(worker: ModelWorker, ticket: Ticket, receive: Receive) -> Vectors:
    """The model's answer; a client that leaves meanwhile gives its place in the queue back."""
    answer = asyncio.wrap_future(worker.submit(ticket))
    gone = asyncio.create_task(_disconnected(receive))
    try:
        await asyncio.wait((answer, gone), return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise ClientGone
        return answer.result()
    finally:
        gone.cancel()
        answer.cancel()


def _ticket(model: LoadedModel, request: EmbeddingRequest) -> Ticket:
    tokens = tuple(model.count_tokens(request.texts))
    return Ticket(request.user, request.priority, request.texts, tokens)


def _rerank_ticket(model: LoadedModel, request: RerankRequest) -> Ticket:
    pairs = tuple((request.query, document) for document in request.documents)
    return Ticket(request.user, request.priority, pairs, tuple(model.count_tokens(pairs)))


def _fixed(status: int, message: str) -> Handler:
    async def answer(_: Request) -> Answer:
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
        return Answer({"error": error}, status)

    return answer


async def _read_body(http: Request) -> bytes:
    """The whole body. Raises `RequestTooLarge`, `RequestTimeout`, `InvalidRequest`, `ClientGone`."""
    declared = http.headers.get("content-length", "0")
    if not declared.isascii() or not declared.isdigit():
        raise InvalidRequest("Content-Length is not a number.")
    _check_size(int(declared))
    chunks: list[bytes] = []
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while True:
                message = await http.receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                chunks.append(message.get("body", b""))
                _check_size(sum(map(len, chunks)))
                if not message.get("more_body", False):
                    return b"".join(chunks)
    except TimeoutError:
        raise RequestTimeout(f"The body was not received within {_BODY_SECONDS:.0f} seconds.") from None


def _check_size(size: int) -> None:
    if size > MAX_BODY_BYTES:
        raise RequestTooLarge(f"The body is larger than {MAX_BODY_BYTES} bytes; send fewer texts at a time.")


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _send(send: Send, answer: Answer) -> None:
    body = await asyncio.to_thread(json.dumps, answer.body)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if answer.retry_after is not None:
        headers.append((b"retry-after", str(answer.retry_after).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
