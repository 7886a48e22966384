"""Folders, archives, many documents; stopping a reading, taking it up again, replacing a document."""

import io
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.embedding_server_fixture import EmbeddingServer
from tests.pages.conftest import OpenPage, fill_sign_in, follow, sign_in_on
from tests.pages.documents import FEES, LEASE, long_report
from tests.pages.tenant import ADMIN, PASSWORD, VIEWER, Tenant, served_tenant


@pytest.fixture(scope="module")
def small_tenant(
    tmp_path_factory: pytest.TempPathFactory, embedding_server: EmbeddingServer
) -> Iterator[Tenant]:
    """Serve a tenant without documents whose uploads are limited to 1 MB."""
    folder = tmp_path_factory.mktemp("list")
    with served_tenant(folder, embedding_server.socket, max_upload_mb="1") as tenant:
        yield tenant


@pytest.fixture
def shelf(open_page: OpenPage, small_tenant: Tenant) -> Iterator[Page]:
    """Open the documents of the tenant without any, and leave it so."""
    page = open_page(small_tenant.url)
    sign_in_on(page, ADMIN, "/documents")
    expect(page.get_by_role("heading", name="Aucun document pour l’instant")).to_be_visible()
    yield page
    with small_tenant.api() as api:
        for document in api.get("/api/documents").json()["documents"]:
            api.delete(f"/api/documents/{document['id']}")


def send(page: Page, name: str, content: bytes, into: str = "#files") -> None:
    """Choose one file, as the file dialogue does."""
    page.locator(into).set_input_files({"name": name, "mimeType": "", "buffer": content})


