"""No text is left in French for who reads English, and what is compiled is what was translated."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from playwright.sync_api import Page

from tests.pages.conftest import SignIn, ask
from tests.pages.tenant import ADMIN, PASSWORD, VIEWER, Tenant

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "update-translations"
CATALOGUE = ROOT / "tenant_app" / "web" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
SHORTEST = 4
"""Letters of a text worth looking for: shorter ones stand in words of both languages."""
TEXTS = """() => {
    const texts = [];
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) texts.push(walker.currentNode.data);
    for (const one of document.querySelectorAll("*")) {
        for (const { name, value } of one.attributes) {
            if (/^(aria-label|placeholder|title|data-(?!passage|name|ask).*)$/.test(name)) texts.push(value);
        }
    }
    return texts.map((text) => text.replaceAll(/\\s+/g, " ").trim()).filter(Boolean);
}"""
PAGES = {
    ADMIN: [
        "/",
        "/documents",
        "/documents/1?find=bail",
        "/documents/1?passage=999999",
        "/cases",
        "/usage",
        "/users",
        "/settings",
        "/settings?done=password",
        "/nowhere",
        "/login?bye",
    ],
    VIEWER: ["/", "/cases", "/documents", "/settings", "/usage"],
}


def test_every_text_is_translated_and_compiled() -> None:
    checked = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout


def french_texts() -> Iterator[re.Pattern[str]]:
    """Yield a pattern for each French text of the pages that is not an English one, too."""
    with CATALOGUE.open("rb") as file:
        messages = list(read_po(file, locale="en"))
    english = {part for message in messages for part in _parts(message, "string")}
    for message in messages:
        for french in set(_parts(message, "id")) - english:
            if len(PLACEHOLDER.sub("", french)) >= SHORTEST:
                yield re.compile(".+".join(re.escape(part) for part in PLACEHOLDER.split(french)))


def _parts(message: Message, name: str) -> tuple[str, ...]:
    value = getattr(message, name)
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def left_in_french(page: Page, known: list[re.Pattern[str]]) -> list[str]:
    """Return the texts of the page, seen or only heard, that are whole French texts of ours."""
    return [text for text in page.evaluate(TEXTS) if any(one.fullmatch(text) for one in known)]


def a_case_of_the_administrator(tenant: Tenant) -> int:
    """Open a case and return its id."""
    with httpx.Client(base_url=tenant.url, headers={"X-Forwarded-For": "198.51.100.33"}) as api:
        tokens = api.post("/api/auth/login", json={"email": ADMIN, "password": PASSWORD}).json()
        api.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        return int(api.post("/api/cases", json={"title": "Martin"}).json()["id"])


@pytest.mark.parametrize("email", PAGES)
def test_no_page_speaks_french_to_who_reads_english(sign_in: SignIn, tenant: Tenant, email: str) -> None:
    known = list(french_texts())
    page = sign_in(email, locale="en-GB")
    case_id = a_case_of_the_administrator(tenant) if email == ADMIN else None
    ask(page, "Quel est le montant du dépôt de garantie ?")
    assert left_in_french(page, known) == []
    for path in [*PAGES[email], *([f"/cases/{case_id}"] if case_id else [])]:
        page.goto(path)
        assert page.locator("html").get_attribute("lang") == "en"
        assert left_in_french(page, known) == [], path


def test_a_french_page_is_recognised_as_one(sign_in: SignIn) -> None:
    page = sign_in()
    page.goto("/settings")

    assert {"Mot de passe actuel", "Paramètres"} <= set(left_in_french(page, list(french_texts())))
