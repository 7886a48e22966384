"""The steps of taking a document in: read and cut it, make it findable by words, then by vectors.

The queue is the ``documents`` table itself, so it survives any end of the process. A document's text,
passages and words appear in one transaction: it is whole or absent. Its vectors follow in batches, each its
own transaction; a document deleted meanwhile simply has no rows left to fill.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.library.child_reader import ChildReader, ReadingInterrupted
from tenant_app.library.chunking import Passage, cut_passages, document_text
from tenant_app.library.originals import Originals
from tenant_app.library.parsing.protocol import Extraction, ParseError
from tenant_app.logs import get_log
from tenant_app.passages import HEADING_SEPARATOR, Chunk, Document, DocumentText
from tenant_app.retrieval.embedding import EmbeddingClient
from tenant_app.retrieval.fulltext import PassageWords, add_terms
from tenant_app.retrieval.language import Language, detect_language
from tenant_app.retrieval.vector_index import VectorIndex
from tenant_app.retrieval.vectors import dimension

BATCH: Final = 32
"""Passages per embedding request: some 2 seconds of one processor, after which a question may go first."""
MOST_ATTEMPTS: Final = 3
"""A file during whose reading the program died or failed so often is given up."""
_SHARE_OF_READING: Final = 0.2
"""How much of a document's progress its reading is; computing vectors takes the rest."""

_HAS_TEXT: Final = Document.id.in_(select(DocumentText.document_id))

_log = get_log(__name__)


