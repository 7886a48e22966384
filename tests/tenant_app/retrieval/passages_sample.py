"""Passages written straight into the database, as the ingest leaves them."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, select, update

from tenant_app.database import Database
from tenant_app.passages import Chunk, Document
from tenant_app.retrieval.fulltext import PassageWords, add_terms
from tenant_app.retrieval.language import Language
from tenant_app.retrieval.vectors import pack

MODEL = "model-a"
NOW = datetime(2025, 1, 15, tzinfo=UTC)


def direction(degrees: float, values: int = 4) -> bytes:
    """Return a vector of length 1 that points in this direction of a plane."""
    angle = math.radians(degrees)
    return pack([math.cos(angle), math.sin(angle), *[0.0] * (values - 2)])


class PassagesSample:
    """Adds and removes documents of one passage each."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add(
        self,
        text: str,
        *,
        name: str = "document.txt",
        heading: str = "",
        vector: bytes | None = None,
        language: Language = "fr",
    ) -> int:
        """Add a document; return the id of its passage."""
        with self.database.write() as session:
            document = Document(
                name=name,
                sha256=f"{name}-{text}-{heading}",
                media_type="text/plain",
                size=1,
                status="indexed",
                chunk_count=1,
                created_at=NOW,
                updated_at=NOW,
            )
            session.add(document)
            session.flush()
            chunk = Chunk(
                document_id=document.id,
                ordinal=0,
                heading=heading,
                text=text,
                char_start=0,
                char_end=len(text),
                embedding=vector,
                embedding_model=MODEL if vector else None,
            )
            session.add(chunk)
            session.flush()
            add_terms(session, [PassageWords(chunk.id, name, heading, text)], language)
            return chunk.id

    def add_fan(self, count: int, values: int = 4) -> list[int]:
        """Add `count` passages whose vectors point one degree apart, from 0 on."""
        return [
            self.add(f"passage {degree}", name=f"{degree}.txt", vector=direction(degree, values))
            for degree in range(count)
        ]

    def remove(self, chunk_ids: Sequence[int]) -> None:
        """Remove the documents of these passages."""
        with self.database.write() as session:
            documents = select(Chunk.document_id).where(Chunk.id.in_(chunk_ids)).scalar_subquery()
            session.execute(delete(Document).where(Document.id.in_(documents)))

    def set_vectors(self, vectors: dict[int, bytes], model: str = MODEL) -> None:
        """Give passages other vectors."""
        with self.database.write() as session:
            for chunk_id, vector in vectors.items():
                session.execute(
                    update(Chunk).where(Chunk.id == chunk_id).values(embedding=vector, embedding_model=model)
                )
