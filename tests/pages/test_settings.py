"""What one may set for oneself, the programs' keys, and what the instance is."""

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.pages.conftest import OpenPage, SignIn, sign_in_on
from tests.pages.tenant import ADMIN, MEMBER, PASSWORD, VIEWER, Tenant
from tests.pages.test_accessibility import violations

OTHER_PASSWORD = "une autre phrase de cabinet"


def settings_of(open_page: OpenPage, email: str, password: str = PASSWORD) -> Page:
    """Open the settings of somebody, in a browser of their own."""
    page = open_page()
    sign_in_on(page, email, "/settings", password)
    return page


def change_password(page: Page, current: str, new: str, again: str | None = None) -> None:
    page.get_by_label("Mot de passe actuel").fill(current)
    page.get_by_label("Nouveau mot de passe", exact=True).fill(new)
    page.get_by_label("Nouveau mot de passe, une seconde fois").fill(again or new)
    page.get_by_role("button", name="Changer le mot de passe").click()


def test_a_new_password_ends_the_other_sessions(open_page: OpenPage) -> None:
    elsewhere = settings_of(open_page, MEMBER)
    page = settings_of(open_page, MEMBER)
    change_password(page, PASSWORD, OTHER_PASSWORD)
    expect(page.get_by_role("status").filter(has_text="Votre mot de passe est changé.")).to_be_visible()

    elsewhere.goto("/settings")
    expect(elsewhere).to_have_url(re.compile("/login"))
    settings_of(open_page, MEMBER, OTHER_PASSWORD)

    # Without what was said of the first change.
    page.goto("/settings")
    change_password(page, OTHER_PASSWORD, PASSWORD)
    expect(page.get_by_role("status").filter(has_text="Votre mot de passe est changé.")).to_be_visible()


@pytest.mark.parametrize(
    ("current", "new", "again", "reason"),
    [
        ("pas le bon du tout", OTHER_PASSWORD, None, "Le mot de passe actuel n'est pas le bon."),
        (PASSWORD, OTHER_PASSWORD, "une autre phrase encore", "Les deux saisies"),
        (PASSWORD, VIEWER, None, "ne peut pas être l'adresse"),
    ],
)
def test_a_password_that_is_refused_is_told_why(
    open_page: OpenPage, current: str, new: str, again: str | None, reason: str
) -> None:
    page = settings_of(open_page, VIEWER)
    change_password(page, current, new, again)

    expect(page.get_by_role("alert")).to_contain_text(reason)
    settings_of(open_page, VIEWER)


