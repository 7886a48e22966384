"""Sending, following, reading and removing documents."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from tests.embedding_server_fixture import EmbeddingServer
from tests.pages.conftest import OpenPage, SignIn, fill_sign_in, follow, never_answer, sign_in_on
from tests.pages.documents import LEASE, long_report
from tests.pages.tenant import ADMIN, PASSWORD, VIEWER, Tenant, served_tenant

LOGO = """<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20">
<rect width="80" height="20"/></svg>"""


@pytest.fixture(scope="module")
def empty_tenant(
    tmp_path_factory: pytest.TempPathFactory, embedding_server: EmbeddingServer
) -> Iterator[Tenant]:
    """Serve a tenant without documents whose uploads are limited to 1 MB."""
    folder = tmp_path_factory.mktemp("empty")
    with served_tenant(folder, embedding_server.socket, max_upload_mb="1", client_color="#ffd400") as tenant:
        yield tenant


@pytest.fixture
def shelf(open_page: OpenPage, empty_tenant: Tenant) -> Iterator[Page]:
    """Open the documents of the tenant without any, and leave it so."""
    page = open_page(empty_tenant.url)
    sign_in_on(page, ADMIN, "/documents")
    expect(page.get_by_role("heading", name="Aucun document pour l’instant")).to_be_visible()
    yield page
    with empty_tenant.api() as api:
        for document in api.get("/api/documents").json()["documents"]:
            api.delete(f"/api/documents/{document['id']}")


def send(page: Page, name: str, content: bytes) -> None:
    """Choose one file, as the file dialogue does."""
    page.locator("#files").set_input_files({"name": name, "mimeType": "text/plain", "buffer": content})


def test_a_document_is_sent_read_and_opened(shelf: Page) -> None:
    send(shelf, "contrat-de-bail.md", LEASE)

    row = shelf.get_by_role("row", name=re.compile("contrat-de-bail.md"))
    expect(row).to_contain_text("Prêt", timeout=30_000)
    expect(shelf.locator("#announcer")).to_have_text("Document prêt.")
    row.get_by_role("link", name="contrat-de-bail.md").click()
    expect(shelf.locator(".leaf")).to_contain_text("quai Perrache")


def test_several_files_are_dropped_at_once(shelf: Page) -> None:
    dropped = shelf.evaluate_handle(
        """() => {
            const data = new DataTransfer();
            for (const name of ["un.txt", "deux.txt", "trois.txt"]) {
                data.items.add(new File([`Le fichier ${name} parle.`], name, {type: "text/plain"}));
            }
            return data;
        }"""
    )
    shelf.dispatch_event("#drop", "dragover", {"dataTransfer": dropped})
    expect(shelf.locator("#drop")).to_have_class(re.compile("over"))
    shelf.dispatch_event("#drop", "drop", {"dataTransfer": dropped})

    expect(shelf.locator("tbody tr")).to_have_count(3, timeout=30_000)
    expect(shelf.get_by_text("Prêt", exact=True)).to_have_count(3, timeout=60_000)
    expect(shelf.locator("#uploads")).to_be_hidden()


def test_a_document_that_cannot_be_read_says_why(shelf: Page) -> None:
    send(shelf, "contrat.pdf", b"%PDF-1.7\nnothing of a PDF follows")

    row = shelf.get_by_role("row", name=re.compile("contrat.pdf"))
    expect(row).to_contain_text("Illisible", timeout=30_000)
    expect(row.locator(".why")).to_contain_text("endommagé")
    expect(row.get_by_role("link")).to_have_count(0)


def test_a_type_that_is_not_accepted_is_refused_in_words(shelf: Page) -> None:
    send(shelf, "photo.gif", b"GIF89a" + bytes(range(32)) * 20)

    expect(shelf.locator("#uploads .why")).to_contain_text("Formats acceptés")


def test_a_file_that_is_too_large_is_not_even_sent(shelf: Page) -> None:
    sent: list[str] = []
    shelf.on("request", lambda asked: sent.append(asked.method))
    send(shelf, "archives.txt", b"x" * (1024 * 1024 + 1))

    expect(shelf.locator("#uploads .why")).to_contain_text("dépasse la taille acceptée (1\u202fMo)")
    assert "POST" not in sent


def test_a_lost_connection_during_an_upload_is_told(shelf: Page) -> None:
    shelf.route("**/api/documents", lambda route: route.abort())
    send(shelf, "contrat.md", LEASE)

    expect(shelf.locator("#uploads .why")).to_contain_text("Vérifiez le réseau")


def test_a_page_is_not_left_by_mistake_while_a_file_is_on_its_way(shelf: Page) -> None:
    shelf.route("**/api/documents", never_answer)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    shelf.on("dialog", stay)
    with shelf.expect_file_chooser() as chooser:
        shelf.get_by_role("button", name="Choisir des fichiers").click()
    chooser.value.set_files({"name": "contrat.md", "mimeType": "text/plain", "buffer": LEASE})
    expect(shelf.locator("#uploads")).to_contain_text("contrat.md")
    with shelf.expect_event("dialog"):
        shelf.get_by_role("link", name="Recherche").click()

    assert asked == ["beforeunload"]
    expect(shelf).to_have_url(re.compile("/documents$"))
    expect(shelf.locator("#uploads")).to_contain_text("contrat.md")


def test_the_same_content_again_is_recognised(shelf: Page) -> None:
    send(shelf, "contrat.md", LEASE)
    expect(shelf.get_by_text("Prêt", exact=True)).to_be_visible(timeout=30_000)
    send(shelf, "copie.md", LEASE)

    expect(shelf.locator("#announcer")).to_have_text("Déjà présent")
    expect(shelf.locator("tbody tr")).to_have_count(1)


def test_a_removal_asks_first_and_can_be_called_off(shelf: Page) -> None:
    send(shelf, "contrat.md", LEASE)
    expect(shelf.get_by_text("Prêt", exact=True)).to_be_visible(timeout=30_000)

    remove = shelf.get_by_role("button", name="Supprimer contrat.md")
    remove.click()
    expect(shelf.get_by_role("dialog")).to_contain_text("contrat.md")
    shelf.get_by_role("button", name="Conserver").click()
    expect(remove).to_be_focused()

    remove.click()
    shelf.get_by_role("button", name="Supprimer", exact=True).click()
    expect(shelf.get_by_role("heading", name="Aucun document pour l’instant")).to_be_visible()
    expect(shelf.locator("#announcer")).to_have_text("Document supprimé.")


def test_a_removal_that_fails_is_told(shelf: Page) -> None:
    send(shelf, "contrat.md", LEASE)
    expect(shelf.get_by_text("Prêt", exact=True)).to_be_visible(timeout=30_000)

    def refuse(route: Route) -> None:
        body = {"title": "Introuvable", "detail": "Ce document n'existe pas."}
        route.fulfill(status=404, json=body, content_type="application/problem+json")

    shelf.route("**/api/documents/*", refuse)
    shelf.get_by_role("button", name="Supprimer contrat.md").click()
    shelf.get_by_role("button", name="Supprimer", exact=True).click()

    expect(shelf.locator("#trouble")).to_contain_text("Ce document n'existe pas.")


def test_a_file_name_is_text_not_markup(shelf: Page) -> None:
    send(shelf, "<img src=x onerror=alert(1)>.txt", b"Un texte quelconque sur le bornage.")

    expect(shelf.get_by_role("row", name=re.compile("<img src=x"))).to_be_visible(timeout=30_000)
    assert shelf.locator("tbody img").count() == 0


def test_a_new_tenant_says_what_to_do_first(shelf: Page) -> None:
    shelf.goto("/")
    shelf.get_by_role("link", name="Ajouter des documents").click()

    expect(shelf.get_by_role("heading", name="Documents", exact=True)).to_be_visible()


def test_a_viewer_of_a_new_tenant_is_told_whom_to_ask(open_page: OpenPage, empty_tenant: Tenant) -> None:
    page = open_page(empty_tenant.url)
    page.goto("/login")
    fill_sign_in(page, VIEWER, PASSWORD)
    expect(page.get_by_text("Demandez à un membre de votre équipe")).to_be_visible()

    page.goto("/documents")
    expect(page.get_by_text("Les documents ajoutés par votre équipe")).to_be_visible()


def test_a_long_document_is_read_in_stretches(sign_in: SignIn, tenant: Tenant) -> None:
    document_id = tenant.add_document("rapport-de-bornage.md", long_report(60))
    page = sign_in()
    page.goto(f"/documents/{document_id}")
    expect(page.locator(".leaf")).to_contain_text("Le constat numéro 1 ")
    expect(page.get_by_role("link", name="Passages précédents")).to_have_count(0)

    while page.get_by_role("link", name="Passages suivants").count():
        follow(page, page.get_by_role("link", name="Passages suivants").first)

    expect(page.locator(".leaf")).to_contain_text("Le constat numéro 60 ")
    expect(page.get_by_role("link", name="Passages précédents").first).to_be_visible()
    with tenant.api() as api:
        api.delete(f"/api/documents/{document_id}")


def test_a_passage_that_is_gone_shows_the_document_from_its_beginning(sign_in: SignIn) -> None:
    page = sign_in()
    page.goto("/documents/1?passage=999999&words=1-2")

    expect(page.get_by_text("Ce passage n’existe plus.")).to_be_visible()
    expect(page.locator(".leaf")).to_contain_text("Contrat de bail")


def test_the_client_s_logo_replaces_the_monogram(
    open_page: OpenPage, tmp_path: Path, embedding_server: EmbeddingServer
) -> None:
    with served_tenant(tmp_path, embedding_server.socket, client_logo="/static/logo.svg") as tenant:
        page = open_page(tenant.url)
        page.goto("/login")
        expect(page.locator(".monogram")).to_have_text("CD")

        logo = tmp_path / "data" / "branding" / "logo.svg"
        logo.parent.mkdir()
        logo.write_text(LOGO)
        page.reload()

        expect(page.locator("img.logo")).to_be_visible()
        assert page.locator("img.logo").evaluate("image => image.naturalWidth") == 80
