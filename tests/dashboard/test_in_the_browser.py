"""The dashboard as it is served: gunicorn, a real browser, axe-core, the system's own read permissions."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from provisioner.service.context import Context
from tests.dashboard.conftest import EMAIL, PASSWORD, AddClient

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
READY_SECONDS = 60.0
SERVE = """
import sys
from pathlib import Path
from provisioner.cli.output import Output
from provisioner.clock import SystemClock
from provisioner.dashboard.serving import serve
from provisioner.runner import SystemRunner
from provisioner.service.context import Context

output = Output()
root, bind = sys.argv[1:]
serve(Context(Path(root), "local", {}, SystemClock(), SystemRunner(), output, output.say), bind)
"""


@pytest.fixture
def address(context: Context, add_client: AddClient, app: object) -> Iterator[str]:
    """Serve the dashboard of a host with three clients and return its address."""
    add_client("dupont", "Cabinet Dupont & Associés", usage={})
    add_client("martin", "Clinique Martin", plan="starter").write_text("{")
    add_client("bernard", "Bernard Conseil", plan="enterprise")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{probe.getsockname()[1]}"
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(context.root), bind])
    try:
        _wait_until_listening(process, bind)
        yield f"http://{bind}"
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_until_listening(process: subprocess.Popen[bytes], bind: str) -> None:
    host, _, port = bind.partition(":")
    deadline = time.monotonic() + READY_SECONDS
    while True:
        assert process.poll() is None
        assert time.monotonic() < deadline
        with socket.socket() as probe:
            if probe.connect_ex((host, int(port))) == 0:
                return
        time.sleep(0.05)


def opened(browser: Browser, address: str, **look: Any) -> Page:
    """Open the clients' page of the served dashboard."""
    page = browser.new_context(base_url=address, locale="fr-FR", **look).new_page()
    page.goto("/admin/clients")
    page.locator("#email").fill(EMAIL)
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("heading", name="Clients", exact=True)).to_be_visible()
    # The page's script has run once the page is loaded.
    page.wait_for_load_state("load")
    return page


def complaints(page: Page) -> list[str]:
    """Return what axe-core finds."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run()")["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


def test_the_page_excludes_nobody_light_or_dark_wide_or_narrow(browser: Browser, address: str) -> None:
    for width in (360, 1440):
        for scheme in ("light", "dark"):
            look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
            page = opened(browser, address, **look)
            page.get_by_text("Ce que cet hôte garantit à ses clients, et ses limites").click()
            expect(page.get_by_text("Les clients partagent le réseau de l’hôte.")).to_be_visible()

            assert complaints(page) == []
            wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(wider) <= 0
            page.context.close()


def test_typing_filters_at_once_and_a_click_sorts(browser: Browser, address: str) -> None:
    page = opened(browser, address)
    rows = page.locator("#clients tbody tr:visible")
    expect(rows).to_have_count(3)

    page.get_by_role("searchbox").press_sequentially("clinique")
    expect(rows).to_have_count(1)
    expect(page.locator("#shown")).to_have_text("1 client affiché")

    page.get_by_role("searchbox").press("Enter")
    page.wait_for_url("**q=clinique**")
    expect(rows).to_have_count(1)

    page.goto("/admin/clients")
    page.get_by_role("link", name="Formule").click()
    expect(rows.first).to_contain_text("Clinique Martin")
    page.get_by_role("link", name="Formule").click()
    expect(rows.first).to_contain_text("Bernard Conseil")
    page.context.close()


def test_a_client_s_pages_exclude_nobody_and_an_action_is_followed_to_its_end(
    browser: Browser, address: str
) -> None:
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for width, scheme in ((360, "dark"), (1440, "light")):
        page = opened(browser, address, viewport={"width": width, "height": 900}, color_scheme=scheme)
        for path in ("/admin/clients/dupont", "/admin/clients/new", "/admin/access"):
            page.goto(path)
            assert complaints(page) == []
            assert page.evaluate(wider) <= 0
        page.goto("/admin/clients/dupont")
        page.get_by_text("Suspendre", exact=True).first.click()
        page.get_by_label("Motif").fill("facture impayée")
        page.get_by_role("checkbox", name="Oui, pour Cabinet Dupont & Associés").check()
        page.get_by_role("button", name="Suspendre").click()
        # Nothing acts for a host that was never begun; the page finds that out by itself.
        page.wait_for_url("**/admin/jobs/*")
        expect(page.get_by_role("heading", level=1)).to_contain_text("échoué")
        expect(page.get_by_text("`provision host init` starts it")).to_be_visible()
        page.wait_for_load_state("load")
        assert complaints(page) == []
        page.context.close()
