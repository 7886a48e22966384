"""Asking, checking the source word for word, and what is shown when something goes wrong."""

import re

import httpx
import pytest
from playwright.sync_api import Route, expect

from tests.pages.conftest import OpenPage, SignIn, ask, hold, never_answer
from tests.pages.documents import POISONED
from tests.pages.tenant import ADMIN, MEMBER, Tenant

QUESTION = "Quel est le préavis du locataire pour donner congé ?"


def test_an_answer_is_cited_and_its_passage_opens_on_the_exact_words(sign_in: SignIn) -> None:
    page = sign_in()
    ask(page, QUESTION)

    answer = page.locator(".turn .answer")
    expect(answer).to_contain_text("préavis de trois mois")
    expect(page.locator(".turn > footer")).to_contain_text("Réponse extraite de vos documents (mode local)")

    answer.locator(".cite").first.click()

    reader = page.locator("#reader")
    expect(reader.get_by_role("heading")).to_have_text("contrat-de-bail.md")
    expect(reader.locator("mark").first).to_contain_text("préavis de trois mois")


def test_the_source_leads_to_its_place_in_the_document(sign_in: SignIn) -> None:
    page = sign_in()
    ask(page, QUESTION)
    page.locator(".sources a").first.click()
    page.get_by_role("link", name="Ouvrir dans le document").click()

    expect(page).to_have_title("contrat-de-bail.md – Cabinet Dupont & Associés")
    cited = page.locator(".cited mark").first
    expect(cited).to_contain_text("préavis de trois mois")
    expect(cited).to_be_in_viewport()
    assert "préavis" not in page.url


def test_a_conversation_is_found_again_with_its_sources(sign_in: SignIn) -> None:
    page = sign_in()
    ask(page, QUESTION)
    address = page.url
    assert re.search(r"/conversations/\d+$", address)

    page.goto("/")
    page.locator("#conversation-list a").filter(has_text=QUESTION).first.click()

    expect(page.locator(".question")).to_have_text(QUESTION)
    expect(page.locator(".sources li").first).to_contain_text("contrat-de-bail.md")


def test_the_next_question_joins_the_conversation(sign_in: SignIn) -> None:
    page = sign_in()
    ask(page, QUESTION)
    address = page.url
    ask(page, "Quel est le taux horaire d’un associé ?")

    assert page.url == address
    page.reload()
    expect(page.locator(".turn")).to_have_count(2)


def test_the_next_question_need_not_wait_for_the_passage_of_the_last_answer(sign_in: SignIn) -> None:
    page = sign_in()
    page.route("**/sources/*", never_answer)
    ask(page, QUESTION)
    ask(page, "Quel est le taux horaire d’un associé ?")

    expect(page.locator(".turn")).to_have_count(2)


def test_the_passage_shown_is_the_last_one_asked_for(sign_in: SignIn) -> None:
    page = sign_in()
    for question in (QUESTION, "Quel est le taux horaire d’un associé ?"):
        ask(page, question)
        expect(page.locator(".turn:last-child .sources [aria-current]")).to_have_count(1)
    first, last = (page.locator(".turn").nth(number).locator(".sources a").first for number in (0, 1))
    held = hold(page, "**/sources/1")
    first.click()
    last.click()
    held[1].continue_()
    expect(page.locator("#reader h2")).to_be_focused()
    with page.expect_event("requestfinished"):
        held[0].continue_()
    # Two pictures later, whatever was to be done with the late passage has been done.
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    expect(page.locator("#reader h2")).to_have_text("convention-honoraires.md")
    expect(last).to_have_attribute("aria-current", "true")


def test_a_question_sent_before_the_page_s_script_has_run_stays_in_the_field(sign_in: SignIn) -> None:
    page = sign_in()
    held = hold(page, "**/chat.js*")
    page.goto("/", wait_until="commit")
    page.locator("#question").fill(QUESTION)
    expect(page.locator("#send")).to_be_disabled()
    page.evaluate("document.forms.ask.requestSubmit()")
    held[0].continue_()

    expect(page.locator("#send")).to_be_enabled()
    expect(page.locator("#question")).to_have_value(QUESTION)


def test_a_conversation_is_nobody_else_s(sign_in: SignIn) -> None:
    page = sign_in()
    ask(page, QUESTION)
    other = sign_in(MEMBER)
    other.goto(page.url)

    expect(other.get_by_role("heading", name="Introuvable")).to_be_visible()
    assert other.request.get(f"{page.url}/latest").status == 404
    assert other.request.get(f"{page.url}/turns/1/sources/1").status == 404


