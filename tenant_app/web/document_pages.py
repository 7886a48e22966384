"""The list of documents."""

from typing import Final

from flask import render_template

from tenant_app.api.context import current_actor, current_services
from tenant_app.library.schemas import DocumentView
from tenant_app.web.frame import page

UNFINISHED: Final = frozenset({"queued", "processing"})


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
