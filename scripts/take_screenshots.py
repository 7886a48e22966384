"""Pictures of every page, from a real tenant with the documents of ``examples/``."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser_fixture import CHROMIUM, CHROMIUM_OPTIONS, PATIENCE_MS
from tests.embedding_server_fixture import running_embedding_server
from tests.pages.conftest import ask, fill_sign_in
from tests.pages.tenant import ADMIN, PASSWORD, Tenant, served_tenant
from tests.pages.test_cases import analyse, open_case, send
from tests.tenant_app.cases.letters import ANSWER, NOTICE

ROOT: Final = Path(__file__).resolve().parent.parent
IMAGES: Final = ROOT / "docs" / "images"
EXAMPLES: Final = ROOT / "examples" / "cabinet-dupont"
LARGEST_BYTES: Final = 120_000
PALETTES: Final = (256, 160, 96, 64)
"""Colours kept of a picture: the first number that makes it small enough."""

QUESTION: Final = "Quel est le montant du dépôt de garantie ?"
LAPTOP: Final = {"width": 1280, "height": 800}
REVIEWED: Final = {"1440": {"width": 1440, "height": 900}, "360": {"width": 360, "height": 740}}


def sign_in(page: Page) -> None:
    page.context.clear_cookies()
    page.goto("/login")


def chat(page: Page) -> None:
    page.goto("/")
    asked = page.locator("#conversation-list a")
    if asked.count():
        asked.first.click()
        page.wait_for_url("**/conversations/*")
    else:
        ask(page, QUESTION)
    if page.locator("#reader").is_visible():
        page.locator("#reader mark").first.wait_for()


def documents(page: Page) -> None:
    page.goto("/documents")


def viewer(page: Page) -> None:
    page.goto("/documents/1?find=pr%C3%A9avis#match")
    page.locator("#match").wait_for()


def search(page: Page) -> None:
    page.goto("/search")
    page.locator("#content [type=search]").fill("préavis du locataire")
    page.locator("#content [type=search]").press("Enter")
    page.locator("#content mark").first.wait_for()


def cases(page: Page) -> None:
    page.goto("/cases")


def case(page: Page) -> None:
    page.goto("/cases/1")


def analysis(page: Page) -> None:
    page.goto("/cases/1/analyses/1")


def usage(page: Page) -> None:
    page.goto("/usage")


def users(page: Page) -> None:
    page.goto("/users")


def settings(page: Page) -> None:
    page.goto("/settings")


PICTURES: Final[Mapping[str, Callable[[Page], None]]] = {
    "chat": chat,
    "search": search,
    "documents": documents,
    "viewer": viewer,
    "cases": cases,
    "case": case,
    "analysis": analysis,
    "usage": usage,
    "users": users,
    "settings": settings,
    # Last: it signs out.
    "sign-in": sign_in,
}


@dataclass(frozen=True)
class Look:
    """How pages are looked at, and what the pictures' names end in."""

    suffix: str
    viewport: Mapping[str, int]
    scheme: str


LOOKS: Final = (Look("", LAPTOP, "light"), Look("-dark", LAPTOP, "dark"))
REVIEW_LOOKS: Final = tuple(
    Look(f"-{name}-{scheme}", viewport, scheme)
    for name, viewport in REVIEWED.items()
    for scheme in ("light", "dark")
)


@contextmanager
def furnished_tenant() -> Iterator[Tenant]:
    """Serve a tenant with the sample client's documents."""
    with tempfile.TemporaryDirectory() as place, running_embedding_server(Path(place)) as embeddings:
        embeddings.wait_for("/readyz")
        with served_tenant(Path(place), embeddings.socket) as tenant:
            for file in sorted(EXAMPLES.iterdir()):
                tenant.add_document(file.name, file.read_bytes())
            yield tenant


def open_a_case(page: Page) -> None:
    """Open a case with its papers, a deadline and an analysis, as a person does."""
    open_case(page, "Congé Martin")
    send(page, ("conge-du-bailleur.md", NOTICE), ("reponse-du-locataire.md", ANSWER))
    page.get_by_label("Ce qui est à faire").fill("Répondre au bailleur")
    page.get_by_label("Au plus tard le").fill("2030-02-01")
    page.get_by_role("button", name="Noter l’échéance").click()
    expect(page.locator("#deadlines")).to_contain_text("Répondre au bailleur")
    analyse(page)


def look(browser: Browser, tenant: Tenant, kind: Look, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each page's name and its picture as PNG."""
    with signed_in(browser, tenant, kind) as page:
        for name in names:
            PICTURES[name](page)
            page.wait_for_load_state("networkidle")
            yield name + kind.suffix, page.screenshot(animations="disabled")


@contextmanager
def signed_in(browser: Browser, tenant: Tenant, kind: Look) -> Iterator[Page]:
    """Open a page of the administrator's."""
    options: dict[str, Any] = {"viewport": dict(kind.viewport), "color_scheme": kind.scheme}
    with browser.new_context(base_url=tenant.url, locale="fr-FR", **options) as context:
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.goto("/login")
        fill_sign_in(page, ADMIN, PASSWORD)
        page.locator("header.top").wait_for()
        yield page


def small(png: bytes) -> bytes:
    """Return the picture with as few colours as make it LARGEST_BYTES. Raises ValueError when none do."""
    picture = Image.open(BytesIO(png)).convert("RGB")
    for colours in PALETTES:
        out = BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= LARGEST_BYTES:
            return out.getvalue()
    raise ValueError(f"a picture of {PALETTES[-1]} colours is larger than {LARGEST_BYTES} bytes")


def main(arguments: Sequence[str]) -> int:
    """Take the pictures that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, help="a folder for large and narrow pictures of every page")
    parser.add_argument("names", nargs="*", choices=[*PICTURES, []])
    chosen = parser.parse_args(arguments)
    names = [name for name in PICTURES if name in (chosen.names or PICTURES)]
    folder: Path = chosen.into or IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE_MS)
    with furnished_tenant() as tenant, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*CHROMIUM_OPTIONS, "--lang=fr"],
            # Its own words, in date and file fields, are French where chromium-l10n is installed.
            env={**os.environ, "LANGUAGE": "fr"},
        )
        with signed_in(browser, tenant, LOOKS[0]) as page:
            open_a_case(page)
        for kind in REVIEW_LOOKS if chosen.into else LOOKS:
            for name, png in look(browser, tenant, kind, names):
                path = folder / f"{name}.png"
                path.write_bytes(png if chosen.into else small(png))
                print(f"{path}  {path.stat().st_size // 1000} kB")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
