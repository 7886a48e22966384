"""A document of a thousand passages: opened on the cited words, without a jump, and read by keyboard."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import OpenPage, fill_sign_in
from tests.pages.documents import long_report
from tests.pages.tenant import ADMIN, PASSWORD, Tenant, served_tenant
from tests.pages.test_accessibility import looks, overflow, violations
from tests.pages.test_viewer import in_the_window, look_for

PASSAGES = 1000
SLOWEST_MS = 5000
"""For opening a page of it, scripts and all, on a busy machine; alone it takes a tenth."""
JUMPS = """
addEventListener("DOMContentLoaded", () => { window.jumped = 0; });
new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) window.jumped = (window.jumped ?? 0) + shift.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="module")
def long_tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    """Serve a tenant with one long document, found by its words alone: its vectors are not looked at here."""
    folder = tmp_path_factory.mktemp("long")
    with served_tenant(folder, folder / "nobody.sock") as tenant:
        tenant.add_document("rapport-de-bornage.md", long_report(PASSAGES))
        yield tenant


def opened_on_a_finding(open_page: OpenPage, tenant: Tenant, words: str, **look: object) -> Page:
    """Search for words and follow the first result into the document."""
    page = open_page(tenant.url, **look)
    page.goto(f"/search?q={words}")
    fill_sign_in(page, ADMIN, PASSWORD)
    page.wait_for_url("**/search*")
    page.add_init_script(JUMPS)
    page.locator(".found h3 a").first.click()
    page.wait_for_url("**/documents/*passage=*")
    return page


def jumped(page: Page) -> float:
    """Return by how much of the window the page has moved by itself, once two pictures were drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return float(page.evaluate("window.jumped ?? 0"))


def milliseconds_to_load(page: Page) -> float:
    return float(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))


@looks
def test_it_opens_on_the_words_that_were_found(
    open_page: OpenPage, long_tenant: Tenant, look: dict[str, object]
) -> None:
    page = opened_on_a_finding(open_page, long_tenant, "parcelle+1777", **look)

    mark = page.locator("#passage")
    expect(mark).to_be_focused()
    expect(page.locator(".cited")).to_contain_text("Le constat numéro 777 ")
    assert in_the_window(page, "#passage")
    assert jumped(page) < 0.01
    assert milliseconds_to_load(page) < SLOWEST_MS
    assert page.locator(".leaf section").count() < 50
    assert violations(page) == []
    assert overflow(page) <= 0


def test_it_is_read_and_searched_by_keyboard(open_page: OpenPage, long_tenant: Tenant) -> None:
    page = opened_on_a_finding(open_page, long_tenant, "parcelle+1500")
    expect(page.locator("#passage")).to_be_focused()
    before = page.evaluate("scrollY")
    page.keyboard.press("PageDown")
    page.wait_for_function("before => scrollY > before", arg=before)

    page.get_by_role("link", name="Passages suivants").last.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"from=\d+"))
    expect(page.locator(".leaf")).to_contain_text("Le constat numéro 521 ")

    look_for(page, "parcelle 1999")
    expect(page.locator("#match")).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("Occurrence 1 sur 1")
    assert in_the_window(page, "#match")
    # A thousand lines are no outline: it keeps to the outer level.
    expect(page.locator("#outline a")).to_have_text(["Rapport de bornage"])
    expect(page.locator("#outline [aria-current=location]")).to_have_count(1)
    assert jumped(page) < 0.01
