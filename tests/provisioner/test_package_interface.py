"""The interface of a package, run as its README says, in a browser, against its client behind nginx."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from dotenv import dotenv_values

from tests.browser_fixture import PATIENCE_MS
from tests.provisioner.local_root import LocalRoot
from tests.provisioner.streamlit_environment import streamlit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

ID = "vitrine"
NAME = 'Cabinet "Vitrine" & [Fils]'
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40"/></svg>'
LEASE = (
    "Le locataire peut contester le congé dans un délai de deux mois à compter de sa réception, "
    "au prix de $5 ou $6 ![x](https://evil.example/x.png) <img src=x onerror=alert(1)>.\n"
)
COLOUR = "rgb(31, 111, 92)"
QUESTION = "Quel est le délai pour contester le congé ?"

OpenPage = Callable[..., "Page"]


@dataclass(frozen=True)
class Interface:
    """A package that was extracted, and the address its interface is served at."""

    host: LocalRoot
    folder: Path
    url: str

    def set(self, line: str) -> None:
        """Add a line to its `.env`, where the last of a name counts."""
        with (self.folder / ".env").open("a") as settings:
            settings.write(f"{line}\n")

    def exhaust_the_minute(self) -> None:
        """Ask with the package's key until the plan allows no more in this minute."""
        key = dotenv_values(self.folder / ".env")["API_KEY"] or ""
        headers = {"Host": f"{ID}.localhost", "X-API-Key": key}
        with httpx.Client(
            base_url=f"http://127.0.0.1:{self.host.http_port}", headers=headers, timeout=60
        ) as api:
            for number in range(20):
                if api.post("/api/chat", json={"question": f"Délai {number} ?"}).status_code == 429:
                    return
        raise AssertionError("it never is too much")


@pytest.fixture(scope="module")
def interface(host: LocalRoot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interface]:
    """A client with a document, and its package's interface on this machine."""
    place = tmp_path_factory.mktemp("poste")
    (place / "logo.svg").write_text(LOGO)
    (place / "bail.txt").write_text(LEASE)
    named = ("--name", NAME, "--color", "#1f6f5c", "--logo", str(place / "logo.svg"))
    assert host.new(ID, *named).code == 0
    assert host.provision("ingest", ID, str(place / "bail.txt")).code == 0
    made = host.provision("package", ID, "--replace")
    with zipfile.ZipFile(made.document["file"]) as archive:
        archive.extractall(place)
    folder = place / f"assistant-{ID}"
    with streamlit(folder) as url:
        interface = Interface(host, folder, url)
        # As behind a company's proxy, which here is nginx itself: no DNS knows the name `vitrine.localhost`.
        interface.set(f'HTTP_PROXY="http://127.0.0.1:{host.http_port}"')
        yield interface
    assert host.provision("purge", ID, "--yes").code == 0


@pytest.fixture
def open_page(browser: Browser, interface: Interface) -> Iterator[OpenPage]:
    """Open the interface in a browser of its own; fail when it errs or asks another host for anything."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    own = (interface.url, interface.url.replace("http", "ws"), "data:", "blob:")

    def open_one(width: int = 1280, scheme: str = "light") -> Page:
        size = {"width": width, "height": 800}
        context = browser.new_context(color_scheme=scheme, viewport=size, locale="fr-FR")  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request", lambda asked: complaints.append(asked.url) if not asked.url.startswith(own) else None
        )
        page.goto(interface.url)
        page.get_by_role("heading", name=NAME).wait_for()
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def ask(page: Page, question: str = QUESTION) -> None:
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(question)
    box.press("Enter")


def answer(page: Page, number: int = 0) -> Locator:
    """The answer of that number, once its sources can be opened."""
    sources = page.get_by_test_id("stExpander").nth(number)
    sources.wait_for()
    return page.get_by_test_id("stChatMessage").nth(2 * number + 1)


def accent(page: Page) -> str:
    """The colour of what the interface draws in the client's own, as the browser computes it."""
    mark = page.get_by_test_id("stChatMessageAvatarAssistant").first
    return str(mark.evaluate("element => getComputedStyle(element).color"))


def test_an_answer_shows_its_sources_and_goes_on_as_a_conversation(
    open_page: OpenPage,
) -> None:
    page = open_page()
    ask(page)
    first = answer(page)
    assert "dans un délai de deux mois" in first.inner_text()
    assert accent(page) == COLOUR
    first.get_by_text("Sources (1)").click()
    passage = first.locator("blockquote")
    passage.wait_for()
    assert "[1] bail.txt" in first.inner_text()
    # Whatever the document holds is text: no picture, no formula, no element of its own.
    assert "$5 ou $6 ![x](https://evil.example/x.png) <img src=x onerror=alert(1)>" in passage.inner_text()
    assert first.locator("img, .katex").count() == 0
    page.get_by_text("1 sur 1 000 ; il en reste 999".replace(" 000", "\u202f000")).wait_for()
    ask(page, "Et à compter de quand ?")
    answer(page, 1)
    with page.expect_download() as download:
        page.get_by_role("button", name="Enregistrer la conversation").click()
    kept = download.value.path().read_text()
    assert kept.count("## Question") == 2
    assert "\\!\\[x\\]" in kept
    page.get_by_text("English", exact=True).click()
    page.get_by_role("button", name="New conversation").click()
    page.get_by_text("Ask your documents").wait_for()


def test_it_fits_a_phone_and_can_be_read_in_the_dark(open_page: OpenPage) -> None:
    page = open_page(360, "dark")
    ask(page)
    answer(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") == 360
    assert page.get_by_role("img", name=NAME).is_visible()
    assert accent(page) != COLOUR


def test_what_is_wrong_is_said_in_words(interface: Interface, open_page: OpenPage) -> None:
    host = interface.host
    page = open_page()
    again = page.get_by_role("button", name="Réessayer")
    assert host.provision("stop", ID).code == 0
    ask(page)
    page.get_by_text("Le service démarre ou est très sollicité").wait_for()
    assert host.provision("suspend", ID).code == 0
    again.click()
    page.get_by_text("Le service est suspendu").wait_for()
    assert host.provision("resume", ID).code == 0
    again.click()
    answer(page)
    interface.exhaust_the_minute()
    ask(page)
    page.get_by_text("Trop de questions en peu de temps. Réessayez dans").wait_for()
    assert host.provision("package", ID, "--replace").code == 0
    again.click()
    page.get_by_text("La clé d'API est refusée").wait_for()
    interface.set(f'BACKEND_API_URL="https://127.0.0.1:{host.http_port}/api/chat"')
    again.click()
    page.get_by_text("La connexion n'est pas sûre : rien n'a été envoyé").wait_for()
    interface.set('HTTP_PROXY=""\nBACKEND_API_URL="http://127.0.0.1:9/api/chat"')
    again.click()
    page.get_by_text("Le service est injoignable").wait_for()
    page.get_by_text("English", exact=True).click()
    page.get_by_text("The service cannot be reached").wait_for()