class Ingest:
    """Takes queued documents in, one step at a time; for the worker thread alone."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        originals: Originals,
        reader: ChildReader,
        embeddings: EmbeddingClient,
        index: VectorIndex,
        default_language: Language,
    ) -> None:
        self._database = database
        self._clock = clock
        self._originals = originals
        self._reader = reader
        self._embeddings = embeddings
        self._index = index
        self._default_language: Language = default_language

    def resume(self) -> None:
        """Put back in the queue what was being read when the process ended; remove what it left lying."""
        with self._database.write() as session:
            session.execute(
                update(Document)
                .where(Document.status == "processing", ~_HAS_TEXT)
                .values(status="queued", progress=0.0)
            )

    def read_next(self) -> bool:
        """Read the oldest queued document and make it findable by its words; return whether there was one.

        Raises OSError and OperationalError when there is no room or memory for it: it then waits its turn.
        Whatever else is raised counts as an attempt.
        """
        document = self._take()
        if document is None:
            return False
        try:
            extraction = self._read(document)
            self._store(document.id, document.name, extraction)
        except ParseError as failure:
            _log.info("document_refused", document_id=document.id, code=failure.code, reason=str(failure))
            self._fail(document.id, failure)
        except ReadingInterrupted:
            self._put_back(document.id)
        except (OSError, OperationalError):
            # The machine's fault, not the file's.
            self._put_back(document.id)
            raise
        return True

    def embed_next(self) -> bool:
        """Compute the vectors of one batch of passages; return whether any were missing.

        Raises EmbeddingsUnavailable; the passages then wait, findable by their words.
        """
        batch = self._passages_without_vector()
        if not batch:
            return False
        vectors = self._embeddings.embed_passages([_words_to_embed(chunk) for chunk in batch])
        self._index.accept_dimension(dimension(vectors[0]))
        with self._database.write() as session:
            for chunk, vector in zip(batch, vectors, strict=True):
                session.execute(
                    update(Chunk)
                    .where(Chunk.id == chunk.id)
                    .values(embedding=vector, embedding_model=self._embeddings.model)
                )
            self._note_progress(session, {chunk.document_id for chunk in batch})
        self._index.add([chunk.id for chunk in batch])
        return True

    def finish_without_vectors(self) -> None:
        """Call documents indexed that wait for nothing but vectors, when the embedding server is away."""
        with self._database.write() as session:
            session.execute(
                update(Document)
                .where(Document.status == "processing", _HAS_TEXT)
                .values(status="indexed", updated_at=self._clock.now())
            )

    def _take(self) -> Document | None:
        # One thread reads: what is in hand but has no text was let go by a step that failed.
        let_go = and_(Document.status == "processing", ~_HAS_TEXT)
        with self._database.write() as session:
            document = session.scalar(
                select(Document)
                .where(or_(Document.status == "queued", let_go))
                .order_by(Document.id)
                .limit(1)
            )
            if document is not None:
                document.status = "processing"
                document.attempts += 1
                document.updated_at = self._clock.now()
            return document

    def _read(self, document: Document) -> Extraction:
        if document.attempts > MOST_ATTEMPTS:
            raise ParseError("damaged", f"reading this file was broken off {MOST_ATTEMPTS} times")
        output = self._originals.reading_output()
        try:
            return self._reader.read(self._originals.path_of(document.sha256), document.media_type, output)
        finally:
            output.unlink()

    def _store(self, document_id: int, name: str, extraction: Extraction) -> None:
        """Write text, passages and words at once, unless the document was deleted meanwhile."""
        text = document_text(extraction.blocks)
        passages = cut_passages(extraction.blocks)
        language = detect_language(text) or self._default_language
        with self._database.write() as session:
            document = session.get(Document, document_id)
            if document is None:
                return
            session.add(DocumentText(document_id=document_id, text=text))
            chunks = [_chunk(document_id, ordinal, passage) for ordinal, passage in enumerate(passages)]
            session.add_all(chunks)
            session.flush()
            add_terms(session, [_words_to_find(name, chunk) for chunk in chunks], language)
            document.language = language
            document.pages = extraction.pages
            document.skipped_pages = ",".join(map(str, extraction.skipped_pages))
            document.chunk_count = len(chunks)
            document.progress = _SHARE_OF_READING
            document.updated_at = self._clock.now()

    def _fail(self, document_id: int, failure: ParseError) -> None:
        self._change(document_id, status="failed", error_code=failure.code, progress=0.0)

    def _put_back(self, document_id: int) -> None:
        self._change(document_id, status="queued", attempts=Document.attempts - 1)

    def _change(self, document_id: int, **values: object) -> None:
        with self._database.write() as session:
            session.execute(
                update(Document)
                .where(Document.id == document_id)
                .values(updated_at=self._clock.now(), **values)
            )

    def _passages_without_vector(self) -> Sequence[Chunk]:
        query = select(Chunk).where(self._without_vector()).order_by(Chunk.id).limit(BATCH)
        with self._database.read() as session:
            return session.scalars(query).all()

    def _without_vector(self) -> ColumnElement[bool]:
        return or_(Chunk.embedding_model.is_(None), Chunk.embedding_model != self._embeddings.model)

    def _note_progress(self, session: Session, document_ids: set[int]) -> None:
        for document in session.scalars(select(Document).where(Document.id.in_(document_ids))):
            missing = session.scalar(
                select(func.count()).where(Chunk.document_id == document.id, self._without_vector())
            )
            done = 1 - (missing or 0) / document.chunk_count
            document.progress = _SHARE_OF_READING + (1 - _SHARE_OF_READING) * done
            document.updated_at = self._clock.now()
            if not missing:
                document.status = "indexed"


def _chunk(document_id: int, ordinal: int, passage: Passage) -> Chunk:
    return Chunk(
        document_id=document_id,
        ordinal=ordinal,
        page=passage.page,
        heading=passage.heading,
        text=passage.text,
        char_start=passage.char_start,
        char_end=passage.char_end,
    )


def _words_to_find(name: str, chunk: Chunk) -> PassageWords:
    title = name.rpartition(".")[0] or name
    return PassageWords(chunk.id, title, chunk.heading, chunk.text)


def _words_to_embed(chunk: Chunk) -> str:
    """Return the passage under its innermost heading, which tells a model what it is about."""
    innermost = chunk.heading.rpartition(HEADING_SEPARATOR)[2]
    if not innermost or chunk.text.startswith(innermost):
        return chunk.text
    return f"{innermost}\n{chunk.text}"
