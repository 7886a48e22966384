"""Asking for vectors: the real server, and servers that do not answer as they should."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tenant_app.retrieval import embedding
from tenant_app.retrieval.embedding import EmbeddingClient, EmbeddingsUnavailable
from tenant_app.retrieval.vectors import cosine, dimension
from tests.embedding_server_fixture import EmbeddingServer

MODEL = "all-MiniLM-L6-v2"


def _client(path: Path, model: str = MODEL) -> EmbeddingClient:
    return EmbeddingClient(path, model, "dupont")


def test_texts_of_like_meaning_have_like_vectors(embedding_server: EmbeddingServer) -> None:
    client = _client(embedding_server.socket)
    question = client.embed_question("How do I reset my password?")
    near, far = client.embed_passages(["Click on forgotten password.", "The canteen closes at two."])
    assert dimension(question) == dimension(near) == 384
    assert cosine(question, question) == pytest.approx(1, abs=1e-5)
    assert cosine(question, near) > cosine(question, far)


def test_a_very_long_text_is_accepted(embedding_server: EmbeddingServer) -> None:
    assert len(_client(embedding_server.socket).embed_passages(["mot " * 20_000])) == 1


def test_another_model_than_the_served_one_is_told(embedding_server: EmbeddingServer) -> None:
    with pytest.raises(EmbeddingsUnavailable, match=r"404.*not served here"):
        _client(embedding_server.socket, "other").embed_question("x")


def test_nobody_listening_is_told(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingsUnavailable, match="no answer from"):
        _client(tmp_path / "nobody.sock").embed_question("x")


@contextmanager
def _answering(path: Path, answer: bytes | None) -> Iterator[Path]:
    """Listen on a socket; send these bytes to whoever asks, or nothing at all."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        done = threading.Event()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                _read_request(connection)
                if answer is None:
                    done.wait(10)
                else:
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield path
        done.set()
        thread.join()


def _read_request(connection: socket.socket) -> None:
    """Read a whole request: answering earlier would break the pipe the client still writes to."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(re.search(rb"content-length: (\d+)", head.lower())[1])  # type: ignore[index]
    while len(body) < length:
        body += connection.recv(65536)


def _ok(body: object) -> bytes:
    content = json.dumps(body).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(content), content)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy", "answered 503: busy"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "no answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{ab", "no answer"),
        (b"nonsense\r\n\r\n", "no answer"),
        (b"", "no answer"),
        (_ok({"vectors": []}), "another shape"),
        (_ok({"data": [{"index": 0, "embedding": "@@"}]}), "another shape"),
        (_ok({"data": []}), "one vector per text"),
        (_ok({"data": [{"index": 0, "embedding": "AAA="}]}), "one vector per text"),
    ],
)
def test_an_answer_that_is_none_is_told(tmp_path: Path, answer: bytes, reason: str) -> None:
    with (
        _answering(tmp_path / "odd.sock", answer) as path,
        pytest.raises(EmbeddingsUnavailable, match=reason),
    ):
        _client(path).embed_question("x")


def test_silence_is_not_waited_for_longer_than_a_person_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "QUESTION_SECONDS", 0.2)
    with _answering(tmp_path / "mute.sock", None) as path, pytest.raises(EmbeddingsUnavailable, match="tim"):
        _client(path).embed_question("x")


def test_passages_being_computed_are_given_up_when_the_instance_stops(tmp_path: Path) -> None:
    with _answering(tmp_path / "mute.sock", None) as path:
        client = _client(path)
        stopping = threading.Timer(0.2, client.interrupt)
        stopping.start()
        with pytest.raises(EmbeddingsUnavailable):
            client.embed_passages(["x"])
        stopping.join()
        with pytest.raises(EmbeddingsUnavailable, match="stopping"):
            client.embed_passages(["x"])