def test_what_the_documents_do_not_say_is_said_to_be_missing(sign_in: SignIn) -> None:
    page = sign_in()
    ask(page, "Quelle est la recette de la tarte aux pommes ?")

    expect(page.locator(".answer")).to_have_text("Je n'ai pas trouvé la réponse dans vos documents.")
    expect(page.locator(".turn > footer")).to_contain_text("Reformulez la question")
    expect(page.locator(".sources")).to_have_count(0)


def test_a_suggested_question_is_asked_by_a_click(sign_in: SignIn) -> None:
    page = sign_in()
    page.get_by_role("button", name="Combien coûte une heure d’associé ?").click()

    expect(page.locator(".question")).to_have_text("Combien coûte une heure d’associé ?")
    page.locator(".turn > footer").wait_for()


def test_an_answer_is_copied_with_its_sources(sign_in: SignIn) -> None:
    page = sign_in()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, QUESTION)
    page.get_by_role("button", name="Copier").click()
    expect(page.get_by_role("button", name="Copié")).to_be_visible()

    copied = page.evaluate("navigator.clipboard.readText()")

    assert "préavis de trois mois" in copied
    assert "[1] contrat-de-bail.md" in copied


def test_enter_sends_and_shift_enter_begins_a_line(sign_in: SignIn) -> None:
    page = sign_in()
    field = page.locator("#question")
    field.press_sequentially("Première ligne")
    field.press("Shift+Enter")
    field.press_sequentially("seconde ligne")
    expect(field).to_have_value("Première ligne\nseconde ligne")

    field.press("Enter")

    expect(page.locator(".question")).to_have_text("Première ligne\nseconde ligne")
    page.locator(".turn > footer").wait_for()


def test_a_question_that_is_too_long_is_not_sent(sign_in: SignIn) -> None:
    page = sign_in()
    page.locator("#question").fill("é" * 501)

    expect(page.locator("#count")).to_have_text("501 / 500 – trop long")
    expect(page.locator("#send")).to_be_disabled()
    page.locator("#question").press("Enter")
    expect(page.locator(".turn")).to_have_count(0)


def test_the_focus_is_where_the_next_key_belongs(sign_in: SignIn) -> None:
    page = sign_in()
    expect(page.locator("#question")).to_be_focused()
    ask(page, QUESTION)
    expect(page.locator("#question")).to_be_focused()

    page.locator(".sources a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#reader h2")).to_be_focused()

    page.keyboard.press("Escape")
    expect(page.locator(".sources a").first).to_be_focused()


def test_on_a_phone_the_passage_covers_the_page_and_gives_the_focus_back(sign_in: SignIn) -> None:
    page = sign_in(viewport={"width": 360, "height": 740})
    ask(page, QUESTION)
    expect(page.locator("#reader")).to_be_hidden()

    page.locator(".sources a").first.click()
    expect(page.locator("#reader mark").first).to_be_visible()
    page.get_by_role("button", name="Fermer").click()

    expect(page.locator("#reader")).to_be_hidden()
    expect(page.locator(".sources a").first).to_be_focused()


def test_on_a_phone_the_conversations_open_and_close(sign_in: SignIn) -> None:
    page = sign_in(viewport={"width": 360, "height": 740})
    expect(page.locator("#conversations")).to_be_hidden()

    page.get_by_role("button", name="Conversations").click()
    expect(page.locator("#conversations")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("#conversations")).to_be_hidden()


def test_a_stopped_answer_keeps_its_beginning_and_the_question(sign_in: SignIn) -> None:
    page = sign_in()
    page.route("**/api/chat", never_answer)
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")
    expect(page.locator(".working")).to_be_visible()
    page.get_by_role("button", name="Arrêter").click()

    expect(page.locator("#question")).to_have_value(QUESTION)
    expect(page.locator("#send")).to_be_visible()
    expect(page.locator("#announcer")).to_have_text("Réponse arrêtée.")


