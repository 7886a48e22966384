"""Build search and library of one tenant; nothing is opened, imported heavily or started by it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.library.child_reader import ChildReader, ReadingLimits
from tenant_app.library.clearing import Clearing
from tenant_app.library.embedding_queue import EmbeddingQueue
from tenant_app.library.intake import Limits
from tenant_app.library.jobs import DocumentJobs
from tenant_app.library.model_change import ModelChange
from tenant_app.library.originals import Originals
from tenant_app.library.reading_queue import ReadingQueue
from tenant_app.library.service import Forget, Library
from tenant_app.library.snapshot import Snapshots
from tenant_app.library.worker import LibraryWorker
from tenant_app.retrieval.embedding import EmbeddingClient
from tenant_app.retrieval.model_prefixes import configured_name, given_prefixes
from tenant_app.retrieval.reranking import Reranker
from tenant_app.retrieval.search import Search
from tenant_app.retrieval.vector_index import VectorIndex
from tenant_app.retrieval.vocabulary import Vocabulary
from tenant_app.settings import Settings


@dataclass(frozen=True)
class LibraryParts:
    """What the rest of the application uses; ``worker`` is background work, ``index`` tells its state."""

    library: Library
    jobs: DocumentJobs
    search: Search
    index: VectorIndex
    embeddings: EmbeddingClient
    change: ModelChange
    snapshots: Snapshots
    worker: LibraryWorker


def build_library(
    settings: Settings,
    database: Database,
    clock: Clock,
    changed: Callable[[], None],
    forget: Forget,
    limits: ReadingLimits | None = None,
) -> LibraryParts:
    """Put the parts together; ``limits`` are those of one file's reading.

    For ``changed`` and ``forget`` see Library.
    """
    to_read, to_embed = threading.Event(), threading.Event()
    originals = Originals(settings.data_dir)
    model = configured_name(settings)
    given = given_prefixes(settings)
    embeddings = EmbeddingClient(settings.embedding_socket, model, settings.client_id, given)
    index = VectorIndex(database, settings.data_dir / "chroma", model, to_embed)
    reader = ChildReader(limits or ReadingLimits(), ocr=settings.advanced_features)
    reading = ReadingQueue(database, clock, originals, reader, settings.language_default, to_embed.set)
    clearing = Clearing(database, originals, index, changed)
    change = ModelChange(database, embeddings, index, model)
    embedding = EmbeddingQueue(database, clock, embeddings, index, clearing)
    bytes_allowed = Limits(settings.upload_bytes, settings.storage_bytes)
    library = Library(
        database, clock, originals, clearing, bytes_allowed, work=to_read, changed=changed, forget=forget
    )
    return LibraryParts(
        library=library,
        jobs=DocumentJobs(
            database,
            clock,
            originals,
            clearing,
            bytes_allowed,
            work=to_read,
            break_off=reading.break_off,
            give_up=embedding.give_up,
            changed=changed,
        ),
        search=Search(
            database,
            index,
            embeddings,
            settings.language_default,
            Vocabulary(settings.assistant_vocabulary),
            _reranker(settings, database),
        ),
        index=index,
        embeddings=embeddings,
        change=change,
        snapshots=Snapshots(settings.data_dir, originals),
        worker=LibraryWorker(
            library, reading, embedding, change, index, reader, embeddings, to_read, to_embed
        ),
    )


def _reranker(settings: Settings, database: Database) -> Reranker | None:
    if not settings.rerank_model or not settings.advanced_features:
        return None
    return Reranker(database, settings.embedding_socket, settings.rerank_model, settings.client_id)
