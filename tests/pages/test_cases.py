"""Cases in the browser: opened, filled, analysed, closed and deleted, by keyboard and without scripts too."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.embedding_server_fixture import EmbeddingServer
from tests.pages.conftest import OpenPage, SignIn, ask, fill_sign_in
from tests.pages.documents import long_report
from tests.pages.tenant import ADMIN, MEMBER, PASSWORD, VIEWER, Tenant, served_tenant
from tests.pages.test_accessibility import looks, overflow, violations
from tests.tenant_app.cases.letters import ANSWER, NOTICE


def open_case(page: Page, title: str) -> None:
    """Open a case as a person does, and be on its page."""
    page.goto("/cases")
    page.get_by_label("Intitulé").fill(title)
    page.get_by_label("De quoi s’agit-il ?").fill("Validité d'un congé pour reprise.")
    page.get_by_role("button", name="Ouvrir le dossier").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def send(page: Page, *papers: tuple[str, bytes]) -> None:
    """Send documents into the case that is shown, and wait until they are read."""
    files = [{"name": name, "mimeType": "text/markdown", "buffer": content} for name, content in papers]
    page.get_by_label("Ajouter des documents").set_input_files(files)  # type: ignore[arg-type]
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("#papers .pill.good")).to_have_count(len(papers))


def analyse(page: Page) -> None:
    """Ask for an analysis and wait until it is shown."""
    page.get_by_role("button", name="Analyser le dossier").click()
    expect(page.get_by_role("heading", name=re.compile("^Confiance"))).to_be_visible()


def test_a_case_is_opened_filled_and_analysed(sign_in: SignIn) -> None:
    page = sign_in()
    open_case(page, "Congé Martin")
    send(page, ("conge.md", NOTICE), ("reponse.md", ANSWER))
    analyse(page)

    expect(page.get_by_text("Relevée dans vos documents")).to_be_visible()
    fact = page.locator("#facts li").filter(has_text="850 euros")
    fact.get_by_role("link").click()
    expect(page.locator("mark").first).to_contain_text("Le bail a été signé le 1er juillet 2022")


def test_a_reading_in_a_case_is_stopped_taken_up_again_and_its_document_replaced(sign_in: SignIn) -> None:
    page = sign_in()
    open_case(page, "Bornage Martin")
    page.get_by_label("Ajouter des documents").set_input_files(
        {"name": "bornage.md", "mimeType": "text/markdown", "buffer": long_report(200)}
    )
    page.get_by_role("button", name="Envoyer").click()
    paper = page.locator("#papers li")
    page.get_by_role("button", name="Annuler la lecture de bornage.md").click()
    expect(paper).to_contain_text("Annulé")
    page.get_by_role("button", name="Relire bornage.md").click()
    expect(paper).to_contain_text(re.compile("En attente|Lecture en cours|Indexation en cours|Prêt"))
    expect(paper).to_contain_text("Prêt", timeout=150_000)
    address = page.get_by_role("link", name="bornage.md").get_attribute("href")

    page.get_by_role("button", name="Remplacer bornage.md par une nouvelle version").click()
    page.locator("#version-file").set_input_files(
        {"name": "accord.md", "mimeType": "text/markdown", "buffer": ANSWER + b"\nBornage.\n"}
    )
    expect(page.get_by_role("link", name="accord.md")).to_have_attribute("href", address or "")
    expect(paper).to_have_count(1)


def test_a_document_of_a_case_is_deleted_after_a_question_and_the_focus_stays_there(sign_in: SignIn) -> None:
    page = sign_in()
    open_case(page, "Pièce à retirer")
    send(page, ("piece.md", NOTICE + b"\nA retirer.\n"))
    page.get_by_role("button", name="Supprimer piece.md").click()
    expect(page.get_by_role("dialog")).to_contain_text("piece.md")
    page.get_by_role("dialog").get_by_role("button", name="Supprimer").click()

    expect(page.get_by_text("Aucun document dans ce dossier.")).to_be_visible()
    expect(page.get_by_role("heading", name="Documents")).to_be_focused()


def test_questions_are_asked_within_the_case(sign_in: SignIn) -> None:
    page = sign_in()
    open_case(page, "Congé Roux")
    send(page, ("conge.md", NOTICE + b"\nDossier Roux.\n"))
    page.get_by_role("link", name="Poser une question sur ce dossier").click()
    expect(page.locator(".within")).to_contain_text("Dossier « Congé Roux »")
    ask(page, "À quelle date la SCI Les Tilleuls a-t-elle donné congé ?")
    expect(page.locator(".turn .sources").first).to_contain_text("conge.md")

    page.reload()
    page.locator(".within a").click()
    page.get_by_role("link", name="À quelle date la SCI Les Tilleuls").click()
    expect(page.locator(".turn .question")).to_contain_text("À quelle date")


def test_deadlines_and_notes_are_kept_and_met(sign_in: SignIn) -> None:
    page = sign_in()
    open_case(page, "Bail Martin")
    page.get_by_label("Ce qui est à faire").fill("Répondre au bailleur")
    page.get_by_label("Au plus tard le").fill("2020-02-01")
    page.get_by_role("button", name="Noter l’échéance").click()
    expect(page.locator("#deadlines")).to_contain_text("Dépassée")
    page.goto("/cases")
    expect(page.locator(".due")).to_contain_text("Répondre au bailleur – Bail Martin")
    page.get_by_role("link", name="Répondre au bailleur – Bail Martin").click()
    page.get_by_role("button", name="Marquer « Répondre au bailleur » comme tenue").click()
    expect(page.locator("#deadlines .done")).to_have_count(1)

    page.get_by_label("Nouvelle note").fill("Rappeler <b>Mme Martin</b>\nlundi.")
    page.get_by_role("button", name="Ajouter la note").click()
    expect(page.locator(".note .words")).to_have_text("Rappeler <b>Mme Martin</b> lundi.")
    page.get_by_label(re.compile("Modifier la note")).click()
    page.get_by_role("button", name="Supprimer la note").click()
    expect(page.locator(".note")).to_have_count(0)


def test_a_colleague_sees_the_case_once_a_member(sign_in: SignIn) -> None:
    page = sign_in(MEMBER)
    open_case(page, "Dossier du stagiaire")
    address = page.url
    reader = sign_in(VIEWER)
    answer = reader.goto(address)
    assert answer is not None
    assert answer.status == 404

    page.get_by_label("Ajouter un membre").select_option(VIEWER)
    page.get_by_role("button", name="Ajouter", exact=True).click()
    expect(page.locator("#members")).to_contain_text("Lecture seule")

    reader.goto(address)
    expect(reader.get_by_text("Vous consultez ce dossier en lecture seule.")).to_be_visible()
    expect(reader.locator("main form")).to_have_count(0)


def test_a_closed_case_is_read_and_opened_again(sign_in: SignIn) -> None:
    page = sign_in()
    open_case(page, "À clore")
    page.get_by_role("button", name="Clore le dossier").click()
    expect(page.get_by_text("Ce dossier est clos.")).to_be_visible()
    expect(page.get_by_role("button", name="Analyser le dossier")).to_have_count(0)
    page.get_by_role("button", name="Rouvrir le dossier").click()
    expect(page.get_by_role("button", name="Analyser le dossier")).to_be_visible()


def test_a_deletion_is_confirmed_first(sign_in: SignIn) -> None:
    page = sign_in()
    open_case(page, "À supprimer")
    page.get_by_text("Supprimer le dossier").click()
    page.get_by_role("button", name="Supprimer définitivement").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("À supprimer")

    page.get_by_label("Je confirme la suppression").check()
    page.get_by_role("button", name="Supprimer définitivement").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dossiers")
    expect(page.get_by_role("link", name="À supprimer")).to_have_count(0)


def test_everything_works_without_scripts(open_page: OpenPage, tenant: Tenant) -> None:
    page = open_page(java_script_enabled=False)
    page.goto("/login")
    fill_sign_in(page, MEMBER, PASSWORD)
    open_case(page, "Sans script")
    page.get_by_label("Ajouter des documents").set_input_files(
        {"name": "sans-script.md", "mimeType": "text/markdown", "buffer": NOTICE + b"\nSans script.\n"}
    )
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("#papers")).to_contain_text("sans-script.md")
    page.get_by_role("button", name="Analyser le dossier").click()
    expect(page.get_by_role("heading", name=re.compile("^Confiance"))).to_be_visible()


@pytest.fixture(scope="module")
def small_tenant(
    tmp_path_factory: pytest.TempPathFactory, embedding_server: EmbeddingServer
) -> Iterator[Tenant]:
    """Serve a tenant that may have one case and one analysis, all of which must be reviewed."""
    folder = tmp_path_factory.mktemp("small")
    limits = {"max_cases": "1", "max_analysis_monthly": "1", "advanced_features": "false"}
    with served_tenant(folder, embedding_server.socket, prediction_threshold="1", **limits) as tenant:
        yield tenant


def test_what_the_plan_does_not_allow_is_said_before_it_is_tried(
    open_page: OpenPage, small_tenant: Tenant
) -> None:
    page = open_page(small_tenant.url)
    page.goto("/login?next=/cases")
    fill_sign_in(page, ADMIN, PASSWORD)
    expect(page.get_by_role("heading", name="Aucun dossier pour l’instant")).to_be_visible()

    open_case(page, "Le seul")
    analyse(page)
    expect(page.get_by_text("À faire relire avant tout usage.")).to_be_visible()
    expect(page.get_by_text("Les exports Word et PDF ne font pas partie")).to_be_visible()
    expect(page.get_by_role("link", name="PDF")).to_have_count(0)
    page.get_by_role("link", name="Le seul").click()
    expect(page.get_by_text("Le quota d’analyses du mois (1) est utilisé.")).to_be_visible()
    page.goto("/cases")
    expect(page.get_by_text("Tous les dossiers de votre abonnement sont utilisés.")).to_be_visible()
    expect(page.get_by_role("button", name="Ouvrir le dossier")).to_have_count(0)


def test_a_file_that_is_refused_is_said_so_in_the_case(sign_in: SignIn) -> None:
    page = sign_in()
    open_case(page, "Refus")
    page.get_by_label("Ajouter des documents").set_input_files(
        {
            "name": "archive.7z",
            "mimeType": "application/x-7z-compressed",
            "buffer": b"7z\xbc\xaf\x27\x1c" * 40,
        }
    )
    page.get_by_role("button", name="Envoyer").click()

    expect(page.get_by_role("alert")).to_contain_text("Formats acceptés")


@pytest.fixture(scope="module")
def analysed_case(tenant: Tenant) -> str:
    """Return the address of an analysis of a case with documents, a note and deadlines."""
    with tenant.api() as api:
        case_id = api.post("/api/cases", json={"title": "Congé Bernard", "reference": "2026-01"}).json()["id"]
        path = f"/api/cases/{case_id}"
        api.post("/api/documents", files={"file": ("conge.md", NOTICE)}, data={"case_id": str(case_id)})
        api.post(f"{path}/notes", json={"text": "Appeler le client."})
        for day in ("2020-01-01", "2999-01-01"):
            api.post(f"{path}/deadlines", json={"title": "Mémoire", "due_on": day})
        analysis = api.post(f"{path}/analyses").json()
    return f"/cases/{case_id}/analyses/{analysis['id']}"


@looks
@pytest.mark.parametrize("place", ["list", "case", "analysis"])
def test_no_page_of_cases_excludes_anybody(
    sign_in: SignIn, analysed_case: str, look: dict[str, object], place: str
) -> None:
    page = sign_in(**look)
    case_page = analysed_case.partition("/analyses")[0]
    page.goto({"list": "/cases", "case": case_page, "analysis": analysed_case}[place])
    page.eval_on_selector_all("main details", "found => found.forEach(one => { one.open = true; })")

    assert violations(page) == []
    assert overflow(page) <= 0
