"""axe-core finds nothing on any page: light and dark, laptop and phone, French and English."""

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import OpenPage, SignIn, ask, never_answer

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
QUESTION = "Quel est le préavis du locataire pour donner congé ?"

LOOKS: dict[str, dict[str, Any]] = {
    "laptop": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "laptop, dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "light", "locale": "en-GB"},
    "phone, dark": {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
}
looks = pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())


def violations(page: Page) -> list[str]:
    """Return what axe-core complains about, one line each."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run()")["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def nothing(page: Page) -> None:
    """Leave the page as it opens."""


def with_an_answer(page: Page) -> None:
    ask(page, QUESTION)


def with_an_open_passage(page: Page) -> None:
    ask(page, QUESTION)
    page.locator(".sources a").first.click()
    expect(page.locator("#reader mark").first).to_be_visible()


def with_trouble(page: Page) -> None:
    body = {"title": "Quota atteint", "status": 429, "detail": "Le quota du mois est atteint."}
    page.route("**/api/chat", lambda route: route.fulfill(status=429, json=body))
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")
    expect(page.locator("#trouble strong")).to_be_visible()


def with_the_account_open(page: Page) -> None:
    page.locator(".account summary").click()


def with_a_question_before_removal(page: Page) -> None:
    page.locator("[data-remove]").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def with_the_menu_open(page: Page) -> None:
    """Open the menu of a phone; a laptop has none."""
    if page.get_by_role("button", name="Menu").is_visible():
        page.get_by_role("button", name="Menu").click()
        expect(page.locator("#places")).to_be_visible()


def with_an_account_being_added(page: Page) -> None:
    page.route("**/api/users", never_answer)
    page.locator("#add-user").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def with_an_account_being_changed(page: Page) -> None:
    page.locator("[data-edit]").last.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def with_a_password_refused(page: Page) -> None:
    for field in ("current", "new", "again"):
        page.locator(f"#{field}").fill(f"un mot de passe {field}")
    page.locator("#password form button").click()
    expect(page.locator("#password [role=alert]")).to_be_visible()


def with_the_outline_open(page: Page) -> None:
    if page.locator(".outline-button").is_visible():
        page.locator(".outline-button").click()
    expect(page.locator("#outline")).to_be_visible()


@looks
@pytest.mark.parametrize(
    ("path", "prepare"),
    [
        ("/", nothing),
        ("/", with_an_answer),
        ("/", with_an_open_passage),
        ("/", with_trouble),
        ("/documents", nothing),
        ("/documents", with_a_question_before_removal),
        ("/documents/1?passage=2&words=3-30", nothing),
        ("/documents/1?find=bail", with_the_outline_open),
        ("/search", nothing),
        ("/search?q=loyer&since=2020-01-01", nothing),
        ("/usage", with_the_account_open),
        ("/usage", with_the_menu_open),
        ("/users", nothing),
        ("/users", with_an_account_being_added),
        ("/users", with_an_account_being_changed),
        ("/settings", nothing),
        ("/settings", with_a_password_refused),
        ("/nowhere", nothing),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_no_page_excludes_anybody(
    sign_in: SignIn, look: dict[str, Any], path: str, prepare: Callable[[Page], None]
) -> None:
    page = sign_in(**look)
    page.goto(path)
    prepare(page)

    assert violations(page) == []
    assert overflow(page) <= 0


@looks
def test_the_pages_before_signing_in_exclude_nobody(open_page: OpenPage, look: dict[str, Any]) -> None:
    page = open_page(**look)
    for path in ("/login", "/login?ready", "/welcome#x", "/key#x", "/forgotten"):
        page.goto(path)

        assert violations(page) == []
        assert overflow(page) <= 0


def test_everything_is_reached_by_keyboard_and_shows_the_focus(sign_in: SignIn) -> None:
    page = sign_in()
    ask(page, QUESTION)
    page.goto(page.url)
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() == 0:
            break
        reached.append(focused.evaluate("element => element.className || element.id"))
        outline = focused.evaluate(
            "element => getComputedStyle(element.closest('.ask') ?? element).outlineStyle !== 'none'"
            " || getComputedStyle(element).outlineStyle !== 'none'"
        )
        assert outline, reached[-1]

    assert {"skip button", "cite", "button main"} <= set(reached)


def test_reduced_motion_is_respected(sign_in: SignIn) -> None:
    page = sign_in(reduced_motion="reduce")
    page.route("**/api/chat", never_answer)
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")

    duration = page.locator(".working").evaluate("e => getComputedStyle(e, '::before').animationDuration")

    assert float(duration.removesuffix("s")) < 0.001
