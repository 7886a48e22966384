"""A real embedding server for the tests that need one: its own process, the real model, once per session."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

_READY_SECONDS = 300.0


@dataclass(frozen=True)
class EmbeddingServer:
    """A running server: its socket, its process and the file its log goes to."""

    socket: Path
    process: subprocess.Popen[bytes]
    log: Path

    def client(self, timeout: float = 150.0) -> httpx.Client:
        """An HTTP client on the server's socket."""
        # A client that may meet TLS reads every root certificate first, which costs more than a request.
        transport = httpx.HTTPTransport(uds=str(self.socket), verify=False)
        return httpx.Client(
            transport=transport, base_url="http://embeddings", timeout=timeout, trust_env=False
        )

    def wait_for(self, path: str, status: int = 200) -> None:
        """Return when `path` answers with `status`; fail when the process ends or time runs out."""
        deadline = time.monotonic() + _READY_SECONDS
        while self._status(path) != status:
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"no answer {status} from the embedding server's {path}: {self.log.read_text()}")
            time.sleep(0.05)

    def _status(self, path: str) -> int | None:
        """The answer's status; none while nobody listens (asked of a bare socket: httpx leaks one then)."""
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(self.socket)) != 0:
                return None
        with self.client() as client:
            return client.get(path).status_code


@contextmanager
def running_embedding_server(folder: Path, *options: str) -> Iterator[EmbeddingServer]:
    """Start `python -m embedding_server` on a socket in `folder`; stop it (SIGTERM) at the end."""
    socket_path, log = folder / "embeddings.sock", folder / "embeddings.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "embedding_server", "--socket", str(socket_path), *options],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield EmbeddingServer(socket_path, process, log)
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="session")
def embedding_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddingServer]:
    """A ready server with the default model, shared by the whole session (one per xdist worker)."""
    with running_embedding_server(tmp_path_factory.mktemp("embeddings")) as server:
        server.wait_for("/readyz")
        yield server
