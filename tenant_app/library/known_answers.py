"""Whether a library finds what it is known to hold: its own sentences, asked as questions.

It tells whether restored data are whole: the database as SQLite sees it, the originals it names, and search.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tenant_app.accounts.actor import OPERATOR
from tenant_app.data_directory import ORIGINALS
from tenant_app.database import Database
from tenant_app.passages import Chunk, Document
from tenant_app.retrieval.search import Search

_QUESTIONS: Final = 3
_TOP: Final = 10
_LONGEST: Final = 300
_SENTENCE_END: Final = re.compile(r"(?<=[.!?…])\s+")


@dataclass(frozen=True)
class Examination:
    """What was found. ``problems`` are SQLite's own words; no text of the client's is in any of it."""

    documents: int
    missing_originals: int
    asked: int
    found: int
    problems: tuple[str, ...]


def examine(database: Database, search: Search, data_dir: Path) -> Examination:
    """Check the database, then ask for a sentence of each of some documents, first and last ones included."""
    with database.read() as session:
        problems = _problems(session)
        hashes = set(session.scalars(select(Document.sha256)))
        known = _known(session)
    missing = sum(not (data_dir / ORIGINALS / sha256).is_file() for sha256 in hashes)
    found = sum(_finds(search, one) for one in known)
    return Examination(len(hashes), missing, len(known), found, problems)


def _problems(session: Session) -> tuple[str, ...]:
    said = [str(row[0]) for row in session.execute(text("PRAGMA integrity_check(10)")) if row[0] != "ok"]
    broken = len(session.execute(text("PRAGMA foreign_key_check")).all())
    return (*said, *((f"{broken} rows point at nothing",) if broken else ()))


def _known(session: Session) -> list[str]:
    has_passages = select(Chunk.document_id).distinct()
    visible = (Document.id.in_(has_passages), Document.replaces_id.is_(None))
    ids = session.scalars(select(Document.id).where(*visible).order_by(Document.id)).all()
    step = max(1, (len(ids) - 1) // (_QUESTIONS - 1))
    chosen = {*ids[::step][: _QUESTIONS - 1], *ids[-1:]}
    return [_of(session, document_id) for document_id in sorted(chosen)]


def _of(session: Session, document_id: int) -> str:
    """The longest sentence of the longest passage: the least likely to stand in another document as well."""
    longest = (
        select(Chunk.text).where(Chunk.document_id == document_id).order_by(func.length(Chunk.text).desc())
    )
    passage = session.scalars(longest.limit(1)).one()
    return max(_SENTENCE_END.split(passage), key=len)[:_LONGEST]


def _finds(search: Search, sentence: str) -> bool:
    """The same text in another document, such as a copy of it in a case, is an answer too."""
    hits = search.search(OPERATOR, sentence, _TOP).hits
    return any(sentence in hit.passage for hit in hits)
