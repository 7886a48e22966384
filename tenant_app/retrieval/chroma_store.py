"""One Chroma store on disk, used by one process: passages' ids and vectors, nothing else.

Chroma is told to write its index file seldom (``sync_threshold``): a process killed while that is written
leaves a damaged store, one killed at another time leaves a log that is replayed. Entries are only ever
added: a first deletion materialises the whole log at once (50 s at 20,000 entries), so deleted passages are
left in the store, filtered from the answers, and gone with the next rebuild.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tenant_app.first_imports import FIRST_IMPORT
from tenant_app.retrieval.vectors import DimensionMismatch, dimension, pack

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

COLLECTION: Final = "passages"
LARGEST_BATCH: Final = 1_000
_INDEX_SETTINGS: Final = {
    "space": "cosine",
    "ef_construction": 200,
    "ef_search": 200,
    "max_neighbors": 16,
    "num_threads": 1,
    "batch_size": 1_000,
    "sync_threshold": 1_000_000,
}


class ChromaStore:
    """An open store of the vectors of one model."""

    def __init__(self, client: "ClientAPI", collection: "Collection") -> None:
        self._client = client
        self._collection = collection
        self._count = collection.count()
        self._values = int((collection.metadata or {}).get("dimension", 0))

    @classmethod
    def open(cls, directory: Path, model: str, values: int) -> "ChromaStore":
        """Open the store in `directory`, created when absent; the caller sees that nobody else has it open.

        Raises whatever Chroma raises on a damaged store, which may also end the process: check it in another
        one first when in doubt.
        """
        client = _client(directory)
        configuration: Any = {"hnsw": _INDEX_SETTINGS}
        collection = client.get_or_create_collection(
            COLLECTION,
            configuration=configuration,
            metadata={"model": model, "dimension": values},
            embedding_function=None,
        )
        return cls(client, collection)

    def holds(self, model: str, values: int) -> bool:
        """Return whether the store was made for the vectors of `model`, of that many values."""
        return self._collection.metadata == {"model": model, "dimension": values}

    def ids(self) -> set[int]:
        """Return the ids of every passage in the store."""
        return {int(chunk_id) for chunk_id in self._collection.get(include=[])["ids"]}

    def add(self, chunk_ids: Sequence[int], vectors: Sequence[bytes]) -> None:
        """Add at most LARGEST_BATCH passages; one already there is replaced."""
        self._collection.upsert(ids=[str(chunk_id) for chunk_id in chunk_ids], embeddings=_matrix(vectors))
        self._count = self._collection.count()

    def nearest(self, vector: bytes, most: int) -> dict[int, float]:
        """Return the cosines of the (approximately) nearest passages, best first.

        Raises DimensionMismatch, and whatever Chroma raises on a damaged store.
        """
        if dimension(vector) != self._values:
            raise DimensionMismatch(dimension(vector), self._values)
        wanted = min(most, self._count)
        if wanted == 0:
            return {}
        answer = self._collection.query(
            query_embeddings=_matrix([vector]), n_results=wanted, include=["distances"]
        )
        distances = answer["distances"]
        assert distances is not None
        return {
            int(chunk_id): 1.0 - distance
            for chunk_id, distance in zip(answer["ids"][0], distances[0], strict=True)
        }

    def try_question(self) -> None:
        """Ask any question. Raises whatever Chroma raises on a damaged store."""
        self.nearest(pack([1.0] * self._values), 10)

    def close(self) -> None:
        """Close the store; after that its files are whole."""
        # The declared type lacks the method that the only implementation has.
        self._client.close()  # type: ignore[attr-defined]


def check_store(directory: Path) -> int:
    """Use an existing store as the application would; return how many passages it holds.

    Raises whatever Chroma raises on a damaged store.
    """
    client = _client(directory)
    collection = client.get_collection(COLLECTION, embedding_function=None)
    store = ChromaStore(client, collection)
    found = len(store.ids())
    store.try_question()
    store.close()
    return found


def _matrix(vectors: Sequence[bytes]) -> "npt.NDArray[np.float32]":
    with FIRST_IMPORT:
        import numpy as np  # noqa: PLC0415 - Chroma, open by now, has imported it already

    return np.frombuffer(b"".join(vectors), dtype="<f4").reshape(len(vectors), -1)


def _client(directory: Path) -> "ClientAPI":
    with FIRST_IMPORT:
        import chromadb  # noqa: PLC0415 - 65 MB and a second, on first use only
        from chromadb.config import Settings  # noqa: PLC0415

    return chromadb.PersistentClient(path=directory, settings=Settings(anonymized_telemetry=False))
