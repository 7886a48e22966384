"""The process is killed (SIGKILL) while documents are taken in: nothing is lost, nothing is there by half."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, text

from tenant_app.database import Database
from tenant_app.passages import Chunk, Document
from tenant_app.services import Services
from tests.embedding_server_fixture import EmbeddingServer
from tests.tenant_app.environment import environment
from tests.tenant_app.library import samples
from tests.tenant_app.waiting import wait_until


class Instance:
    """A tenant served by its own process, on its own port."""

    def __init__(self, env_file: Path, port: int, api_key: dict[str, str]) -> None:
        self._env_file = env_file
        self._port = port
        self._api_key = api_key
        self._http = self._connections()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Serve, and return once the instance answers."""
        with self._env_file.with_suffix(".log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tenant_app", "serve"],
                env={**os.environ, "TENANT_ENV_FILE": str(self._env_file)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(self._answers, "the instance answering")

    def kill(self) -> None:
        """End master and worker at once."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        # Its kept connections lead to the dead process.
        self._http.close()
        self._http = self._connections()

    def upload(self, content: bytes, name: str) -> int:
        """Send a file; return its document's id."""
        answer = self._http.post("/api/documents", files={"file": (name, content)})
        assert answer.status_code == 202
        document_id: int = answer.json()["id"]
        return document_id

    def documents(self) -> list[dict[str, Any]]:
        """Return every document."""
        documents: list[dict[str, Any]] = self._http.get("/api/documents").json()["documents"]
        return documents

    def found(self, query: str) -> list[str]:
        """Search; return the names of the documents found."""
        answer = self._http.post("/api/search", json={"query": query})
        assert answer.status_code == 200
        return [result["document"] for result in answer.json()["results"]]

    def close(self) -> None:
        """Stop the instance in order."""
        self._http.close()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=60)

    def _connections(self) -> httpx.Client:
        return httpx.Client(base_url=f"http://127.0.0.1:{self._port}", headers=self._api_key, timeout=30)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self._port)) != 0:
                return False
        return self._http.get("/readyz").status_code == 200


@contextmanager
def _served(instance: Instance) -> Iterator[Instance]:
    try:
        instance.start()
        yield instance
    finally:
        instance.close()


@pytest.fixture
def instance(
    services: Services, data_dir: Path, tmp_path: Path, embedding_server: EmbeddingServer
) -> Iterator[Instance]:
    """Return a serving instance over the test's data directory."""
    key = services.accounts.keys.create("test").secret
    services.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    values = environment(
        data_dir,
        port=str(port),
        embedding_socket=str(embedding_server.socket),
        max_requests_per_minute="100000",
    )
    env_file = tmp_path / "tenant.env"
    # The values of the tests hold no quote.
    env_file.write_text("".join(f"{name}='{value}'\n" for name, value in values.items()))
    with _served(Instance(env_file, port, {"X-API-Key": key})) as instance:
        yield instance


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(10, marks=pytest.mark.timeout(600)),
        pytest.param(100, marks=[pytest.mark.faults, pytest.mark.timeout(5400)]),
    ],
)
def test_whatever_the_moment_documents_are_whole_and_found_after_the_next_start(
    instance: Instance, data_dir: Path, kills: int
) -> None:
    sent: dict[int, str] = {}
    for kill in range(kills):
        word = f"mot{kill}"
        paragraphs = [f"Clause {word} numéro {clause} du contrat." for clause in range(60)]
        sent[instance.upload(samples.word(*paragraphs), f"{word}.docx")] = word
        _wait_for_a_moment(instance, kill)
        found_before = _with_text(instance)
        instance.kill()
        _nothing_by_half(data_dir)
        instance.start()
        assert {document["id"] for document in instance.documents()} == set(sent), "none lost, none twice"
        for document_id in found_before:
            assert instance.found(sent[document_id])[0] == f"{sent[document_id]}.docx"

    wait_until(
        lambda: all(document["status"] == "indexed" for document in instance.documents()),
        "all indexed",
        seconds=60 * kills,
    )
    for word in sent.values():
        assert instance.found(word)[0] == f"{word}.docx"
    _nothing_by_half(data_dir)


def _wait_for_a_moment(instance: Instance, kill: int) -> None:
    """Return at another point of the newest document's way each time: sent, begun, read, or indexed."""
    wait_until(lambda: _way(instance.documents()[0]) >= kill % 4, "the moment to kill")


def _way(document: dict[str, Any]) -> int:
    return ["waiting", "reading", "embedding", "done"].index(document["stage"])


def _with_text(instance: Instance) -> list[int]:
    return [document["id"] for document in instance.documents() if document["chunks"] > 0]


def _nothing_by_half(data_dir: Path) -> None:
    """Every document has all its passages and all their terms, or none."""
    database = Database(data_dir / "tenant.sqlite3")
    with database.read() as session:
        for document in session.scalars(select(Document)):
            passages = session.scalar(select(func.count()).where(Chunk.document_id == document.id))
            assert passages == document.chunk_count
        terms = session.scalar(text("SELECT count(*) FROM passage_terms"))
        assert terms == session.scalar(select(func.count(Chunk.id)))
    database.close()
