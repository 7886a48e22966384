"""A browser and a tenant for the session; a fresh, watched page for each test."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, StorageState

from tenant_app.api.context import EXTENSION
from tenant_app.factory import create_app
from tenant_app.settings import Settings
from tests.browser_fixture import PATIENCE_MS
from tests.embedding_server_fixture import EmbeddingServer
from tests.pages.documents import FEES, LEASE
from tests.pages.other_site import OtherSite, other_site
from tests.pages.tenant import ADMIN, PASSWORD, Tenant, served_tenant
from tests.tenant_app.environment import environment

EXPECTED_COMPLAINT = "Failed to load resource"

addresses = itertools.count()

OpenPage = Callable[..., Page]
SignIn = Callable[..., Page]


@pytest.fixture(scope="session")
def site() -> Iterator[OtherSite]:
    """Serve a site of two origins, one of which the tenant's settings name."""
    with other_site() as site:
        yield site


@pytest.fixture(scope="session")
def tenant(
    tmp_path_factory: pytest.TempPathFactory, embedding_server: EmbeddingServer, site: OtherSite
) -> Iterator[Tenant]:
    """Serve a tenant without an LLM that holds a lease and a fee agreement."""
    folder = tmp_path_factory.mktemp("tenant")
    with served_tenant(folder, embedding_server.socket, allowed_origins=site.allowed) as tenant:
        tenant.add_document("contrat-de-bail.md", LEASE)
        tenant.add_document("convention-honoraires.md", FEES)
        yield tenant


@pytest.fixture
def open_page(browser: Browser, tenant: Tenant) -> Iterator[OpenPage]:
    """Open a page of its own browser context, and fail when it errs or asks another host for anything."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(url: str = tenant.url, **options: object) -> Page:
        chosen: dict[str, object] = {
            "locale": "fr-FR",
            "viewport": {"width": 1440, "height": 900},
            # What nginx would say: each visitor has an address, and its own share of sign-ins.
            "extra_http_headers": {"X-Forwarded-For": f"192.0.2.{next(addresses) % 254 + 1}"},
        }
        context = browser.new_context(base_url=url, **{**chosen, **options})  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on(
            "request", lambda asked: complaints.append(asked.url) if not asked.url.startswith(url) else None
        )
        return page

    yield open_one
    for context in contexts:
        context.close()
    # What a test has refused or cut is reported by the console; anything else is a fault.
    assert [said for said in complaints if not said.startswith(EXPECTED_COMPLAINT)] == []


@pytest.fixture(scope="session")
def cookies(browser: Browser, tenant: Tenant) -> Callable[[str], StorageState]:
    """Return the cookies of somebody signed in; each person signs in once in the session."""
    known: dict[str, StorageState] = {}

    def cookies_of(email: str) -> StorageState:
        if email not in known:
            with browser.new_context(base_url=tenant.url, locale="fr-FR") as context:
                page = context.new_page()
                sign_in_on(page, email)
                known[email] = context.storage_state()
        return known[email]

    return cookies_of


@pytest.fixture
def sign_in(open_page: OpenPage, cookies: Callable[[str], StorageState]) -> SignIn:
    """Open the first page signed in as the administrator, or as ``email``."""

    def sign_in(email: str = ADMIN, **options: object) -> Page:
        page = open_page(storage_state=cookies(email), **options)
        page.goto("/")
        if "/login" in page.url:
            # Another test has ended this person's sessions.
            fill_sign_in(page, email, PASSWORD)
            page.wait_for_url("**/")
        return page

    return sign_in


def fill_sign_in(page: Page, email: str, password: str) -> None:
    """Fill the form as a person does, and send it."""
    page.locator("#email").fill(email)
    page.locator("#password").fill(password)
    page.locator("form.sign-in button").click()


def follow(page: Page, link: Locator) -> None:
    """Follow a link or send a form, and wait until the page it leads to is loaded, scripts and all."""
    before = page.url
    link.click()
    page.wait_for_url(lambda url: url != before)


def sign_in_on(page: Page, email: str, path: str = "/", password: str = PASSWORD) -> None:
    """Sign in and wait until the page of this path is loaded, its scripts with it."""
    page.goto(f"/login?next={path}")
    fill_sign_in(page, email, password)
    # A pattern for the path would already fit the address of the form, which names it.
    page.wait_for_url(lambda url: "/login" not in url)


def never_answer(route: Route) -> None:
    """Hold a request back for ever, as a server that stalls does."""


def hold(page: Page, address: str) -> list[Route]:
    """Hold the requests for an address back until the test continues them; return those held so far."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(address, keep)
    return held


def ask(page: Page, question: str) -> None:
    """Ask, once the page takes a question, and wait until the answer is whole."""
    page.locator("#send:enabled").wait_for()
    answered = page.locator(".turn > footer").count()
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")
    page.locator(".turn > footer").nth(answered).wait_for()


@pytest.fixture
def pages_app(tmp_path: Path) -> Iterator[Flask]:
    """Return the application alone, for what needs a request's language but no server."""
    app = create_app(Settings.model_validate(environment(tmp_path)))
    yield app
    app.extensions[EXTENSION].close()
