"""A citation's place shows exactly its words in the viewer, in files of every kind."""

import html
import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from tenant_app.passages import Chunk
from tenant_app.services import Services
from tests.tenant_app.accounts.browser import browser
from tests.tenant_app.library import samples
from tests.tenant_app.library.samples import EVALUATION_DOCUMENTS
from tests.tenant_app.library.shelf import Shelf
from tests.tenant_app.waiting import wait_until

MARK = re.compile(r"<mark[^>]*>(.*?)</mark>", re.DOTALL)
LOOKED_AT = 12
"""Passages of each document: every nth, from the first to the last."""


def _files() -> list[tuple[str, bytes]]:
    own = [
        ("bail.pdf", samples.pdf(["Le dépôt de garantie.", "Le préavis est de trois mois."])),
        ("note.html", "<h1>Congé</h1><p>L’été, « trois mois » &amp; un jour.</p>".encode()),
        ("lignes.txt", ("Une ligne assez longue pour être coupée par son auteur,\nla suite. " * 40).encode()),
    ]
    kept = {".pdf", ".docx", ".odt", ".html", ".eml", ".xlsx"}
    real: list[Path] = []
    if EVALUATION_DOCUMENTS.exists():
        real = [one for one in sorted(EVALUATION_DOCUMENTS.iterdir()) if one.suffix in kept]
    readable = [one for one in real if not one.name.startswith("hostile")]
    return own + [(one.name, one.read_bytes()) for one in readable]


@pytest.mark.parametrize(("name", "content"), _files(), ids=[name for name, _ in _files()])
def test_the_words_marked_are_the_words_cited(
    app: Flask, services: Services, working: Shelf, name: str, content: bytes
) -> None:
    document_id = working.upload(content, name).get_json()["id"]
    chunks = read(services, working, document_id)
    reader = browser(app, services, services.accounts.users.find_by_email("member@dupont.test").id)
    for chunk in chunks[:: max(1, len(chunks) // LOOKED_AT)]:
        start, end = len(chunk.text) // 3, len(chunk.text) * 2 // 3 + 1
        page = reader.client.get(f"/documents/{document_id}?passage={chunk.id}&words={start}-{end}")
        marked = "".join(html.unescape(text) for text in MARK.findall(page.text))
        assert marked.split() == chunk.text[start:end].split()


def read(services: Services, working: Shelf, document_id: int) -> list[Chunk]:
    """Return the document's passages once there are any; none for a file whose reading is refused."""

    def passages() -> list[Chunk]:
        with services.database.read() as session:
            query = select(Chunk).where(Chunk.document_id == document_id).order_by(Chunk.ordinal)
            return list(session.scalars(query))

    wait_until(
        lambda: bool(passages()) or working.document(document_id)["status"] == "failed",
        f"document {document_id} read",
    )
    return passages()
