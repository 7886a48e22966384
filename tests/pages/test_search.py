"""The search page: a passage is found, marked, and opened where it stands."""

import re
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tenant_app.web.search_pages import marked_words
from tests.pages.conftest import OpenPage, SignIn, fill_sign_in
from tests.pages.tenant import ADMIN, PASSWORD, served_tenant


def search(page: Page, words: str) -> None:
    """Search as a person does."""
    page.goto("/search")
    page.get_by_label("Mots ou question").fill(words)
    page.keyboard.press("Enter")
    page.wait_for_url("**q=*")


def test_a_result_opens_on_its_words(sign_in: SignIn) -> None:
    page = sign_in()
    page.get_by_role("navigation", name="Rubriques").get_by_role("link", name="Recherche").click()
    expect(page.get_by_role("heading", name="Que cherchez-vous ?")).to_be_visible()
    search(page, "dépôt de garantie")

    first = page.locator(".found li").first
    expect(first.get_by_role("link")).to_have_text("contrat-de-bail.md")
    expect(first.locator("mark").first).to_have_text(re.compile("dépôt|garantie", re.IGNORECASE))
    expect(page.get_by_label("Mots ou question")).to_have_value("dépôt de garantie")
    first.get_by_role("link").click()
    page.wait_for_url("**/documents/*passage=*")
    expect(page.locator("mark").first).to_be_visible()


def test_a_search_is_limited_and_says_so(sign_in: SignIn) -> None:
    page = sign_in()
    search(page, "honoraires")
    page.get_by_text("Limiter la recherche").click()
    page.get_by_label("Document", exact=True).select_option("contrat-de-bail.md")
    page.get_by_role("button", name="Chercher").click()
    page.wait_for_url("**document=*")

    expect(page.locator("#results")).to_contain_text("document « contrat-de-bail.md »")
    for name in page.locator(".found h3 a").all_inner_texts():
        assert name == "contrat-de-bail.md"


def test_nothing_found_says_where_it_was_looked_for(sign_in: SignIn) -> None:
    page = sign_in()
    page.goto("/search?q=loyer&until=1999-12-31")

    expect(page.get_by_role("heading", name="Aucun passage trouvé pour « loyer »")).to_be_visible()
    expect(page.locator("#results")).to_contain_text(
        "Cherché dans 0 passages – ajoutés jusqu’au 31 décembre 1999"
    )
    page.get_by_role("link", name="Chercher sans ces limites").click()
    expect(page.locator(".found li").first).to_be_visible()


@pytest.mark.parametrize("address", ["/search?q=loyer&since=hier", "/search?q=loyer&document=un"])
def test_a_limit_that_makes_no_sense_is_refused_and_the_words_are_kept(sign_in: SignIn, address: str) -> None:
    page = sign_in()
    page.goto(address)

    expect(page.get_by_role("alert")).to_contain_text("La recherche n’a pas pu être faite.")
    expect(page.get_by_label("Mots ou question")).to_have_value("loyer")


def test_a_search_under_way_is_told(sign_in: SignIn) -> None:
    page = sign_in()
    page.goto("/search")
    # The browser keeps this page until the next one answers: here, for ever.
    page.evaluate("document.forms.search.addEventListener('submit', (event) => event.preventDefault())")
    page.get_by_label("Mots ou question").fill("loyer")
    page.get_by_label("Mots ou question").press("Enter")

    expect(page.get_by_text("Recherche en cours…")).to_be_visible()
    expect(page.locator("#results")).to_have_attribute("aria-busy", "true")


def test_without_the_embedding_server_words_alone_answer_and_the_page_says_so(
    open_page: OpenPage, tmp_path: Path
) -> None:
    with served_tenant(tmp_path, tmp_path / "nobody.sock") as tenant:
        page = open_page(tenant.url)
        page.goto("/search?q=loyer")
        fill_sign_in(page, ADMIN, PASSWORD)
        expect(page.get_by_role("heading", name="Aucun document pour l’instant")).to_be_visible()
        tenant.add_document("bail.txt", b"Le loyer est payable le cinq du mois.")
        page.reload()

        expect(page.locator("#results .notice")).to_contain_text("Recherche par les mots seulement.")
        expect(page.locator(".found mark")).to_have_text(["loyer"])


def test_words_are_marked_by_what_they_mean_for_the_search(pages_app: Flask) -> None:
    passage = "L'employeur verse les congés payés (art. L3141-3)."
    marked = marked_words(passage, frozenset({"employeur", "cong", "3141-3"}), "fr")
    assert [passage[start:end] for start, end in marked] == ["L'employeur", "congés", "L3141-3"]
