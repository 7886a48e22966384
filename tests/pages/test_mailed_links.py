"""People who come by a letter: to a first API key, or back in after a forgotten password."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pydantic import SecretStr

from provisioner.clock import SystemClock
from provisioner.operator_client import OperatorClient
from tests.embedding_server_fixture import EmbeddingServer
from tests.pages.conftest import OpenPage, fill_sign_in, follow
from tests.pages.tenant import ADMIN, MEMBER, Tenant, served_tenant
from tests.pages.test_users import CHOSEN, has_chosen
from tests.tenant_app.environment import OPERATOR_KEY


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory, embedding_server: EmbeddingServer) -> Iterator[Tenant]:
    """Serve a tenant whose host sends mail."""
    folder = tmp_path_factory.mktemp("post")
    with served_tenant(folder, embedding_server.socket, sends_mail="true") as tenant:
        yield tenant


@pytest.fixture
def page(open_page: OpenPage, firm: Tenant) -> Page:
    return open_page(firm.url)


def key_link(firm: Tenant) -> str:
    port = int(firm.url.rpartition(":")[2])
    operator = OperatorClient("dupont", port, SecretStr(OPERATOR_KEY), SystemClock())
    links = operator.administer("welcome", SecretStr(json.dumps({"email": ADMIN, "key": True})))
    return f"{firm.url}/key#{links['key']}"


def test_the_first_key_is_seen_when_it_is_asked_for_and_once(page: Page, firm: Tenant) -> None:
    link = key_link(firm)
    page.goto(link)
    expect(page.get_by_role("button", name="Afficher la clé")).to_be_visible()
    assert link.partition("#")[2] not in page.url
    page.get_by_role("button", name="Afficher la clé").click()
    expect(page.locator("#secret-value")).to_contain_text("sk_professional_")
    key = page.locator("#secret-value").inner_text()
    page.get_by_role("button", name="C’est noté").click()
    expect(page.get_by_text("La clé a été affichée")).to_be_visible()
    assert key not in page.content()
    page.goto("/login")
    page.goto(link)
    page.get_by_role("button", name="Afficher la clé").click()
    expect(page.locator("#trouble")).to_contain_text("Ce lien n'est plus valable")


def test_a_forgotten_password_is_chosen_anew_by_a_letter(page: Page, firm: Tenant) -> None:
    page.goto("/login")
    follow(page, page.get_by_role("link", name="Mot de passe oublié ?"))
    page.get_by_label("Adresse électronique").fill(MEMBER)
    page.get_by_role("button", name="Recevoir le lien").click()
    expect(page.get_by_role("status")).to_contain_text("Consultez votre messagerie.")
    (letter,) = (firm.folder / "data" / "outbox").iterdir()
    has_chosen(page, f"{firm.url}/welcome#{json.loads(letter.read_text())['secret']}")
    fill_sign_in(page, MEMBER, CHOSEN)
    page.wait_for_url(lambda url: "/login" not in url)
