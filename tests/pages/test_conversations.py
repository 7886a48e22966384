"""What one does with a conversation and its answers beside asking."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.embedding_server_fixture import EmbeddingServer
from tests.pages.conftest import OpenPage, SignIn, ask, sign_in_on
from tests.pages.documents import LEASE
from tests.pages.tenant import ADMIN, served_tenant
from tests.pages.test_accessibility import overflow, violations
from tests.pages.test_assistant_llm import provider

QUESTION = "Quel est le préavis du locataire pour donner congé ?"


def test_a_thumb_with_its_reason_is_still_there_after_a_reload(sign_in: SignIn) -> None:
    page = sign_in()
    ask(page, QUESTION)
    page.get_by_role("button", name="Réponse inutile").click()
    page.get_by_label("Pourquoi ? (facultatif)").fill("Il manque la zone tendue.")
    expect(page.locator("#announcer")).to_have_text("Merci, votre avis est enregistré.")
    page.get_by_role("button", name="Envoyer l’avis").click()
    expect(page.get_by_role("status").filter(has_text="Commentaire enregistré.")).to_be_visible()

    page.reload()

    thumb = page.get_by_role("button", name="Réponse inutile")
    expect(thumb).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Pourquoi ? (facultatif)")).to_have_value("Il manque la zone tendue.")


def test_the_last_answer_is_made_again_in_its_place(sign_in: SignIn) -> None:
    page = sign_in()
    ask(page, QUESTION)
    first = page.locator(".turn").get_attribute("id")
    page.get_by_role("button", name="Refaire").click()

    expect(page.locator(f"#{first}")).to_have_count(0)
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.locator(".turn .answer")).to_contain_text("préavis de trois mois")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_the_last_answer_leads_on_to_what_stands_beside_its_passages(
    sign_in: SignIn, width: int, scheme: str
) -> None:
    page = sign_in(viewport={"width": width, "height": 800}, color_scheme=scheme)
    ask(page, QUESTION)
    further = page.get_by_role("region", name="Pour aller plus loin")
    expect(further.get_by_role("button")).to_have_text(
        ["Que dit l’article 7 – Dépôt de garantie ?", "Que dit l’article 1 – Objet ?"]
    )
    assert violations(page) == []
    assert overflow(page) <= 0

    further.get_by_role("button").first.focus()
    page.keyboard.press("Enter")

    page.locator(".turn > footer").nth(1).wait_for()
    expect(page.locator(".question").last).to_have_text("Que dit l’article 7 – Dépôt de garantie ?")
    expect(page.locator(".answer").last).to_contain_text("940 euros")
    # Under the last answer only, without what was just asked.
    expect(further).to_have_count(1)
    expect(further.get_by_role("button")).to_have_text(["Que dit l’article 1 – Objet ?"])
    page.reload()
    expect(further.get_by_role("button")).to_have_text(["Que dit l’article 1 – Objet ?"])


def test_nothing_further_is_offered_once_the_quota_is_reached(
    open_page: OpenPage, tmp_path: Path, embedding_server: EmbeddingServer
) -> None:
    with served_tenant(tmp_path, embedding_server.socket, max_requests_monthly="2") as tenant:
        tenant.add_document("contrat-de-bail.md", LEASE)
        page = open_page(tenant.url)
        sign_in_on(page, ADMIN)
        ask(page, QUESTION)
        further = page.get_by_role("region", name="Pour aller plus loin")
        expect(further).to_be_visible()

        ask(page, "À combien s’élève le dépôt de garantie ?")

        expect(page.locator(".answer").last).to_contain_text("940 euros")
        expect(further).to_have_count(0)
        page.reload()
        expect(page.locator(".turn")).to_have_count(2)
        expect(further).to_have_count(0)


def test_a_conversation_is_renamed_found_and_deleted(sign_in: SignIn) -> None:
    page = sign_in()
    ask(page, QUESTION)
    page.reload()
    page.get_by_text("Gérer la conversation").click()
    page.get_by_label("Titre").fill("Bail du quai Perrache")
    page.get_by_role("button", name="Renommer").click()
    row = page.locator("#conversation-list a[aria-current]")
    expect(row).to_contain_text("Bail du quai Perrache")

    page.locator("#find").fill("quai Perrache")
    page.locator("#find").press("Enter")
    page.wait_for_url("**q=*")
    expect(page.locator("#conversation-list li")).to_have_count(1)

    page.get_by_text("Gérer la conversation").click()
    page.get_by_role("button", name="Supprimer").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Supprimer").click()
    expect(page).to_have_url(re.compile(r"/$"))
    page.goto("/?q=quai+Perrache")
    expect(page.get_by_text("Aucune conversation ne contient ces mots.")).to_be_visible()


def test_a_conversation_is_taken_away_as_a_file(sign_in: SignIn) -> None:
    page = sign_in()
    ask(page, QUESTION)
    page.reload()
    page.get_by_text("Gérer la conversation").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Télécharger en PDF").click()

    assert Path(waiting.value.path()).read_bytes().startswith(b"%PDF")


def test_the_closest_passages_are_shown_as_such(sign_in: SignIn) -> None:
    page = sign_in()
    ask(page, "Quelle est la recette de la tarte aux pommes ?")

    expect(page.locator(".answer")).to_have_text("Je n'ai pas trouvé la réponse dans vos documents.")
    near = page.get_by_role("region", name="Passages les plus proches")
    expect(near.get_by_role("link").first).to_contain_text("contrat-de-bail.md")
    expect(page.locator(".contact")).to_contain_text("support@vendor.test")
    assert violations(page) == []


@pytest.mark.parametrize("width", [360, 1440])
def test_a_sentence_without_support_is_marked_in_words_not_by_colour(
    open_page: OpenPage, tmp_path: Path, embedding_server: EmbeddingServer, width: int
) -> None:
    with (
        provider("invent") as simulator,
        served_tenant(tmp_path, embedding_server.socket, openai_base_url=simulator.base_url) as tenant,
    ):
        tenant.add_document("contrat-de-bail.md", LEASE)
        page = open_page(tenant.url, viewport={"width": width, "height": 800})
        sign_in_on(page, ADMIN)
        ask(page, "À combien s’élève le dépôt de garantie ?")

        expect(page.locator(".answer .doubt").first).to_contain_text("un chiffre ou une référence")
        expect(page.locator(".turn .notice")).to_contain_text("n'est pas étayée")
        assert violations(page) == []
        assert overflow(page) <= 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"max_requests_monthly": "0"}, "Le quota de questions du mois est atteint."),
        ({"plan_expires_on": "2025-01-31"}, "Votre formule a pris fin le 31 janvier 2025."),
    ],
)
def test_whoever_cannot_ask_is_told_before_they_type(
    open_page: OpenPage,
    tmp_path: Path,
    embedding_server: EmbeddingServer,
    settings: dict[str, str],
    said: str,
) -> None:
    with served_tenant(tmp_path, embedding_server.socket, **settings) as tenant:
        page = open_page(tenant.url)
        sign_in_on(page, ADMIN)

        expect(page.locator(".composer")).to_contain_text(said)
        expect(page.locator("#question")).to_be_disabled()
        expect(page.locator("#send")).to_be_disabled()
        assert violations(page) == []
