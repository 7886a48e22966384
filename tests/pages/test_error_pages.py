"""What is shown when something cannot be, by the app and by nginx: nobody is excluded, and it leads back."""

import re
import sqlite3
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Page, expect

from tenant_app.web.frame import error_page
from tests.embedding_server_fixture import EmbeddingServer
from tests.pages.conftest import OpenPage, SignIn, sign_in_on
from tests.pages.tenant import ADMIN, VIEWER, served_tenant
from tests.pages.test_accessibility import looks, overflow, violations

STATUSES = (400, 403, 404, 405, 409, 413, 415, 429, 500, 502, 503)
NGINX = (Path(__file__).parents[2] / "nginx" / "errors.conf").read_text()


def answer_with(page: Page, body: str, status: int = 200) -> None:
    """Have one address answered with this page; its styles come from the tenant."""
    page.unroute_all()
    page.route("**/nowhere", lambda route: route.fulfill(status=status, body=body, content_type="text/html"))


@looks
def test_no_error_page_excludes_anybody(sign_in: SignIn, pages_app: Flask, look: dict[str, Any]) -> None:
    page = sign_in(**look)
    for status in STATUSES:
        with pages_app.test_request_context("/nowhere", headers={"Accept-Language": "fr"}):
            shown = error_page(status, "Ce qui est arrivé", "Ce que l’on peut y faire. " * 6)
        answer_with(page, shown.get_data(as_text=True), status)
        page.goto("/nowhere")

        expect(page.get_by_role("heading", level=1)).to_have_text("Ce qui est arrivé")
        assert violations(page) == [], status
        assert overflow(page) <= 0
        retries = page.get_by_role("link", name="Réessayer").count()
        assert retries == (1 if status in (429, 500, 502, 503) else 0), status


@looks
def test_nginx_s_own_pages_exclude_nobody(open_page: OpenPage, look: dict[str, Any]) -> None:
    parts = dict(re.findall(r"set \$(\w+) '([^']+)';", NGINX))
    texts = re.findall(r"return \d+ '(<!doctype html>[^']+)'", NGINX)
    bodies = [re.sub(r"\$\{(\w+)\}", lambda name: parts[name[1]], text) for text in texts]
    assert len(bodies) == 4
    shade = "rgb(236, 234, 229)" if look["color_scheme"] == "dark" else "rgb(35, 38, 43)"
    page = open_page(**look)
    for body in bodies:
        answer_with(page, body)
        page.goto("/nowhere")

        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert violations(page) == []
        assert overflow(page) <= 0
        expect(page.locator("h1")).to_have_css("color", shade)


def test_who_may_not_is_told_who_they_are_and_who_can_change_it(sign_in: SignIn) -> None:
    page = sign_in(VIEWER)
    answer = page.goto("/usage")

    assert answer is not None
    assert answer.status == 403
    expect(page.locator("main")).to_contain_text(f"Vous êtes connecté comme {VIEWER} (Lecture seule).")
    page.get_by_role("link", name="Revenir à l’assistant").click()
    expect(page).to_have_title("Assistant – Cabinet Dupont & Associés")


def test_what_is_broken_is_told_without_its_inside_and_can_be_tried_again(
    open_page: OpenPage, tmp_path: Path, embedding_server: EmbeddingServer
) -> None:
    with served_tenant(tmp_path, embedding_server.socket) as tenant:
        page = open_page(tenant.url)
        sign_in_on(page, ADMIN)
        with sqlite3.connect(tmp_path / "data" / "tenant.sqlite3", timeout=60) as database:
            database.execute("ALTER TABLE case_deadlines RENAME TO lost")
        answer = page.goto("/cases")

        assert answer is not None
        assert answer.status == 500
        expect(page.get_by_text("Ce que vous aviez enregistré est intact.")).to_be_visible()
        assert "case_deadlines" not in page.content()
        assert violations(page) == []

        with sqlite3.connect(tmp_path / "data" / "tenant.sqlite3", timeout=60) as database:
            database.execute("ALTER TABLE lost RENAME TO case_deadlines")
        page.get_by_role("link", name="Réessayer").click()
        expect(page.get_by_role("heading", name="Dossiers", level=1)).to_be_visible()
