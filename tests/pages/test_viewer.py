"""A document is read: the cited words on the spot, its outline, and a search within it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import SignIn, ask
from tests.pages.documents import LEASE, long_report
from tests.pages.tenant import Tenant

SECTIONS = 120
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def report(tenant: Tenant) -> Iterator[int]:
    """Keep a document of many passages on the shelf, and return its id."""
    document_id = tenant.add_document("rapport-de-bornage.md", long_report(SECTIONS))
    yield document_id
    with tenant.api() as api:
        api.delete(f"/api/documents/{document_id}")


def in_the_window(page: Page, selector: str) -> bool:
    box = page.locator(selector).first.bounding_box()
    size = page.viewport_size
    assert box is not None
    assert size is not None
    return box["y"] >= 0 and box["y"] + box["height"] <= size["height"]


def look_for(page: Page, words: str) -> None:
    page.get_by_role("searchbox", name="Chercher dans ce document").fill(words)
    page.get_by_role("button", name="Chercher").click()


def test_a_citation_lands_on_its_words_with_the_focus_and_says_so(sign_in: SignIn) -> None:
    page = sign_in()
    ask(page, "Quel est le montant du dépôt de garantie ?")
    page.goto(page.locator(".sources a").first.get_attribute("href") or "")

    mark = page.locator("#passage")
    expect(mark).to_be_focused()
    expect(mark).to_contain_text("940 euros")
    expect(page.locator("#announcer")).to_have_text("Passage cité")
    assert in_the_window(page, "#passage")


def test_words_deep_in_a_long_document_are_found_and_visited_one_by_one(sign_in: SignIn, report: int) -> None:
    page = sign_in()
    page.goto(f"/documents/{report}")
    look_for(page, "PARCELLE 11")

    expect(page.locator(".matches")).to_contain_text("1 sur 21")
    expect(page.locator("#match")).to_be_focused()
    expect(page.locator("#match")).to_have_text("parcelle 11")
    expect(page.locator(".leaf")).to_contain_text("Le constat numéro 100 ")
    assert in_the_window(page, "#match")

    page.get_by_role("link", name="Occurrence suivante").click()
    expect(page.locator(".matches")).to_contain_text("2 sur 21")
    expect(page.locator("#announcer")).to_have_text("Occurrence 2 sur 21")
    page.get_by_role("link", name="Occurrence précédente").click()
    expect(page.locator(".matches")).to_contain_text("1 sur 21")
    expect(page.get_by_role("link", name="Occurrence précédente")).to_have_count(0)

    page.get_by_role("link", name="Effacer").click()
    expect(page.locator("mark")).to_have_count(0)


def test_words_that_are_not_there_are_told(sign_in: SignIn) -> None:
    page = sign_in()
    page.goto("/documents/1")
    look_for(page, "<b>licorne</b>")

    expect(page.locator(".matches")).to_contain_text("Aucune occurrence")
    expect(page.get_by_role("searchbox")).to_have_value("<b>licorne</b>")
    expect(page.locator(".leaf")).to_contain_text("Contrat de bail")


def test_the_outline_leads_to_a_section(sign_in: SignIn) -> None:
    page = sign_in()
    page.goto("/documents/1")
    outline = page.get_by_role("navigation", name="Plan du document")
    outline.get_by_role("link", name="Article 7").click()

    expect(page).to_have_url(re.compile(r"from=\d+#leaf-\d+"))
    expect(page.locator(".leaf")).to_contain_text("940 euros")
    expect(outline.locator("[aria-current=location]")).to_contain_text("Article 7")


def test_on_a_phone_the_outline_is_behind_a_button(sign_in: SignIn) -> None:
    page = sign_in(viewport=PHONE)
    page.goto("/documents/1")
    outline = page.locator("#outline")
    expect(outline).to_be_hidden()

    page.get_by_role("button", name="Plan").click()

    expect(outline.get_by_role("link", name="Article 6")).to_be_visible()


def test_the_original_is_downloaded(sign_in: SignIn) -> None:
    page = sign_in()
    page.goto("/documents/1")
    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger l’original").click()

    assert download.value.suggested_filename == "contrat-de-bail.md"
    assert download.value.path().read_bytes() == LEASE


def test_what_is_printed_is_the_text_alone(sign_in: SignIn) -> None:
    page = sign_in(color_scheme="dark")
    page.goto("/documents/1")
    page.emulate_media(media="print", color_scheme="dark")

    for selector in ("header.top", ".tools", "#outline", ".back"):
        expect(page.locator(selector)).to_be_hidden()
    expect(page.locator(".leaf")).to_be_visible()
    expect(page.locator("html")).to_have_css("color", "rgb(26, 30, 36)")


@pytest.mark.parametrize("address", ["from=99999999999999999999", "match=-1&find=bail", "from=abc", "find="])
def test_an_odd_address_still_shows_the_document(sign_in: SignIn, address: str) -> None:
    page = sign_in()
    answer = page.goto(f"/documents/1?{address}")

    assert answer is not None
    assert answer.status == 200
    expect(page.locator(".leaf")).to_contain_text("Contrat de bail")


def test_nothing_is_searched_in_a_document_that_is_not_there(sign_in: SignIn) -> None:
    page = sign_in()

    assert page.request.get("/documents/987654?find=bail").status == 404
