"""The list of documents."""

from typing import Any, Final, cast

from flask import render_template, request, url_for
from flask_babel import gettext

from tenant_app.api.context import current_actor, current_services
from tenant_app.library.listing import Wanted
from tenant_app.library.records import UNFINISHED
from tenant_app.library.schemas import DocumentView
from tenant_app.passages import STATUSES, DocumentStatus
from tenant_app.web.frame import page

DOCUMENTS_SHOWN: Final = 50
"""How many documents one page of the list shows."""
FEW: Final = 10
"""So many documents are looked through without a filter."""
LONGEST_WORDS: Final = 200
LAST_OFFSET: Final = 10**9


@page("documents.read")
def documents() -> str:
    """Show the documents with their states, in parts when there are many, and the place to add some."""
    services = current_services()
    return render_template(
        "documents.html",
        upload_bytes=services.settings.upload_bytes,
        recognises_pictures=services.settings.advanced_features,
        storage=services.library.storage(),
        model_change=services.model_change.progress(),
        states=_states(),
        few=FEW,
        **_shelf(),
    )


@page("documents.read")
def document_rows() -> str:
    """Return the table alone, for a page that follows the reading of documents."""
    return render_template("document_rows.html", **_shelf())


def _shelf() -> dict[str, object]:
    wanted = _wanted()
    listed = current_services().library.listed(current_actor(), wanted)
    shown = [DocumentView.of(document) for document in listed.documents]
    last = wanted.offset + DOCUMENTS_SHOWN
    return {
        "documents": shown,
        "wanted": wanted,
        "filtered": bool(wanted.words or wanted.status),
        "found": listed.total,
        "total": listed.all,
        "busy": any(is_worked_on(document) for document in shown),
        "previous_url": _part(wanted, wanted.offset - DOCUMENTS_SHOWN) if wanted.offset else None,
        "next_url": _part(wanted, last) if last < listed.total else None,
    }


def _wanted() -> Wanted:
    """Return what the address asks for; what it cannot ask for is as if it were not there."""
    status = request.args.get("status")
    return Wanted(
        words=request.args.get("q", "")[:LONGEST_WORDS],
        status=cast(DocumentStatus, status) if status in STATUSES else None,
        limit=DOCUMENTS_SHOWN,
        offset=min(LAST_OFFSET, max(0, request.args.get("from", 0, type=int))),
    )


def is_worked_on(document: DocumentView) -> bool:
    """Return whether the document, or a new version of it, is waiting or being read."""
    return (document.replacement or document).status in UNFINISHED


def _part(wanted: Wanted, offset: int) -> str:
    asked: dict[str, Any] = {"q": wanted.words, "status": wanted.status, "from": max(0, offset)}
    return url_for("web.documents", **{name: value for name, value in asked.items() if value})


def _states() -> tuple[tuple[DocumentStatus, str], ...]:
    return (
        ("indexed", gettext("Prêt")),
        ("processing", gettext("Lecture en cours")),
        ("queued", gettext("En attente")),
        ("failed", gettext("Illisible")),
    )
