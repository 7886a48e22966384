"""What documents that are gone leave outside the database: their files, dead entries in the vector index."""

from collections.abc import Callable
from dataclasses import dataclass

from tenant_app.database import Database
from tenant_app.library.originals import Originals
from tenant_app.library.records import file_in_use
from tenant_app.retrieval.vector_index import VectorIndex


@dataclass(frozen=True)
class Leftover:
    """What a document, or a version of one, leaves: its file, and so many passages in the vector index."""

    sha256: str
    passages: int


class Clearing:
    """Clears leftovers away once their rows are gone; ``changed`` is called after that."""

    def __init__(
        self, database: Database, originals: Originals, index: VectorIndex, changed: Callable[[], None]
    ) -> None:
        self._database = database
        self._originals = originals
        self._index = index
        self._changed = changed

    def clear(self, *leftovers: Leftover) -> None:
        """Remove the files no document has any more; to be called outside of every transaction."""
        for leftover in leftovers:
            with self._originals.changing, self._database.read() as session:
                if not file_in_use(session, leftover.sha256):
                    self._originals.remove(leftover.sha256)
            self._index.discount(leftover.passages)
        self._changed()