def test_a_session_left_open_elsewhere_is_closed_from_here(open_page: OpenPage) -> None:
    elsewhere = settings_of(open_page, VIEWER)
    page = settings_of(open_page, VIEWER)
    expect(page.locator(".sessions li", has_text="Cette session")).to_have_count(1)
    expect(page.locator(".sessions li", has_text="Cette session").get_by_role("button")).to_have_count(0)

    others = page.get_by_role("button", name="Fermer la session")
    for left in reversed(range(others.count())):
        others.first.click()
        expect(others).to_have_count(left)
        expect(page.get_by_role("status").filter(has_text="La session est fermée.")).to_be_visible()

    elsewhere.goto("/settings")
    expect(elsewhere).to_have_url(re.compile("/login"))


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_light_or_dark_is_chosen_and_stays_chosen(open_page: OpenPage, javascript: bool) -> None:
    page = open_page(color_scheme="light", java_script_enabled=javascript)
    sign_in_on(page, VIEWER, "/settings")
    page.get_by_role("button", name="Sombre").click()
    expect(page.get_by_role("button", name="Sombre")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")

    page.goto("/documents")
    expect(page.locator("html")).to_have_css("background-color", "rgb(19, 22, 26)")

    page.goto("/settings")
    page.get_by_role("button", name="Comme mon appareil").click()
    expect(page.locator("html")).to_have_css("background-color", "rgb(243, 244, 246)")


@pytest.mark.parametrize(("path", "field"), [("/theme", "theme"), ("/language", "language")])
def test_a_choice_that_is_not_offered_is_refused(
    sign_in: SignIn, tenant: Tenant, path: str, field: str
) -> None:
    page = sign_in()
    token = page.locator('input[name="csrf_token"]').first.input_value()
    answer = page.request.post(
        path, form={"csrf_token": token, field: "sepia"}, headers={"Origin": tenant.url}
    )

    assert answer.status == 400


def shown_once(page: Page) -> str:
    """Return the key that is shown, and wait until nothing of it is left in the page."""
    shown = page.locator("#secret-value")
    expect(shown).to_have_text(re.compile("^sk_professional_"))
    key = shown.inner_text()
    page.get_by_role("button", name="C’est noté").click()
    expect(shown).to_have_text("")
    row = page.get_by_role("row").filter(has_text=key[: len("sk_professional_") + 4])
    expect(row).to_have_count(1)
    assert key not in page.content()
    return key


def test_a_key_is_shown_once_works_and_is_revoked(sign_in: SignIn, tenant: Tenant) -> None:
    page = sign_in()
    page.goto("/settings")
    page.get_by_label("Nom de la nouvelle clé").fill("Logiciel de facturation")
    page.get_by_text("Limiter cette clé").click()
    page.get_by_label("Interroger l’assistant").check()
    page.get_by_label("Requêtes par mois").fill("500")
    page.get_by_role("button", name="Créer la clé").click()
    key = shown_once(page)

    row = page.get_by_role("row", name=re.compile("Logiciel de facturation"))
    expect(row).to_contain_text(re.compile("questions.*500 par mois"))
    me = httpx.get(f"{tenant.url}/api/me", headers={"X-API-Key": key})
    assert (me.status_code, me.json()["scopes"]) == (200, ["chat"])

    row.get_by_role("button", name="Révoquer").click()
    page.locator("#confirm").get_by_role("button", name="Conserver").click()
    expect(row).to_be_visible()
    row.get_by_role("button", name="Révoquer").click()
    page.locator("#confirm").get_by_role("button", name="Révoquer").click()

    expect(row).to_have_count(0)
    expect(page.locator("#announcer")).to_have_text("Clé révoquée.")
    assert httpx.get(f"{tenant.url}/api/me", headers={"X-API-Key": key}).status_code == 403


def works(tenant: Tenant, key: str) -> bool:
    """Say whether a program gets in with a key."""
    return httpx.get(f"{tenant.url}/api/me", headers={"X-API-Key": key}).status_code == 200


def replaced(page: Page, row: Locator, overlap: str) -> str:
    """Replace the key of a row, and return the new one as it is shown, once."""
    row.get_by_role("button", name="Remplacer").click()
    asked = page.locator("#replacing")
    expect(asked.locator("strong")).to_have_text("Passerelle")
    asked.get_by_label("Accepter encore l’ancienne clé").select_option(overlap)
    asked.get_by_role("button", name="Remplacer").click()
    return shown_once(page)


def test_a_key_is_replaced_by_another_beside_which_it_goes_on_as_long_as_chosen(
    sign_in: SignIn, tenant: Tenant
) -> None:
    page = sign_in()
    page.goto("/settings")
    page.get_by_label("Nom de la nouvelle clé").fill("Passerelle")
    page.get_by_role("button", name="Créer la clé").click()
    first = shown_once(page)
    rows = page.get_by_role("row", name=re.compile("Passerelle"))

    rows.get_by_role("button", name="Remplacer").click()
    assert violations(page) == []
    page.locator("#replacing").get_by_role("button", name="Conserver").click()
    second = replaced(page, rows, "une semaine")
    expect(page.locator("#announcer")).to_have_text("Clé remplacée.")
    expect(page.locator("#secret-detail")).to_have_text(re.compile("L’ancienne reste acceptée une semaine"))
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("remplacée ; acceptée jusqu’au")
    expect(rows.nth(0).get_by_role("button", name="Remplacer")).to_have_count(0)
    expect(rows.nth(1)).not_to_contain_text("remplacée")
    assert (works(tenant, first), works(tenant, second)) == (True, True)

    third = replaced(page, rows.nth(1), "non : la refuser aussitôt")
    assert (works(tenant, second), works(tenant, third)) == (False, True)
    expect(rows).to_have_count(2)
    for left in (1, 0):
        rows.first.get_by_role("button", name="Révoquer").click()
        page.locator("#confirm").get_by_role("button", name="Révoquer").click()
        expect(rows).to_have_count(left)


def test_an_administrator_reads_what_the_plan_allows(sign_in: SignIn) -> None:
    page = sign_in(ADMIN)
    page.goto("/settings")

    facts = page.locator(".facts")
    expect(facts).to_contain_text("Professional")
    expect(facts).to_contain_text("all-MiniLM-L6-v2")
    expect(facts).to_contain_text("mode local")
    expect(facts).to_contain_text("support@vendor.test")


def test_a_viewer_sees_their_own_account_and_nothing_of_the_firm_s(open_page: OpenPage) -> None:
    page = settings_of(open_page, VIEWER)

    expect(page.get_by_text("Votre compte est en lecture seule.")).to_be_visible()
    expect(page.locator("#keys")).to_have_count(0)
    expect(page.locator(".facts")).to_have_count(0)
    assert page.request.get("/settings/keys").status == 403
