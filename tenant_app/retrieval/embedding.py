"""Asks the host's embedding server for vectors, over its unix socket, in OpenAI's request shape."""

import base64
import binascii
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from tenant_app.retrieval.vectors import BYTES_PER_VALUE

if TYPE_CHECKING:
    import httpx

Priority = Literal["question", "ingest"]

CONNECT_SECONDS: Final = 1.0
QUESTION_SECONDS: Final = 4.0
"""A person waits for this answer; after it, full text alone answers."""
INGEST_SECONDS: Final = 120.0
MOST_CHARACTERS: Final = 8_000
"""Far beyond what the models read; the server refuses texts that are longer still."""


class EmbeddingsUnavailable(Exception):
    """The embedding server gives no vectors now; the message says why, in one line."""


class EmbeddingClient:
    """One tenant's connection to the embedding server; safe to use from several threads."""

    def __init__(self, socket: Path, model: str, tenant: str) -> None:
        self._socket = socket
        self._tenant = tenant
        self.model = model
        self._lock = threading.Lock()
        self._connections: httpx.Client | None = None

    def embed_question(self, text: str) -> bytes:
        """Return the vector of one question. Raises EmbeddingsUnavailable after QUESTION_SECONDS at most."""
        return self._embed([text], "question", QUESTION_SECONDS)[0]

    def embed_passages(self, texts: Sequence[str]) -> list[bytes]:
        """Return one vector per text, in order; any tenant's question goes first.

        Raises EmbeddingsUnavailable.
        """
        return self._embed(texts, "ingest", INGEST_SECONDS)

    def close(self) -> None:
        """Close the kept connections."""
        with self._lock:
            if self._connections is not None:
                self._connections.close()
                self._connections = None

    def _embed(self, texts: Sequence[str], priority: Priority, seconds: float) -> list[bytes]:
        body = {
            "model": self.model,
            "input": [text[:MOST_CHARACTERS] for text in texts],
            "encoding_format": "base64",
            "user": self._tenant,
        }
        return _vectors(self._post(body, priority, seconds), expected=len(texts))

    def _post(self, body: dict[str, Any], priority: Priority, seconds: float) -> Any:
        import httpx  # noqa: PLC0415 - 10 MB that a tenant nobody searches does without

        try:
            answer = self._client().post(
                "/v1/embeddings",
                json=body,
                headers={"X-Tenantry-Priority": priority},
                timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS),
            )
            answer.raise_for_status()
            return answer.json()
        except httpx.HTTPStatusError as error:
            raise EmbeddingsUnavailable(
                f"the embedding server answered {error.response.status_code}: {error.response.text[:300]}"
            ) from error
        except (httpx.HTTPError, ValueError) as error:
            raise EmbeddingsUnavailable(f"no answer from {self._socket}: {error!r}") from error

    def _client(self) -> "httpx.Client":
        import httpx  # noqa: PLC0415 - see _post

        with self._lock:
            if self._connections is None:
                transport = httpx.HTTPTransport(uds=str(self._socket))
                self._connections = httpx.Client(transport=transport, base_url="http://embeddings")
            return self._connections


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
