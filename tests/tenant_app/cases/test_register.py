"""Cases are opened within the plan's limit, found again, closed, and deleted whole."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tenant_app.accounts.actor import OPERATOR
from tenant_app.cases.register import CaseDetails
from tenant_app.errors import Conflict, Forbidden
from tenant_app.passages import Document
from tenant_app.services import Services
from tenant_app.settings import Settings
from tests.tenant_app.cases.firm import Caller
from tests.tenant_app.environment import environment

LETTER = "Le bailleur a donné congé le 3 mars 2025.".encode()


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """Return the settings of a tenant that may have three cases."""
    return Settings.model_validate(environment(data_dir, max_cases="3"))


def test_a_case_is_opened_changed_closed_and_opened_again(anna: Caller) -> None:
    case = anna.make("/api/cases", {"title": "Congé Martin", "reference": "2025-014"})
    path = f"/api/cases/{case['id']}"
    assert (case["status"], case["documents"], case["next_deadline"]) == ("open", 0, None)

    changed = anna.call("PATCH", path, {"description": "Congé pour vente contesté."}).get_json()
    assert (changed["title"], changed["description"]) == ("Congé Martin", "Congé pour vente contesté.")

    assert anna.call("PATCH", path, {"status": "closed"}).get_json()["status"] == "closed"
    assert anna.code("PATCH", path, {"title": "Autre"}) == "case-closed"
    assert anna.call("PATCH", path, {"status": "open", "title": "Autre"}).get_json()["title"] == "Autre"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": ""},
        {"title": "   "},
        {"title": "a\x00b"},
        {"title": "x" * 201},
        {"title": "Congé", "status": "archived"},
        {"title": "Congé", "key_id": 1},
        {"title": "Congé", "reference": "a\nb"},
    ],
)
def test_a_case_that_is_not_described_as_promised_is_refused(anna: Caller, body: dict[str, str]) -> None:
    assert anna.status("POST", "/api/cases", body) == 400
    assert anna.get("/api/cases")["cases"] == []


def test_cases_are_found_by_words_whatever_their_accents(anna: Caller) -> None:
    lease = anna.open_case("Congé Martin", description="Bail d'habitation rue Émile-Zola")
    anna.open_case("Licenciement Durand", reference="2025-020")
    closed = anna.open_case("Congé Petit")
    anna.call("PATCH", f"/api/cases/{closed}", {"status": "closed"})

    def found(query: str) -> list[int]:
        return [case["id"] for case in anna.get(f"/api/cases?{query}")["cases"]]

    assert found("q=conge emile") == [lease]
    assert found("q=2025-020") != []
    assert found("q=divorce") == []
    assert found("status=open&q=CONGÉ") == [lease]
    page = anna.get("/api/cases?limit=1&offset=1")
    assert (len(page["cases"]), page["total"], page["used"], page["limit"]) == (1, 3, 3, 3)


def test_of_many_parallel_calls_as_many_pass_as_the_plan_allows(anna: Caller, services: Services) -> None:
    anna.open_case()
    actor = services.accounts.sessions.actor_of_token(anna.headers["Authorization"].split()[1])

    def attempt(number: int) -> str:
        try:
            services.cases.register.open(actor, CaseDetails(title=f"Dossier {number}"))
        except Conflict as refusal:
            return refusal.code
        return "opened"

    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(attempt, range(24)))

    assert (outcomes.count("opened"), outcomes.count("cases-limit")) == (2, 22)
    assert services.cases.register.count() == 3


def test_a_closed_case_counts_and_a_deleted_one_does_not(anna: Caller) -> None:
    first = anna.open_case()
    anna.call("PATCH", f"/api/cases/{first}", {"status": "closed"})
    anna.open_case()
    anna.open_case()
    refused = anna.call("POST", "/api/cases", {"title": "De trop"})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "cases-limit")

    assert anna.status("DELETE", f"/api/cases/{first}") == 204
    anna.open_case()


def test_the_operator_opens_no_case(services: Services) -> None:
    with pytest.raises(Forbidden):
        services.cases.register.open(OPERATOR, CaseDetails(title="Sans personne"))


def test_a_case_is_deleted_with_all_that_belongs_to_it_and_nothing_else(
    anna: Caller, services: Services
) -> None:
    kept = anna.open_case("Gardé")
    case_id = anna.open_case("Supprimé")
    note = {"text": "Appeler le client."}
    for one in (kept, case_id):
        anna.make(f"/api/cases/{one}/notes", note)
        anna.make(f"/api/cases/{one}/deadlines", {"title": "Assignation", "due_on": "2025-02-01"})
    firm = anna.upload(LETTER)
    twin = anna.upload(LETTER, case_id=case_id)
    alone = anna.upload(b"Une autre lettre.", case_id=case_id)

    assert anna.status("DELETE", f"/api/cases/{case_id}") == 204

    assert anna.status("GET", f"/api/cases/{case_id}") == 404
    assert [anna.status("GET", f"/api/documents/{one}") for one in (twin, alone)] == [404, 404]
    original = anna.call("GET", f"/api/documents/{firm}/original")
    assert original.get_data() == LETTER
    original.close()
    assert len(list((services.settings.data_dir / "originals").iterdir())) == 1
    assert len(anna.get(f"/api/cases/{kept}/notes")["notes"]) == 1
    assert len(anna.get("/api/deadlines")["deadlines"]) == 1
    assert _rows_left(services, case_id) == 0


def test_a_deletion_that_fails_midway_leaves_the_case_whole(
    anna: Caller, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = anna.open_case()
    document_id = anna.upload(LETTER, case_id=case_id)

    def refuse(_session: object, _document_id: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("tenant_app.library.records.remove_terms", refuse)
    assert anna.status("DELETE", f"/api/cases/{case_id}") == 500
    monkeypatch.undo()

    original = anna.call("GET", f"/api/documents/{document_id}/original")
    assert original.get_data() == LETTER
    original.close()
    assert anna.get(f"/api/cases/{case_id}")["documents"] == 1


def _rows_left(services: Services, case_id: int) -> int:
    with services.database.read() as session:
        return session.scalar(select(func.count()).where(Document.case_id == case_id)) or 0
