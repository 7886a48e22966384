"""Vectors that nobody wants any more are not computed: the requests for them are given up."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenant_app.library.embedding_queue import REQUESTS_AHEAD
from tenant_app.services import Services
from tenant_app.settings import Settings
from tests.tenant_app.environment import environment
from tests.tenant_app.library.shelf import Shelf
from tests.tenant_app.waiting import wait_until

LONG = "\n\n".join(f"## Clause {number}\n\n{'Le contrat est signé. ' * 20}" for number in range(200)).encode()
OTHER = "## Clause unique\n\nLe bail est conclu pour une durée de trois ans.".encode()


class SilentServer:
    """Takes requests for vectors on a socket and answers none; ``waiting`` are those not given up."""

    def __init__(self, path: Path) -> None:
        self.waiting: set[socket.socket] = set()
        self.received = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """Stop listening; every client must have left."""
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.waiting.add(connection)
            self.received += 1
            self._threads.append(threading.Thread(target=self._read, args=(connection,)))
            self._threads[-1].start()

    def _read(self, connection: socket.socket) -> None:
        with connection:
            while connection.recv(65536):
                pass
            self.waiting.discard(connection)


@pytest.fixture
def silent_server(tmp_path: Path) -> Iterator[SilentServer]:
    """Return a server that never answers."""
    server = SilentServer(tmp_path / "silent.sock")
    yield server
    server.close()


@pytest.fixture
def settings(data_dir: Path, tmp_path: Path, silent_server: SilentServer) -> Settings:
    """Return the settings of a tenant whose embedding server never answers."""
    return Settings.model_validate(environment(data_dir, embedding_socket=str(tmp_path / "silent.sock")))


def test_requests_for_a_cancelled_document_are_given_up_and_the_next_one_s_go_out(
    working: Shelf, services: Services, silent_server: SilentServer, caplog: pytest.LogCaptureFixture
) -> None:
    document_id = working.upload(LONG, "long.md").get_json()["id"]
    wait_until(lambda: len(silent_server.waiting) == REQUESTS_AHEAD, "vectors asked for, and the next ones")

    assert working.post(f"/api/documents/{document_id}/cancel").status_code == 200
    wait_until(lambda: not silent_server.waiting, "every request given up")

    working.upload(OTHER, "bail.md")
    wait_until(lambda: len(silent_server.waiting) == 1, "the other document's vectors asked for")
    assert silent_server.received == REQUESTS_AHEAD + 1
    # Nothing is wrong with the server: it is not left alone for a while.
    assert "embeddings_unavailable" not in caplog.text
