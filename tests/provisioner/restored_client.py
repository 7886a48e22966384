"""A client with documents, as its users see it over HTTP, and what is on disk of it."""

from __future__ import annotations

import sqlite3
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.provisioner.local_root import LocalRoot, wait_until

LEAVE = "Chaque salarié a droit à vingt-cinq jours ouvrés de congés payés par an.\n"
BADGE = "Un badge perdu est remplacé par l'accueil contre dix euros.\n"
QUESTION = "Combien de jours de congés payés par an ?"
TABLES = (
    "users",
    "documents",
    "document_texts",
    "chunks",
    "cases",
    "conversations",
    "turns",
    "citations",
    "ledger",
)


@dataclass(frozen=True)
class ServedClient:
    """One client of a host, and a key of it."""

    host: LocalRoot
    id: str
    api_key: str

    @classmethod
    def begin(cls, host: LocalRoot, tenant_id: str) -> ServedClient:
        """Provision it; it has no document yet."""
        created = host.new(tenant_id)
        assert created.code == 0, created.said
        return cls(host, tenant_id, created.document["api_key"])

    @property
    def directory(self) -> Path:
        return self.host.path / f"client-{self.id}"

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask it through nginx, with its key."""
        headers = {"X-API-Key": self.api_key, "Host": f"{self.id}.localhost"}
        return httpx.request(
            method, f"http://127.0.0.1:{self.host.http_port}{path}", headers=headers, timeout=30, **more
        )

    def ingest(self, folder: Path, **texts: str) -> None:
        """Give it documents, by name, and wait until they are indexed."""
        folder.mkdir(exist_ok=True)
        for name, text in texts.items():
            (folder / f"{name}.txt").write_text(text)
        done = self.host.provision("ingest", self.id, *(str(folder / f"{name}.txt") for name in texts))
        assert done.code == 0, done.said

    def finds(self, query: str) -> list[str]:
        """The documents a search finds, best first."""
        answer = self.ask("POST", "/api/search", json={"query": query, "top_k": 5})
        assert answer.status_code == 200, answer.text
        return [hit["document"] for hit in answer.json()["results"]]

    def knows(self, sentence: str) -> bool:
        """Whether the sentence stands in what a search for it finds."""
        answer = self.ask("POST", "/api/search", json={"query": sentence, "top_k": 5})
        return any(sentence.strip() in hit["passage"] for hit in answer.json()["results"])

    @contextmanager
    def written_to(self) -> Iterator[None]:
        """Documents come and go for the length of a `with` block, and just before and after it."""
        over, written = threading.Event(), list[int]()

        def write() -> None:
            while not over.is_set():
                text = f"Document {len(written)}.\n" * 2000
                sent = self.ask("POST", "/api/documents", files={"file": ("a.txt", text.encode())})
                gone = self.ask("DELETE", f"/api/documents/{sent.json()['id']}")
                written.append(gone.status_code)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            wait_until(lambda: len(written) > 0)
            yield
            before = len(written)
            wait_until(lambda: len(written) > before)
        finally:
            over.set()
            writer.join()
        assert set(written) == {204}


def unpacked(archive: Path, folder: Path) -> Path:
    """The files of a backup, as `tar` gives them."""
    with tarfile.open(archive) as found:
        found.extractall(folder, filter="data")
    return folder


def rows(database: Path) -> dict[str, list[dict[str, Any]]]:
    """What the client did, by table; of documents and what hangs on them, those that were indexed."""
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        found = {table: _rows(connection, table) for table in TABLES}
    indexed = {row["id"] for row in found["documents"] if row["status"] == "indexed"}
    found["documents"] = [row for row in found["documents"] if row["id"] in indexed]
    for table in ("document_texts", "chunks"):
        found[table] = [row for row in found[table] if row["document_id"] in indexed]
    return found


def _rows(connection: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1")]  # noqa: S608 - ours
