"""Open a tenant's Chroma store so that it holds what SQLite holds, whatever happened to it before."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import select

from tenant_app.child_processes import child_environment
from tenant_app.database import Database
from tenant_app.logs import get_log
from tenant_app.passages import Chunk
from tenant_app.retrieval.chroma_store import LARGEST_BATCH, ChromaStore
from tenant_app.retrieval.store_directories import StoreDirectories
from tenant_app.retrieval.vectors import dimension

CHECK_SECONDS: Final = 120

_log = get_log(__name__)


class StoreOpening:
    """Opens, checks, fills and replaces the store of one model; for one thread at a time."""

    def __init__(self, database: Database, directories: StoreDirectories, model: str) -> None:
        self._database = database
        self._directories = directories
        self._model = model
        self._condemned = False

    def open(self, stop: threading.Event) -> ChromaStore | None:
        """Return a store with the vectors of every passage, or None when there are none or `stop` was set.

        After an unclean stop the store is first tried in a child process. A damaged store, or one of another
        model, or with deleted passages, is replaced. Raises whatever Chroma raises on a new store.
        """
        values = self._dimension()
        if values is None:
            return None
        usable = self._usable_directory()
        self._directories.mark_open()
        store = None if usable is None else self._existing(usable, values)
        if store is None:
            usable = self._directories.new()
            _log.info("vector_store_rebuilding", directory=usable.name)
            store = ChromaStore.open(usable, self._model, values)
        if not self._fill(store, stop):
            self.close(store)
            return None
        assert usable is not None
        self._directories.remove_all_but(usable)
        self._condemned = False
        return store

    def copy(self, store: ChromaStore, chunk_ids: Sequence[int]) -> None:
        """Copy the vectors of these passages from SQLite; those deleted meanwhile are passed over."""
        query = select(Chunk.id, Chunk.embedding).where(
            Chunk.id.in_(chunk_ids), Chunk.embedding_model == self._model
        )
        with self._database.read() as session:
            rows = [(chunk_id, vector) for chunk_id, vector in session.execute(query) if vector is not None]
        if rows:
            store.add([chunk_id for chunk_id, _ in rows], [vector for _, vector in rows])

    def close(self, store: ChromaStore) -> None:
        """Close a store and note that it is whole."""
        store.close()
        self._directories.mark_closed()

    def condemn(self) -> None:
        """Note that the present store failed while open: the next opening builds another."""
        self._condemned = True

    def _dimension(self) -> int | None:
        """Return how many values the stored vectors of this model have, or None when there are none."""
        with self._database.read() as session:
            vector = session.scalar(
                select(Chunk.embedding).where(Chunk.embedding_model == self._model).limit(1)
            )
        return None if vector is None else dimension(vector)

    def _usable_directory(self) -> Path | None:
        current = self._directories.current()
        if current is None or self._condemned:
            return None
        if self._directories.was_left_open() and not _passes_check(current):
            return None
        return current

    def _existing(self, directory: Path, values: int) -> ChromaStore | None:
        """Open a store that was there; None when it cannot be brought up to date by adding to it."""
        store = ChromaStore.open(directory, self._model, values)
        if store.holds(self._model, values) and store.ids() <= self._live_ids():
            return store
        store.close()
        return None

    def _fill(self, store: ChromaStore, stop: threading.Event) -> bool:
        """Add every missing passage; return False when `stop` was set before the end."""
        missing = sorted(self._live_ids() - store.ids())
        for batch in _batches(missing):
            if stop.is_set():
                return False
            self.copy(store, batch)
        return True

    def _live_ids(self) -> set[int]:
        with self._database.read() as session:
            return set(session.scalars(select(Chunk.id).where(Chunk.embedding_model == self._model)))


def _batches(chunk_ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(chunk_ids), LARGEST_BATCH):
        yield chunk_ids[start : start + LARGEST_BATCH]


def _passes_check(directory: Path) -> bool:
    """Try the store in a child process, which a damaged store may crash or hang without harm."""
    command = [sys.executable, "-m", "tenant_app.retrieval.chroma_check", str(directory)]
    try:
        outcome = subprocess.run(  # noqa: S603 - our own module, by an argument list
            command, capture_output=True, timeout=CHECK_SECONDS, env=child_environment(), check=False
        )
    except subprocess.TimeoutExpired:
        _log.warning("vector_store_check_hangs", directory=directory.name, seconds=CHECK_SECONDS)
        return False
    if outcome.returncode != 0:
        last_line = outcome.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        _log.warning(
            "vector_store_damaged", directory=directory.name, status=outcome.returncode, why=last_line
        )
    return outcome.returncode == 0