@pytest.mark.parametrize(
    ("status", "title", "detail"),
    [
        (429, "Quota atteint", "Le quota du mois est atteint."),
        (503, "Service momentanément indisponible", "Trop de réponses sont en cours."),
    ],
)
def test_a_refusal_is_shown_in_the_server_s_words_and_the_question_kept(
    sign_in: SignIn, status: int, title: str, detail: str
) -> None:
    page = sign_in()

    def refuse(route: Route) -> None:
        body = {"title": title, "status": status, "detail": detail}
        route.fulfill(status=status, json=body, content_type="application/problem+json")

    page.route("**/api/chat", refuse)
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")

    expect(page.locator("#trouble")).to_contain_text(detail)
    expect(page.locator("#trouble")).to_contain_text(title)
    expect(page.locator("#question")).to_have_value(QUESTION)
    expect(page.locator("#welcome")).to_be_visible()


def test_a_lost_connection_says_so_and_keeps_the_question(sign_in: SignIn) -> None:
    page = sign_in()
    page.route(
        "**/api/chat", lambda route: route.fulfill(status=200, body="", content_type="text/event-stream")
    )
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")

    expect(page.locator("#trouble")).to_contain_text("La réponse s’est interrompue.")
    expect(page.locator("#question")).to_have_value(QUESTION)


def test_an_error_in_the_middle_keeps_what_was_read_and_says_it_is_unchecked(sign_in: SignIn) -> None:
    page = sign_in()
    events = (
        'event: token\ndata: {"text": "Un début de réponse."}\n\n'
        'event: error\ndata: {"status": 503, "title": "Indisponible", "detail": "Réessayez."}\n\n'
    )
    page.route(
        "**/api/chat", lambda route: route.fulfill(status=200, body=events, content_type="text/event-stream")
    )
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")

    expect(page.locator(".answer.live")).to_have_text("Un début de réponse.")
    expect(page.locator(".turn")).to_contain_text("n’est pas vérifié")
    expect(page.locator("#trouble")).to_contain_text("Réessayez.")


def test_a_session_that_ended_leads_to_the_sign_in_page(sign_in: SignIn) -> None:
    page = sign_in()
    page.context.clear_cookies()
    page.locator("#question").fill(QUESTION)
    page.locator("#question").press("Enter")

    expect(page).to_have_url(re.compile(r"/login\?next=%2F"))


def test_without_javascript_the_conversation_and_its_sources_can_be_read(
    sign_in: SignIn, open_page: OpenPage
) -> None:
    page = sign_in()
    ask(page, QUESTION)
    plain = sign_in(ADMIN, java_script_enabled=False)
    plain.goto(page.url)

    assert "La saisie d’une question demande JavaScript." in plain.content()
    plain.locator(".answer .cite").first.click()
    expect(plain.locator(".cited mark").first).to_contain_text("préavis de trois mois")


def test_a_poisoned_document_makes_the_browser_ask_nothing_of_anybody(
    sign_in: SignIn, tenant: Tenant
) -> None:
    document_id = tenant.add_document("note-interne.md", POISONED)
    page = sign_in()
    ask(page, "Combien de jours de télétravail la procédure autorise-t-elle par semaine ?")

    expect(page.locator(".answer")).to_contain_text("deux jours par semaine")
    assert page.locator(".answer img, .answer script, .answer a:not(.cite)").count() == 0
    assert page.evaluate("window.stolen") is None

    page.goto(f"/documents/{document_id}")
    expect(page.locator(".leaf")).to_contain_text("deux jours par semaine")
    assert page.locator(".leaf img, .leaf script, .leaf a").count() == 0
    with tenant.api() as api:
        api.delete(f"/api/documents/{document_id}")


def test_a_source_stays_readable_when_its_document_is_deleted(sign_in: SignIn, tenant: Tenant) -> None:
    document_id = tenant.add_document("astreintes.md", "L’astreinte de nuit est payée 87 euros.".encode())
    page = sign_in()
    ask(page, "Combien est payée l’astreinte de nuit ?")
    with tenant.api() as api:
        api.delete(f"/api/documents/{document_id}")
    page.reload()
    page.locator(".sources a").first.click()

    expect(page.locator("#reader mark").first).to_contain_text("87 euros")
    expect(page.locator("#reader")).to_contain_text("Ce document a été supprimé depuis.")


def test_a_source_that_never_was_is_not_found(sign_in: SignIn) -> None:
    page = sign_in()
    ask(page, QUESTION)

    assert page.request.get(f"{page.url}/turns/1/sources/99").status == 404


def test_a_piece_of_page_is_nobody_s_without_a_sign_in(tenant: Tenant) -> None:
    answer = httpx.get(f"{tenant.url}/conversations/1/latest", headers={"Accept": "text/html"})

    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/login")
