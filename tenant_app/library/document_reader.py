"""One document as a whole: its outline, and the places where words stand in it."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from tenant_app.accounts.actor import Actor
from tenant_app.database import Database
from tenant_app.library.word_search import places_of
from tenant_app.passages import HEADING_SEPARATOR, Chunk, Document, DocumentText
from tenant_app.retrieval.access import visible_documents

MOST_SECTIONS: Final = 300
"""Lines of an outline: more are shortened to the outer levels."""


@dataclass(frozen=True)
class Section:
    """One heading: how deep it stands (0 outermost), and the passage (0-based) and page it begins on."""

    title: str
    depth: int
    ordinal: int
    page: int | None


@dataclass(frozen=True)
class Place:
    """Characters [start, end) of a document's text, and the passage (0-based) they begin in."""

    start: int
    end: int
    ordinal: int


class DocumentReader:
    """Reads what belongs to a document as a whole, for who may see it; to all others there is nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def outline(self, actor: Actor, document_id: int) -> list[Section]:
        """Return the document's headings in order."""
        query = (
            select(Chunk.ordinal, Chunk.heading, Chunk.page)
            .join(Document, Document.id == Chunk.document_id)
            .where(Document.id == document_id, visible_documents(actor))
            .order_by(Chunk.ordinal)
        )
        with self._database.read() as session:
            return shortened(sections((row.ordinal, row.heading, row.page) for row in session.execute(query)))

    def places(self, actor: Actor, document_id: int, words: str) -> list[Place]:
        """Return where the words stand, whatever their accents, case and line ends; see ``places_of``."""
        visible = select(Document.id).where(Document.id == document_id, visible_documents(actor))
        with self._database.read() as session:
            text = session.scalar(select(DocumentText.text).where(DocumentText.document_id.in_(visible)))
            found = places_of(words, text or "")
            starts = session.scalars(
                select(Chunk.char_start).where(Chunk.document_id.in_(visible)).order_by(Chunk.ordinal)
            ).all()
        return [Place(start, end, max(0, bisect_right(starts, start) - 1)) for start, end in found]


def sections(passages: Iterable[tuple[int, str, int | None]]) -> list[Section]:
    """Return each heading once, where it begins; passages are (ordinal, heading path, page) in order."""
    found: list[Section] = []
    before: list[str] = []
    for ordinal, heading, page in passages:
        path = heading.split(HEADING_SEPARATOR) if heading else []
        same = _common(before, path)
        found += [Section(path[depth], depth, ordinal, page) for depth in range(same, len(path))]
        before = path
    return found


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many levels two heading paths share from the outermost on."""
    shared = 0
    for mine, its in zip(one, other, strict=False):
        if mine != its:
            break
        shared += 1
    return shared


def shortened(outline: list[Section]) -> list[Section]:
    """Return the outline down to the deepest level that keeps it within MOST_SECTIONS, else nothing."""
    for deepest in range(max((section.depth for section in outline), default=0), -1, -1):
        kept = [section for section in outline if section.depth <= deepest]
        if len(kept) <= MOST_SECTIONS:
            return kept
    return []
