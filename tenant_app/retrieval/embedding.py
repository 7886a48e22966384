"""Asks the host's embedding server for vectors, over its unix socket, in OpenAI's request shape.

Written on the standard library: httpx would cost a tenant 10 MB, and leaks a socket each time nobody listens.
"""

import base64
import binascii
import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

from tenant_app.retrieval.model_prefixes import NONE_GIVEN, Given, read_stored_name
from tenant_app.retrieval.vectors import BYTES_PER_VALUE

Priority = Literal["question", "ingest"]

CONNECT_SECONDS: Final = 1.0
QUESTION_SECONDS: Final = 4.0
"""A person waits for this answer; after it, full text alone answers."""
INGEST_SECONDS: Final = 120.0
MOST_CHARACTERS: Final = 8_000
"""Far beyond what the models read; the server refuses texts that are longer still."""
_LONGEST_REASON: Final = 300


class EmbeddingsUnavailable(Exception):
    """The embedding server gives no vectors now; the message says why, in one line."""


class ModelNotServed(EmbeddingsUnavailable):
    """The server works, but has not the model asked for."""


class EmbeddingClient:
    """One tenant's way to the embedding server; safe to use from several threads.

    ``model`` is the one that answers questions, by its stored name (see ``model_prefixes``); it changes when
    another's vectors take its place. Its prefixes, first those ``given`` by the host, are put before texts
    here, and nowhere else.
    """

    def __init__(self, socket_path: Path, model: str, tenant: str, given: Given = NONE_GIVEN) -> None:
        self._socket_path = socket_path
        self._tenant = tenant
        self._given = given
        self.model = model
        self._lock = threading.Lock()
        self._ingesting: set[UnixConnection] = set()
        self._interrupted = False

    def embed_question(self, text: str) -> bytes:
        """Return the vector of one question. Raises EmbeddingsUnavailable."""
        connection = UnixConnection(self._socket_path, QUESTION_SECONDS)
        return self._embed(connection, [text], "question")[0]

    def embed_sentences(self, texts: Sequence[str], seconds: float) -> list[bytes]:
        """Return one vector per text, in order, to be compared with passages, as a question is.

        Somebody waits: silence is borne for ``seconds``. Raises EmbeddingsUnavailable.
        """
        return self._embed(UnixConnection(self._socket_path, seconds), texts, "question")

    def passages_connection(self) -> "UnixConnection":
        """Return a connection for one ``embed_passages``, for who may want to abort it."""
        return UnixConnection(self._socket_path, INGEST_SECONDS)

    def embed_passages(
        self, texts: Sequence[str], model: str | None = None, connection: "UnixConnection | None" = None
    ) -> list[bytes]:
        """Return one vector per text, in order, by the model that answers or another (its stored name).

        Any tenant's question goes first. Raises EmbeddingsUnavailable, also after ``interrupt`` and when the
        connection was aborted; its kind ModelNotServed when the server has other models only.
        """
        connection = connection or self.passages_connection()
        with self._lock:
            if self._interrupted:
                raise EmbeddingsUnavailable("the instance is stopping")
            self._ingesting.add(connection)
        try:
            return self._embed(connection, texts, "ingest", model)
        finally:
            with self._lock:
                self._ingesting.discard(connection)

    def interrupt(self) -> None:
        """Give up the passages being computed, so that the instance can stop; questions go on."""
        with self._lock:
            self._interrupted = True
            for connection in self._ingesting:
                connection.abort()

    def _embed(
        self,
        connection: "UnixConnection",
        texts: Sequence[str],
        priority: Priority,
        model: str | None = None,
    ) -> list[bytes]:
        name, prefixes = read_stored_name(model or self.model, self._given)
        prefix = prefixes.question if priority == "question" else prefixes.passage
        body = {
            "model": name,
            "input": [prefix + text[:MOST_CHARACTERS] for text in texts],
            "encoding_format": "base64",
            "user": self._tenant,
        }
        return _vectors(post(connection, "/v1/embeddings", json.dumps(body), priority), expected=len(texts))


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket; ``seconds`` is how long the other side may stay silent."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("embeddings", timeout=seconds)
        self.path = path
        self._seconds = seconds
        self._aborted = False

    def abort(self) -> None:
        """Make whoever waits for the answer, or is about to ask, fail at once; for another thread."""
        self._aborted = True
        connected: socket.socket | None = self.sock
        if connected is not None:
            # Refused when the other side has closed already, which does as well.
            with contextlib.suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def connect(self) -> None:
        """Connect, or raise OSError within CONNECT_SECONDS, leaving nothing open."""
        connected = socket.socket(socket.AF_UNIX)
        try:
            connected.settimeout(CONNECT_SECONDS)
            connected.connect(str(self.path))
            connected.settimeout(self._seconds)
        except OSError:
            connected.close()
            raise
        self.sock = connected
        # Looked at once ``abort`` could see the socket: one of the two sees the other.
        if self._aborted:
            self.close()
            raise OSError("the call was given up")


def post(connection: UnixConnection, path: str, body: str, priority: Priority) -> Any:
    """Send a JSON body, close the connection and return the answer's document.

    Raises EmbeddingsUnavailable; its kind ModelNotServed when the server has not the model.
    """
    headers = {"Content-Type": "application/json", "X-Tenantry-Priority": priority}
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != http.client.OK:
            said = content[:_LONGEST_REASON].decode("utf-8", "replace")
            kind = ModelNotServed if answer.status == http.client.NOT_FOUND else EmbeddingsUnavailable
            raise kind(f"the embedding server answered {answer.status}: {said}")
        return json.loads(content)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise EmbeddingsUnavailable(f"no answer from {connection.path}: {error!r}") from error
    finally:
        connection.close()


def _vectors(answer: Any, expected: int) -> list[bytes]:
    """Return an answer's vectors in the order of the texts. Raises EmbeddingsUnavailable."""
    try:
        rows = sorted(answer["data"], key=lambda row: row["index"])
        vectors = [base64.b64decode(row["embedding"], validate=True) for row in rows]
    except (KeyError, TypeError, binascii.Error) as error:
        raise EmbeddingsUnavailable(f"the embedding server's answer has another shape: {error!r}") from error
    sizes = {len(vector) for vector in vectors}
    if len(vectors) != expected or len(sizes) != 1 or sizes.pop() % BYTES_PER_VALUE:
        raise EmbeddingsUnavailable("the embedding server's answer does not hold one vector per text")
    return vectors
