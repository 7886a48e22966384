"""Signing in, with and without JavaScript, and what a stranger sees."""

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import OpenPage, SignIn, fill_sign_in
from tests.pages.tenant import ADMIN, PASSWORD, VIEWER, Tenant


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_somebody_signs_in_and_out(open_page: OpenPage, javascript: bool) -> None:
    page = open_page(java_script_enabled=javascript)
    page.goto("/login")
    fill_sign_in(page, ADMIN, PASSWORD)
    expect(page).to_have_title("Assistant – Cabinet Dupont & Associés")

    page.locator(".account summary").click()
    page.get_by_role("button", name="Se déconnecter").click()

    expect(page.get_by_text("Vous êtes déconnecté.")).to_be_visible()
    page.goto("/documents")
    expect(page).to_have_url(re.compile(r"/login\?next="))


def test_a_wrong_password_is_told_without_saying_which_part_is_wrong(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/login")
    fill_sign_in(page, ADMIN, "pas le bon")

    expect(page.get_by_role("alert")).to_contain_text("Adresse ou mot de passe incorrect")
    expect(page.locator("#email")).to_have_value(ADMIN)
    expect(page.locator("#password")).to_be_focused()


def test_one_comes_back_to_the_page_one_wanted(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/usage")
    fill_sign_in(page, ADMIN, PASSWORD)

    expect(page).to_have_url(re.compile(r"/usage$"))


@pytest.mark.parametrize(
    "target", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"]
)
def test_nobody_is_sent_to_another_site_after_signing_in(open_page: OpenPage, target: str) -> None:
    page = open_page()
    page.goto(f"/login?next={target}")
    fill_sign_in(page, ADMIN, PASSWORD)

    expect(page).to_have_title("Assistant – Cabinet Dupont & Associés")


def test_who_is_signed_in_does_not_sign_in_again(sign_in: SignIn) -> None:
    page = sign_in()
    page.goto("/login")

    expect(page).to_have_title("Assistant – Cabinet Dupont & Associés")


def test_a_browser_that_prefers_english_gets_english(open_page: OpenPage) -> None:
    page = open_page(locale="en-GB")
    page.goto("/login")

    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_the_language_chosen_stays_chosen(open_page: OpenPage, javascript: bool) -> None:
    page = open_page(java_script_enabled=javascript)
    page.goto("/login")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")

    fill_sign_in(page, ADMIN, PASSWORD)

    expect(page.get_by_role("heading", name="What are you looking for in your documents?")).to_be_visible()


def test_a_viewer_sees_neither_usage_nor_uploads(sign_in: SignIn) -> None:
    page = sign_in(VIEWER)
    expect(page.get_by_role("link", name="Consommation")).to_have_count(0)

    page.goto("/documents")
    expect(page.get_by_text("en lecture seule")).to_be_visible()
    expect(page.locator("#drop")).to_have_count(0)
    expect(page.locator("[data-remove]")).to_have_count(0)

    page.goto("/usage")
    expect(page.get_by_role("heading", name="Accès refusé")).to_be_visible()


def test_an_unknown_address_is_a_page_that_leads_back(sign_in: SignIn) -> None:
    page = sign_in()
    page.goto("/nulle-part")
    page.get_by_role("link", name="Revenir à l’assistant").click()

    expect(page).to_have_title("Assistant – Cabinet Dupont & Associés")


@pytest.mark.parametrize("origin", ["http://martin.localhost:8080", "null", None])
@pytest.mark.parametrize("path", ["/login", "/logout", "/language"])
def test_another_site_cannot_send_our_forms(tenant: Tenant, path: str, origin: str | None) -> None:
    with httpx.Client(base_url=tenant.url, headers={"X-Forwarded-For": "198.51.100.7"}) as visitor:
        page = visitor.get("/login", headers={"Accept": "text/html"})
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert token
        form = {"csrf_token": token[1], "email": ADMIN, "password": PASSWORD, "language": "en"}
        answer = visitor.post(path, data=form, headers={"Origin": origin} if origin else {})

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers or "language=" not in answer.headers["set-cookie"]


def test_an_unknown_language_is_refused(sign_in: SignIn, tenant: Tenant) -> None:
    page = sign_in()
    answer = page.request.post(
        "/language",
        form={"csrf_token": csrf_token(page), "language": "de"},
        headers={"Origin": tenant.url},
    )

    assert answer.status == 400


def test_empty_fields_are_told(open_page: OpenPage, tenant: Tenant) -> None:
    page = open_page()
    page.goto("/login")
    answer = page.request.post(
        "/login",
        form={"csrf_token": csrf_token(page), "email": "", "password": ""},
        headers={"Origin": tenant.url},
    )

    assert answer.status == 400
    assert "Indiquez votre adresse" in answer.text()


def test_the_host_of_another_is_refused_in_plain_text(tenant: Tenant) -> None:
    answer = httpx.get(f"{tenant.url}/login", headers={"Host": "evil.test", "Accept": "text/html"})

    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/plain")


def csrf_token(page: Page) -> str:
    """Return the token of the page in the browser."""
    return page.locator('input[name="csrf_token"]').first.input_value()