def packed(entries: dict[str, bytes]) -> bytes:
    """Return a ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in entries.items():
            archive.writestr(path, content)
    return out.getvalue()


def test_a_reading_is_stopped_and_taken_up_again(shelf: Page) -> None:
    send(shelf, "rapport.md", long_report(80))
    shelf.get_by_role("button", name="Annuler la lecture de rapport.md").click(timeout=30_000)
    row = shelf.get_by_role("row", name=re.compile("rapport.md"))
    expect(row).to_contain_text("Annulé")
    expect(row.locator(".why")).to_contain_text("relancez-la quand vous voudrez")
    expect(shelf.locator("#announcer")).to_have_text("Lecture annulée.")

    shelf.get_by_role("button", name="Relire rapport.md").click()
    expect(row).to_contain_text(re.compile("En attente|Lecture en cours|Indexation en cours"))
    expect(row.get_by_role("link", name="rapport.md")).to_be_visible(timeout=150_000)


def test_a_new_version_takes_the_old_ones_place(shelf: Page) -> None:
    send(shelf, "bail.md", LEASE)
    expect(shelf.get_by_text("Prêt", exact=True)).to_be_visible(timeout=150_000)
    address = shelf.get_by_role("link", name="bail.md").get_attribute("href")
    shelf.get_by_role("button", name="Remplacer bail.md par une nouvelle version").click()
    send(shelf, "honoraires.md", FEES, into="#version-file")

    new = shelf.get_by_role("link", name="honoraires.md")
    expect(new).to_have_attribute("href", address or "", timeout=150_000)
    expect(shelf.locator("tbody tr")).to_have_count(1)


def test_a_new_version_that_cannot_be_read_says_why_and_can_be_given_up(shelf: Page) -> None:
    send(shelf, "bail.md", LEASE)
    expect(shelf.get_by_text("Prêt", exact=True)).to_be_visible(timeout=150_000)
    shelf.get_by_role("button", name="Remplacer bail.md par une nouvelle version").click()
    send(shelf, "bail.pdf", b"%PDF-1.7\nnothing of a PDF follows", into="#version-file")

    row = shelf.locator("tbody tr")
    expect(row.locator(".why")).to_contain_text("L’ancienne reste en service.", timeout=30_000)
    expect(row).to_contain_text("Nouvelle version : bail.pdf")
    shelf.get_by_role("button", name="Annuler la lecture de bail.pdf").click()
    expect(row.locator(".why")).to_have_count(0)
    expect(row).to_contain_text("Prêt")


def test_a_folder_is_sent_with_the_places_of_its_files(shelf: Page, tmp_path: Path) -> None:
    folder = tmp_path / "Dossier Martin"
    (folder / "Pièces").mkdir(parents=True)
    (folder / "bail.md").write_bytes(LEASE)
    (folder / "Pièces" / "honoraires.md").write_bytes(FEES)
    (folder / ".DS_Store").write_bytes(b"not a document")
    shelf.locator("#folder").set_input_files(folder)

    row = shelf.get_by_role("row", name=re.compile("honoraires.md"))
    expect(row.locator(".where")).to_have_text("Dossier Martin/Pièces", timeout=30_000)
    expect(shelf.locator("tbody tr")).to_have_count(2, timeout=30_000)
    expect(shelf.locator("#uploads")).to_be_hidden()


def test_an_archive_is_unpacked_and_what_is_wrong_in_it_is_told(shelf: Page) -> None:
    archive = packed(
        {
            "Actes/bail.md": LEASE,
            "../dehors.txt": b"Hors du dossier.",
            "grand.txt": b"x" * 1_500_000,
            "autre.zip": packed({"a.txt": b"a"}),
            "programme.exe": b"MZ\x90\x00" + bytes(range(32)) * 20,
            "__MACOSX/bail.md": b"not a document",
        }
    )
    send(shelf, "Envoi.zip", archive)

    row = shelf.get_by_role("row", name=re.compile("bail.md"))
    expect(row.locator(".where")).to_have_text("Envoi/Actes", timeout=30_000)
    for name, reason in {
        "../dehors.txt": "Le chemin de ce fichier dans l’archive n’est pas accepté.",
        "grand.txt": "dépasse la taille acceptée",
        "autre.zip": "Une archive dans une archive",
        "programme.exe": "Formats acceptés",
    }.items():
        expect(shelf.locator("#uploads li", has_text=name).locator(".why")).to_contain_text(reason)
    expect(shelf.locator("#upload-summary")).to_contain_text("5 fichiers traités, 4 refusés.")
    expect(shelf.locator("tbody tr")).to_have_count(1)


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (b"PK\x03\x04 cut short", "endommagée"),
        (packed({f"{number}.txt": b"" for number in range(5_001)}), "trop de fichiers"),
        # The central directory announces less than there is.
        (
            packed({"bombe.txt": b"0" * 900_000}).replace(
                (900_000).to_bytes(4, "little"), (9_000).to_bytes(4, "little")
            ),
            "n’a pas la taille annoncée",
        ),
    ],
)
def test_a_hostile_archive_is_refused_in_words(shelf: Page, archive: bytes, reason: str) -> None:
    send(shelf, "piege.zip", archive)
    expect(shelf.locator("#uploads .why")).to_contain_text(reason, timeout=30_000)
    expect(shelf.locator("tbody tr")).to_have_count(0)


def test_many_documents_are_shown_in_parts_and_found_by_name_and_state(
    shelf: Page, small_tenant: Tenant
) -> None:
    _fill(small_tenant, 120)
    shelf.reload()
    expect(shelf.locator("tbody tr")).to_have_count(50)
    expect(shelf.get_by_text("120 documents")).to_be_visible()
    follow(shelf, shelf.get_by_role("link", name="Plus anciens"))
    follow(shelf, shelf.get_by_role("link", name="Plus anciens"))
    expect(shelf.locator("tbody tr")).to_have_count(20)

    shelf.get_by_label("Nom ou dossier").fill("ete 007")
    follow(shelf, shelf.get_by_role("button", name="Filtrer"))
    expect(shelf.locator("tbody tr")).to_have_count(1)
    expect(shelf.locator("tbody th")).to_contain_text("Été 007.txt")

    shelf.get_by_label("État").select_option("Prêt")
    follow(shelf, shelf.get_by_role("button", name="Filtrer"))
    expect(shelf.get_by_role("heading", name="Aucun document ne correspond")).to_be_visible()
    shelf.get_by_role("link", name="Tout afficher").click()
    expect(shelf.locator("tbody tr")).to_have_count(50)


def test_a_list_fits_a_phone(shelf: Page, small_tenant: Tenant) -> None:
    _fill(small_tenant, 12)
    shelf.set_viewport_size({"width": 360, "height": 740})
    shelf.reload()
    expect(shelf.locator("tbody tr")).to_have_count(12)
    assert shelf.evaluate("document.documentElement.scrollWidth") <= 360
    expect(shelf.get_by_role("button", name="Relire Été 003.txt")).to_be_visible()


def test_who_may_only_read_is_offered_no_change(
    shelf: Page, open_page: OpenPage, small_tenant: Tenant
) -> None:
    _fill(small_tenant, 1)
    page = open_page(small_tenant.url)
    page.goto("/login?next=/documents")
    fill_sign_in(page, VIEWER, PASSWORD)
    expect(page.get_by_text("en lecture seule")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody button")).to_have_count(0)


def _fill(tenant: Tenant, count: int) -> None:
    """Put so many documents that nobody reads into the tenant's library."""
    rows = [
        (f"Été {number:03}.txt", f"{number:064x}", "2026-01-05 09:00:00.000000") for number in range(count)
    ]
    with sqlite3.connect(tenant.folder / "data" / "tenant.sqlite3", timeout=60) as connection:
        connection.executemany(
            "INSERT INTO documents (name, sha256, created_at, updated_at, media_type, size, status,"
            " error_code, attempts, skipped_pages, chunk_count, progress, folder, version)"
            " VALUES (?1, ?2, ?3, ?3, 'text/plain', 10, 'failed', 'cancelled', 0, '', 0, 0, '', 1)",
            rows,
        )
