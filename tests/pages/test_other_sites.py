"""In a real browser a page of the client's on another site reads the API, and a stranger's learns nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser_fixture import PATIENCE_MS
from tests.pages.other_site import OtherSite
from tests.pages.tenant import ADMIN, API_KEY, Tenant

ASK = """
async ([url, options]) => {
    try {
        const answer = await fetch(url, options);
        return {status: answer.status, id: answer.headers.get("X-Request-ID"), body: await answer.json()};
    } catch (refused) {
        return {refused: refused.name};
    }
}
"""
UNREADABLE = {"refused": "TypeError"}
"""What ``fetch`` tells a page when it may not know the answer (Fetch standard: a network error)."""


@pytest.fixture
def elsewhere(browser: Browser) -> Iterator[Page]:
    """Return a page of a visitor who has not been anywhere yet."""
    with browser.new_context() as context:
        context.set_default_timeout(PATIENCE_MS)
        yield context.new_page()


def asked(page: Page, url: str, **options: object) -> dict[str, Any]:
    """Return what a script of the page gets to know of an answer."""
    answer: dict[str, Any] = page.evaluate(ASK, [url, options])
    return answer


def question(key: str) -> dict[str, object]:
    """Return how a page asks a question: a browser asks beforehand whether it may."""
    return {
        "method": "POST",
        "headers": {"X-API-Key": key, "Content-Type": "application/json"},
        "body": '{"question": "Quel est le délai pour contester le congé ?"}',
    }


def test_the_clients_own_page_elsewhere_reads_the_answer_to_its_question(
    elsewhere: Page, tenant: Tenant, site: OtherSite
) -> None:
    elsewhere.goto(site.allowed)
    answer = asked(elsewhere, f"{tenant.url}/api/chat", **question(API_KEY))

    assert (answer["status"], answer["body"]["found"]) == (200, True)
    assert answer["id"]


def test_it_reads_why_it_was_refused(elsewhere: Page, tenant: Tenant, site: OtherSite) -> None:
    elsewhere.goto(site.allowed)
    answer = asked(elsewhere, f"{tenant.url}/api/chat", **question("sk_professional_wrong"))

    assert (answer["status"], answer["body"]["status"]) == (403, 403)


def test_another_sites_page_reads_nothing_even_with_the_key(
    elsewhere: Page, tenant: Tenant, site: OtherSite
) -> None:
    elsewhere.goto(site.stranger)

    assert asked(elsewhere, f"{tenant.url}/api/chat", **question(API_KEY)) == UNREADABLE
    assert asked(elsewhere, f"{tenant.url}/api/openapi.json") == UNREADABLE


def test_a_visitors_cookie_opens_nothing_to_a_page_elsewhere(
    elsewhere: Page, tenant: Tenant, site: OtherSite, cookies: Any
) -> None:
    elsewhere.context.add_cookies(cookies(ADMIN)["cookies"])
    elsewhere.goto(site.allowed)
    with_cookie = asked(elsewhere, f"{tenant.url}/api/me", credentials="include")
    without = asked(elsewhere, f"{tenant.url}/api/me")

    assert with_cookie == UNREADABLE
    assert without["status"] == 401
