"""One document's text: the cited words marked, its outline, and a search within it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import render_template, request, url_for

from tenant_app.api.context import current_actor, current_services
from tenant_app.library.document_reader import Place, Section
from tenant_app.library.schemas import DocumentView
from tenant_app.library.service import Leaf
from tenant_app.web.frame import page
from tenant_app.web.passages import Piece, found_pieces, pieces, read_ranges, unwrapped

LEAVES_SHOWN: Final = 24
"""How many passages of a document one page shows."""
LEAVES_BEFORE: Final = 4
"""How many of them stand before the one a citation or a search leads to."""
LONGEST_SEARCH: Final = 200
"""Characters of the words looked for in a document."""


@dataclass(frozen=True)
class Sheet:
    """One passage on a document's page, in pieces; ``cited`` when a citation points at it."""

    ordinal: int
    pieces: Sequence[Piece]
    page: int | None
    turns_page: bool
    cited: bool


@dataclass(frozen=True)
class Finding:
    """The words looked for, where they stand, and which place (1-based, 0 for none) is shown."""

    words: str
    places: Sequence[Place]
    shown: int
    previous_url: str | None
    next_url: str | None

    @property
    def place(self) -> Place | None:
        """The place that is shown."""
        return self.places[self.shown - 1] if self.shown else None


@dataclass(frozen=True)
class Citation:
    """The passage a link points at and where its words stand in it; ``ordinal`` is None when it is gone."""

    chunk_id: int | None
    ordinal: int | None
    words: str | None


@page("documents.read")
def document(document_id: int) -> str:
    """Show a document around the passage or the words asked for, or from the passage number ``from`` on."""
    services = current_services()
    actor = current_actor()
    citation = _citation(document_id)
    finding = _finding(document_id)
    target = _target(citation, finding)
    first = max(0, _asked("from") or 0) if target is None else max(0, target - LEAVES_BEFORE)
    reading = services.library.leaves(actor, document_id, first, LEAVES_SHOWN)
    outline = services.reader.outline(actor, document_id)
    following = first + LEAVES_SHOWN
    return render_template(
        "document.html",
        document=DocumentView.of(reading.document),
        text_language=reading.document.language,
        sheets=_sheets(reading.leaves, citation, finding),
        outline=outline,
        section_here=_section_at(outline, first if target is None else target),
        finding=finding,
        longest_search=LONGEST_SEARCH,
        missing_passage=citation.chunk_id is not None and citation.ordinal is None,
        previous_url=_address(document_id, finding, start=first - LEAVES_SHOWN) if first else None,
        next_url=_address(document_id, finding, start=following) if following < reading.total else None,
    )


def _citation(document_id: int) -> Citation:
    chunk_id = _asked("passage")
    if chunk_id is None:
        return Citation(None, None, None)
    ordinal = current_services().library.ordinal_of(current_actor(), document_id, chunk_id)
    return Citation(chunk_id, ordinal, request.args.get("words"))


def _finding(document_id: int) -> Finding | None:
    words = request.args.get("find", "").strip()
    if not words or len(words) > LONGEST_SEARCH:
        return None
    places = current_services().reader.places(current_actor(), document_id, words)
    # A page reached by leafing shows the words wherever they stand, and none of them as the present one.
    leafing = "from" in request.args
    shown = 0 if leafing or not places else min(max(1, _asked("match") or 1), len(places))
    return Finding(
        words=words,
        places=places,
        shown=shown,
        previous_url=_match_url(document_id, words, shown - 1) if shown > 1 else None,
        next_url=_match_url(document_id, words, shown + 1) if shown < len(places) else None,
    )


def _target(citation: Citation, finding: Finding | None) -> int | None:
    """Return the number of the passage to be shown, or None when nothing points at one."""
    if finding is not None:
        return finding.place.ordinal if finding.place else None
    return citation.ordinal


def _asked(name: str) -> int | None:
    """Return a number of the address; None, too, for one that no row can have."""
    number = request.args.get(name, type=int)
    return number if number is not None and 0 <= number < 2**63 else None


def _match_url(document_id: int, words: str, match: int) -> str:
    return url_for("web.document", document_id=document_id, find=words, match=match, _anchor="match")


def _address(document_id: int, finding: Finding | None, start: int) -> str:
    place: dict[str, Any] = {"document_id": document_id, "from": max(0, start)}
    if finding is not None:
        place["find"] = finding.words
    return url_for("web.document", **place)


def _section_at(outline: Sequence[Section], ordinal: int) -> Section | None:
    """Return the last heading at or before the passage."""
    begun = [section for section in outline if section.ordinal <= ordinal]
    return begun[-1] if begun else None


def _sheets(leaves: Sequence[Leaf], citation: Citation, finding: Finding | None) -> list[Sheet]:
    sheets = []
    page_before = None
    for leaf in leaves:
        cited = finding is None and leaf.chunk_id == citation.chunk_id
        shown = _pieces(leaf, citation if cited else None, finding)
        sheets.append(Sheet(leaf.ordinal, shown, leaf.page, leaf.page not in (None, page_before), cited))
        page_before = leaf.page
    return sheets


def _pieces(leaf: Leaf, citation: Citation | None, finding: Finding | None) -> list[Piece]:
    if finding is not None:
        start, end = leaf.char_start, leaf.char_start + len(leaf.text)
        present = finding.place
        ranges = [
            (max(0, place.start - start), min(place.end, end) - start, place is present)
            for place in finding.places
            if place.start < end and place.end > start
        ]
        return found_pieces(leaf.text, ranges)
    if citation is not None:
        return pieces(leaf.text, read_ranges(citation.words))
    return [Piece(unwrapped(leaf.text), cited=False)]
