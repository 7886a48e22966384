"""The list of documents, one document's text, and one passage of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import render_template, request, url_for

from tenant_app.api.context import current_actor, current_services
from tenant_app.library.schemas import DocumentView
from tenant_app.library.service import Leaf
from tenant_app.web.frame import page
from tenant_app.web.passages import Piece, pieces, read_ranges, unwrapped

LEAVES_SHOWN: Final = 24
"""How many passages of a document one page shows."""
LEAVES_BEFORE: Final = 4
"""How many of them stand before the cited one."""
UNFINISHED: Final = frozenset({"queued", "processing"})


@dataclass(frozen=True)
class Sheet:
    """One passage on a document's page, in pieces; ``cited`` when a citation points at it."""

    pieces: Sequence[Piece]
    page: int | None
    turns_page: bool
    cited: bool


@page("documents.read")
def documents() -> str:
    """Show every document with its state, and the place to add some."""
    settings = current_services().settings
    return render_template(
        "documents.html",
        upload_bytes=settings.upload_bytes,
        recognises_pictures=settings.advanced_features,
        **_shelf(),
    )


@page("documents.read")
def document_rows() -> str:
    """Return the table alone, for a page that follows the reading of documents."""
    return render_template("document_rows.html", **_shelf())


def _shelf() -> dict[str, object]:
    rows = current_services().library.documents(current_actor())
    shown = [DocumentView.of(row) for row in rows]
    return {"documents": shown, "busy": any(document.status in UNFINISHED for document in shown)}


@page("documents.read")
def document(document_id: int) -> str:
    """Show a document's text around the passage asked for, or from the passage number ``from`` on."""
    library = current_services().library
    actor = current_actor()
    chunk_id = request.args.get("passage", type=_row_number)
    cited = None if chunk_id is None else library.ordinal_of(actor, document_id, chunk_id)
    first = max(0, request.args.get("from", 0, type=_row_number) if cited is None else cited - LEAVES_BEFORE)
    reading = library.leaves(actor, document_id, first, LEAVES_SHOWN)
    following = first + LEAVES_SHOWN
    return render_template(
        "document.html",
        document=DocumentView.of(reading.document),
        text_language=reading.document.language,
        sheets=_sheets(reading.leaves, chunk_id, request.args.get("words")),
        missing_passage=chunk_id is not None and cited is None,
        previous_url=_from(document_id, first - LEAVES_SHOWN) if first else None,
        next_url=_from(document_id, following) if following < reading.total else None,
    )


def _row_number(written: str) -> int:
    """Return the number, or raise ValueError (so that Flask ignores it) for one no row can have."""
    number = int(written)
    if not 0 <= number < 2**63:
        raise ValueError(f"{written} is not the number of a row")
    return number


def _from(document_id: int, ordinal: int) -> str:
    place: dict[str, Any] = {"document_id": document_id, "from": max(0, ordinal)}
    return url_for("web.document", **place)


def _sheets(leaves: Sequence[Leaf], chunk_id: int | None, words: str | None) -> list[Sheet]:
    sheets = []
    page_before = None
    for leaf in leaves:
        cited = leaf.chunk_id == chunk_id
        shown = pieces(leaf.text, read_ranges(words)) if cited else [Piece(unwrapped(leaf.text), cited=False)]
        sheets.append(Sheet(shown, leaf.page, leaf.page not in (None, page_before), cited))
        page_before = leaf.page
    return sheets
