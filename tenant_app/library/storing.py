"""What one reading makes findable: prepared without the database, written in one short transaction.

Stemming a long text takes seconds, writing what it gave a tenth of that: only the latter holds up others.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from tenant_app.library.chunking import Passage, cut_passages, document_text
from tenant_app.library.parsing.protocol import Extraction
from tenant_app.passages import Chunk, Document, DocumentText
from tenant_app.retrieval.fulltext import PassageTerms, terms_of, write_terms
from tenant_app.retrieval.language import Language, detect_language

_LAST_CHUNK_ID = text("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'")


@dataclass(frozen=True)
class PreparedText:
    """A document's text, cut and stemmed; passages and terms in the same order."""

    text: str
    language: Language
    pages: int | None
    skipped_pages: tuple[int, ...]
    passages: tuple[Passage, ...]
    terms: tuple[PassageTerms, ...]


def prepare_text(name: str, extraction: Extraction, default_language: Language) -> PreparedText:
    """Cut and stem what was read of the document called `name`. Raises ParseError("too_large")."""
    whole = document_text(extraction.blocks)
    passages = cut_passages(extraction.blocks)
    language = detect_language(whole) or default_language
    title = name.rpartition(".")[0] or name
    return PreparedText(
        text=whole,
        language=language,
        pages=extraction.pages,
        skipped_pages=tuple(extraction.skipped_pages),
        passages=tuple(passages),
        terms=tuple(terms_of(title, passage.heading, passage.text, language) for passage in passages),
    )


def write_text(session: Session, document: Document, prepared: PreparedText) -> None:
    """Write text, passages and terms of a document that has none; its row says what they are."""
    session.add(DocumentText(document_id=document.id, text=prepared.text))
    document.language = prepared.language
    document.pages = prepared.pages
    document.skipped_pages = ",".join(map(str, prepared.skipped_pages))
    document.chunk_count = len(prepared.passages)
    session.flush()
    # Numbered here, because asking SQLite for each row's number takes three times as long as the writing.
    first = (session.scalar(_LAST_CHUNK_ID) or 0) + 1
    rows = [_row(first, document.id, ordinal, passage) for ordinal, passage in enumerate(prepared.passages)]
    if rows:
        session.execute(insert(Chunk), rows)
        write_terms(session, enumerate(prepared.terms, start=first))


def _row(first_id: int, document_id: int, ordinal: int, passage: Passage) -> dict[str, Any]:
    return {
        "id": first_id + ordinal,
        "document_id": document_id,
        "ordinal": ordinal,
        "page": passage.page,
        "heading": passage.heading,
        "text": passage.text,
        "char_start": passage.char_start,
        "char_end": passage.char_end,
    }
