"""No text is left in French for who reads English, and what is compiled is what was translated."""

import re
import subprocess
import sys
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import httpx
import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from playwright.sync_api import Page, expect

from tenant_app.assistant.provider_simulator import Behaviour
from tests.embedding_server_fixture import EmbeddingServer
from tests.pages.conftest import OpenPage, SignIn, ask, sign_in_on
from tests.pages.documents import LEASE
from tests.pages.tenant import ADMIN, PASSWORD, VIEWER, Tenant, served_tenant
from tests.pages.test_accessibility import violations
from tests.pages.test_assistant_llm import provider
from tests.tenant_app.cases.letters import NOTICE

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
        "/cases?status=closed",
        "/search",
        "/search?q=loyer&document=1&since=2020-01-01",
        "/search?q=loyer&until=1999-12-31",
        "/search?q=loyer&since=hier",
        "/usage",
        "/users",
        "/settings",
        "/settings?done=password",
        "/nowhere",
        "/login?bye",
    ],
    VIEWER: ["/", "/cases", "/documents", "/search", "/settings", "/usage"],
}


def test_every_text_is_translated_and_compiled() -> None:
    checked = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout


@cache
def french_texts() -> tuple[re.Pattern[str], ...]:
    """Return a pattern for each French text of the pages that is not an English one, too."""
    with CATALOGUE.open("rb") as file:
        messages = list(read_po(file, locale="en"))
    english = {part for message in messages for part in _parts(message, "string")}
    french = {part for message in messages for part in _parts(message, "id")} - english
    # As the texts of a page are compared: each space a plain one.
    spaced = (re.sub(r"\s+", " ", text) for text in french if len(PLACEHOLDER.sub("", text)) >= SHORTEST)
    return tuple(re.compile(".+".join(map(re.escape, PLACEHOLDER.split(text)))) for text in spaced)


def _parts(message: Message, name: str) -> tuple[str, ...]:
    value = getattr(message, name)
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def left_in_french(page: Page, known: tuple[re.Pattern[str], ...]) -> list[str]:
    """Return the texts of the page, seen or only heard, that are whole French texts of ours."""
    return [text for text in page.evaluate(TEXTS) if any(one.fullmatch(text) for one in known)]


def an_analysed_case(tenant: Tenant) -> list[str]:
    """Open a case of the administrator's and analyse it; return the addresses of both."""
    with httpx.Client(base_url=tenant.url, headers={"X-Forwarded-For": "198.51.100.33"}) as api:
        tokens = api.post("/api/auth/login", json={"email": ADMIN, "password": PASSWORD}).json()
        api.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        case_id = api.post("/api/cases", json={"title": "Martin"}).json()["id"]
        api.post("/api/documents", files={"file": ("conge.md", NOTICE)}, data={"case_id": str(case_id)})
        api.post(f"/api/cases/{case_id}/deadlines", json={"title": "Mémoire", "due_on": "2020-01-01"})
        analysis = api.post(f"/api/cases/{case_id}/analyses").json()
    return [f"/cases/{case_id}", f"/cases/{case_id}/analyses/{analysis['id']}"]


@pytest.mark.parametrize("email", PAGES)
def test_no_page_speaks_french_to_who_reads_english(sign_in: SignIn, tenant: Tenant, email: str) -> None:
    known = french_texts()
    page = sign_in(email, locale="en-GB")
    of_a_case = an_analysed_case(tenant) if email == ADMIN else []
    ask(page, "Quel est le montant du dépôt de garantie ?")
    assert left_in_french(page, known) == []
    for path in [*PAGES[email], *of_a_case]:
        page.goto(path)
        assert page.locator("html").get_attribute("lang") == "en"
        assert left_in_french(page, known) == [], path


@pytest.mark.parametrize(
    ("settings", "behaviour", "question", "said"),
    [
        ({}, None, "What is the amount of the deposit?", "local mode"),
        ({}, None, "What is the recipe for an apple pie?", "Rephrase the question"),
        ({}, "echo", "What is the amount of the deposit?", "Written by the AI assistant"),
        ({}, "error-500", "What is the amount of the deposit?", "local mode"),
        ({"max_requests_monthly": "0"}, None, None, "quota"),
        ({"plan_expires_on": "2025-01-31"}, None, None, "ended"),
        ({"llm_budget_monthly": "0"}, "echo", "What is the amount of the deposit?", "budget"),
    ],
    ids=["local", "refused", "written", "provider down", "over quota", "ended", "budget spent"],
)
def test_whatever_the_chat_comes_to_is_told_in_english(
    open_page: OpenPage,
    tmp_path: Path,
    embedding_server: EmbeddingServer,
    settings: dict[str, str],
    behaviour: Behaviour | None,
    question: str | None,
    said: str,
) -> None:
    known = french_texts()
    with ExitStack() as open_now:
        if behaviour is not None:
            base_url = open_now.enter_context(provider(behaviour)).base_url
            settings = {**settings, "openai_base_url": base_url, "openai_api_key": "key-of-the-simulator"}
        tenant = open_now.enter_context(served_tenant(tmp_path, embedding_server.socket, **settings))
        tenant.add_document("contrat-de-bail.md", LEASE)
        page = open_page(tenant.url, locale="en-GB")
        sign_in_on(page, ADMIN)
        if question is not None:
            ask(page, question)

        expect(page.locator("#content")).to_contain_text(said)
        assert left_in_french(page, known) == []
        page.reload()
        assert left_in_french(page, known) == []
        assert violations(page) == []


def test_a_refusal_of_the_server_is_told_in_english(sign_in: SignIn) -> None:
    page = sign_in(locale="en-GB")
    page.evaluate("document.querySelector('[name=csrf-token]').content = 'forged'")
    page.locator("#question").fill("What is the deposit?")
    page.locator("#question").press("Enter")

    expect(page.locator("#trouble strong")).to_be_visible()
    assert left_in_french(page, french_texts()) == []


def test_a_french_page_is_recognised_as_one(sign_in: SignIn) -> None:
    page = sign_in()
    page.goto("/settings")

    assert {"Mot de passe actuel", "Paramètres"} <= set(left_in_french(page, french_texts()))
