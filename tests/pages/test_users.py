"""An administrator adds, changes and removes the people of the firm."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.embedding_server_fixture import EmbeddingServer
from tests.pages.conftest import OpenPage, SignIn, fill_sign_in, sign_in_on
from tests.pages.tenant import ADMIN, MEMBER, VIEWER, Tenant, served_tenant

NEW = "collaboratrice@dupont.test"
CHOSEN = "une phrase pour le cabinet"


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory, embedding_server: EmbeddingServer) -> Iterator[Tenant]:
    """Serve a tenant whose accounts may be changed, with four seats and one key."""
    folder = tmp_path_factory.mktemp("firm")
    with served_tenant(folder, embedding_server.socket, max_users="4", max_api_keys="2") as tenant:
        yield tenant


@pytest.fixture
def users(open_page: OpenPage, firm: Tenant) -> Iterator[Page]:
    """Open the users of a tenant, and leave it with its first three."""
    page = open_page(firm.url)
    sign_in_on(page, ADMIN, "/users")
    expect(page.get_by_role("heading", name="Utilisateurs")).to_be_visible()
    yield page
    page.goto("/users")
    for row in page.locator("tr", has_text=NEW).all():
        act(page, row, "Supprimer le compte", "Supprimer")
        expect(page.locator("tr", has_text=NEW)).to_have_count(0)


def row_of(page: Page, email: str) -> Locator:
    return page.locator("tr", has_text=email)


def add(page: Page, email: str = NEW, role: str = "Membre") -> None:
    page.get_by_role("button", name="Ajouter une personne").click()
    dialog = page.get_by_role("dialog", name="Ajouter une personne")
    dialog.get_by_label("Adresse électronique").fill(email)
    dialog.get_by_label("Rôle").select_option(role)
    dialog.get_by_role("button", name="Créer le compte").click()


def link_shown(page: Page) -> str:
    """Return the link shown, and note it."""
    shown = page.locator("#secret-value")
    expect(shown).to_contain_text("/welcome#")
    link = shown.inner_text()
    page.get_by_role("button", name="C’est noté").click()
    expect(page.locator("#secret")).to_be_hidden()
    return link


def choose(page: Page, link: str, password: str, again: str | None = None) -> None:
    page.goto(link)
    page.get_by_label("Nouveau mot de passe").fill(password)
    page.get_by_label("Le même, une seconde fois").fill(password if again is None else again)
    page.get_by_role("button", name="Enregistrer le mot de passe").click()


def has_chosen(page: Page, link: str, password: str = CHOSEN) -> None:
    choose(page, link, password)
    expect(page.get_by_role("status")).to_contain_text("Votre mot de passe est enregistré.")


def act(page: Page, row: Locator, action: str, confirm: str) -> None:
    row.get_by_role("button", name="Gérer").click()
    page.get_by_role("button", name=action).click()
    page.locator("#confirm").get_by_role("button", name=confirm, exact=True).click()


def signs_in(open_page: OpenPage, firm: Tenant, password: str, email: str = NEW) -> bool:
    page = open_page(firm.url)
    page.goto("/login")
    fill_sign_in(page, email, password)
    page.locator("header.top, form.sign-in [role=alert], .notice[role=alert]").wait_for()
    return page.locator("header.top").count() == 1


def test_a_person_is_added_with_a_link_shown_once(users: Page, open_page: OpenPage, firm: Tenant) -> None:
    add(users)
    expect(users.locator("#secret-value")).to_contain_text(firm.url)
    link = link_shown(users)

    expect(row_of(users, NEW)).to_contain_text("Membre")
    expect(row_of(users, NEW)).to_contain_text("Invité")
    expect(row_of(users, NEW)).to_contain_text("Jamais connecté")
    expect(users.locator(".seats")).to_have_text(re.compile(r"^Places prises\s: 4 sur 4"))
    expect(row_of(users, NEW)).to_contain_text("lien valable jusqu’au")
    assert link.partition("#")[2] not in users.content()
    has_chosen(open_page(firm.url), link)
    assert signs_in(open_page, firm, CHOSEN)
    users.reload()
    expect(row_of(users, NEW)).not_to_contain_text("lien valable")
    expect(row_of(users, NEW)).to_contain_text("Actif")
    expect(row_of(users, NEW)).to_contain_text("Ce mois-ci")


def test_what_is_wrong_is_told_beside_the_form(users: Page) -> None:
    add(users, email="pas une adresse")
    expect(users.locator("#new-user-refusal")).to_contain_text("n'est pas une adresse e-mail valable")
    expect(users.locator("#new-email")).to_be_focused()
    users.get_by_role("button", name="Annuler").click()
    add(users, email=VIEWER)
    expect(users.locator("#new-user-refusal")).to_contain_text("est déjà utilisée")


def test_no_more_people_than_seats(users: Page) -> None:
    add(users)
    link_shown(users)
    add(users, email="un-de-trop@dupont.test")

    expect(users.locator("#new-user-refusal")).to_contain_text("Les 4 places de votre abonnement sont prises")


def test_a_role_is_changed(users: Page) -> None:
    add(users)
    link_shown(users)
    row_of(users, NEW).get_by_role("button", name="Gérer").click()
    users.get_by_role("dialog", name=NEW).get_by_label("Rôle").select_option("Lecture seule")
    users.get_by_role("button", name="Enregistrer le rôle").click()

    expect(row_of(users, NEW)).to_contain_text("Lecture seule")
    expect(users.locator("#announcer")).to_have_text("Rôle enregistré.")
    expect(row_of(users, NEW).get_by_role("button")).to_be_focused()


def test_an_account_is_deactivated_and_activated_again(
    users: Page, open_page: OpenPage, firm: Tenant
) -> None:
    add(users)
    has_chosen(open_page(firm.url), link_shown(users))
    act(users, row_of(users, NEW), "Désactiver le compte", "Désactiver")
    expect(row_of(users, NEW)).to_contain_text("Désactivé")
    expect(users.locator(".seats")).to_have_text("Places prises : 3 sur 4")
    assert not signs_in(open_page, firm, CHOSEN)

    row_of(users, NEW).get_by_role("button", name="Gérer").click()
    users.get_by_role("button", name="Réactiver le compte").click()

    expect(row_of(users, NEW)).to_contain_text("Actif")
    assert signs_in(open_page, firm, CHOSEN)


def test_a_forgotten_password_is_replaced_by_a_new_link(
    users: Page, open_page: OpenPage, firm: Tenant
) -> None:
    add(users)
    has_chosen(open_page(firm.url), link_shown(users))
    act(users, row_of(users, NEW), "Donner un nouveau lien", "Créer le lien")
    link = link_shown(users)
    assert signs_in(open_page, firm, CHOSEN)

    has_chosen(open_page(firm.url), link, "une tout autre phrase")

    assert not signs_in(open_page, firm, CHOSEN)
    assert signs_in(open_page, firm, "une tout autre phrase")


def test_what_is_wrong_with_a_link_or_a_password_is_told(
    users: Page, open_page: OpenPage, firm: Tenant
) -> None:
    add(users)
    link = link_shown(users)
    page = open_page(firm.url)
    choose(page, link, CHOSEN, again="une autre phrase")
    assert page.get_by_label("Le même, une seconde fois").evaluate("field => field.validationMessage") == (
        "Les deux mots de passe ne sont pas les mêmes."
    )
    assert "#" not in page.url
    has_chosen(page, link)
    choose(page, link, CHOSEN)
    expect(page.locator("#trouble")).to_contain_text("Ce lien n'est plus valable")


def test_a_removal_asks_first_and_can_be_called_off(users: Page) -> None:
    add(users)
    link_shown(users)
    act(users, row_of(users, NEW), "Supprimer le compte", "Annuler")
    expect(row_of(users, NEW).get_by_role("button")).to_be_focused()

    act(users, row_of(users, NEW), "Supprimer le compte", "Supprimer")

    expect(row_of(users, NEW)).to_have_count(0)
    expect(users.locator("#announcer")).to_have_text("Compte supprimé.")


def test_the_last_administrator_cannot_lock_themself_out(users: Page) -> None:
    row_of(users, ADMIN).get_by_role("button", name="Gérer").click()
    dialog = users.get_by_role("dialog", name=ADMIN)
    expect(dialog.get_by_role("button", name="Supprimer le compte")).to_be_hidden()
    dialog.get_by_label("Rôle").select_option("Membre")
    dialog.get_by_role("button", name="Enregistrer le rôle").click()

    expect(dialog.get_by_role("alert")).to_contain_text("Il doit rester au moins un administrateur actif.")


@pytest.mark.parametrize("email", [MEMBER, VIEWER])
def test_only_an_administrator_sees_the_users(sign_in: SignIn, email: str) -> None:
    page = sign_in(email)
    expect(page.get_by_role("link", name="Utilisateurs")).to_have_count(0)

    page.goto("/users")

    expect(page.get_by_role("heading", name="Accès refusé")).to_be_visible()


def test_a_lost_connection_is_told(users: Page) -> None:
    users.route("**/api/users", lambda route: route.abort())
    add(users)

    expect(users.locator("#new-user-refusal")).to_contain_text("Vérifiez le réseau")
