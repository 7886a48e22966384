"""Services that call themselves compatible, and are only nearly so."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.tenant_app.accounts.browser import browser
from tests.tenant_app.assistant.conftest import OpenTenant

Reply = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(reply: Reply) -> Iterator[str]:
    """Serve one scripted reply for every call; yield the base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            reply(self)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


def whole(body: bytes) -> Reply:
    """Reply with one JSON body, though a stream was asked for."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json; charset=utf-8")
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def streamed(*chunks: dict[str, Any] | str, pause: float = 0) -> Reply:
    """Reply with these chunks, then with the end of the stream."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        for chunk in chunks:
            time.sleep(pause)
            data = chunk if isinstance(chunk, str) else json.dumps(chunk)
            try:
                handler.wfile.write(f"data: {data}\n\n".encode())
                handler.wfile.flush()
            except BrokenPipeError:
                return
        handler.wfile.write(b"data: [DONE]\n\n")

    return reply


def chunk(content: str | None = None, finish: str | None = None) -> dict[str, Any]:
    delta = {} if content is None else {"content": content}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}


def completion(content: str | None) -> bytes:
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    answer = {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
    return json.dumps(answer).encode()


def test_a_service_that_does_not_stream_is_understood(open_tenant: OpenTenant) -> None:
    with serving(whole(completion("Trente jours. [1]"))) as base_url:
        answer = open_tenant(openai_base_url=base_url).ask()

    assert (answer["mode"], answer["answer"]) == ("llm", "Trente jours. [1]")
    # It did not say what it counted: estimated from the words.
    assert answer["usage"]["tokens_out"] == 5
    assert answer["usage"]["tokens_in"] > 100


def test_an_answer_without_any_citation_is_served_with_a_warning(open_tenant: OpenTenant) -> None:
    with serving(streamed(chunk("Trente jours."), chunk(finish="stop"))) as base_url:
        tenant = open_tenant(openai_base_url=base_url)
        answer = tenant.ask()
        page = browser(tenant.app, tenant.services, user_id=1).client.get(
            f"/conversations/{answer['conversation_id']}/latest"
        )

    assert (answer["mode"], answer["citations"]) == ("llm", [])
    assert tenant.notices(answer) == ["uncited"]
    assert "Rédigée par l’assistant IA, sans source" in page.text
    assert "sources vérifiées" not in page.text


@pytest.mark.parametrize("said", ["AUCUNE_REPONSE", "**AUCUNE_REPONSE**.", " AUCUNE_REPONSE\n"])
def test_a_model_that_finds_nothing_says_it_in_our_words(open_tenant: OpenTenant, said: str) -> None:
    with serving(streamed(chunk(said), chunk(finish="stop"))) as base_url:
        tenant = open_tenant(openai_base_url=base_url)
        answer = tenant.ask()
        events = tenant.stream()

    assert (answer["found"], answer["mode"], answer["citations"]) == (False, "llm", [])
    assert answer["answer"] == "Je n'ai pas trouvé la réponse dans vos documents."
    assert [name for name, _ in events] == ["token", "citations", "done"]


@pytest.mark.parametrize(
    ("reply", "notice"),
    [
        (streamed(chunk("Trente jours. [1]")), "provider-cut"),
        (streamed(chunk(finish="stop")), "provider-empty"),
        (streamed(chunk("[9] "), chunk(finish="stop")), "provider-empty"),
        (streamed(chunk("Je ne peux pas"), chunk(finish="content_filter")), "provider-error"),
        (streamed("{not json"), "provider-error"),
        (streamed({"error": {"message": "overloaded"}}), "provider-error"),
        (whole(b"<html>"), "provider-error"),
        (whole(b'{"choices": []}'), "provider-error"),
        (whole(completion(None)), "provider-empty"),
        (streamed(*[chunk("mot ")] * 100, pause=0.05), "provider-timeout"),
    ],
    ids=[
        "no end", "nothing", "only a wrong mark", "filtered", "not JSON", "error inside", "a page",
        "no choice", "null", "a trickle",
    ],
)  # fmt: skip
def test_anything_else_is_a_failure_with_a_name(open_tenant: OpenTenant, reply: Reply, notice: str) -> None:
    with serving(reply) as base_url:
        tenant = open_tenant(openai_base_url=base_url, llm_timeout_seconds="1")
        answer = tenant.ask()

    assert (answer["mode"], answer["found"]) == ("local", True)
    assert tenant.notices(answer) == [notice]
