"""Who sees a case: members, the key that opened it, administrators; for all others it is not there."""

from datetime import UTC, datetime

import pytest

from tests.tenant_app.cases.firm import Caller, Json
from tests.tenant_app.clock import FixedClock

LETTER = "Le bailleur a donné congé le 3 mars 2025 pour reprise.".encode()

Place = tuple[str, str, Json | None]


class Case:
    """A case of Anna's with one of everything."""

    def __init__(self, anna: Caller) -> None:
        self.id = anna.open_case()
        self.path = f"/api/cases/{self.id}"
        self.note = anna.make(f"{self.path}/notes", {"text": "Confidentiel."})["id"]
        self.deadline = anna.make(f"{self.path}/deadlines", {"title": "Recours", "due_on": "2025-02-01"})[
            "id"
        ]
        self.document = anna.upload(LETTER, case_id=self.id)
        self.anna = anna.get(f"{self.path}/members")["members"][0]["user_id"]

    def places(self, case_id: int | None = None) -> list[Place]:
        """Return every address of the case and of what hangs on it, under ``case_id`` if one is given."""
        path = f"/api/cases/{case_id or self.id}"
        note, deadline = f"{path}/notes/{self.note}", f"{path}/deadlines/{self.deadline}"
        document, member = f"{path}/documents/{self.document}", f"{path}/members/{self.anna}"
        return [
            ("GET", note, None),
            ("PATCH", note, {"text": "Autre."}),
            ("DELETE", note, None),
            ("GET", deadline, None),
            ("PATCH", deadline, {"done": True}),
            ("DELETE", deadline, None),
            ("DELETE", document, None),
            ("GET", member, None),
            ("DELETE", member, None),
        ]

    def all_places(self) -> list[Place]:
        """Return ``places`` and the addresses that bear no second number."""
        return [
            *self.places(),
            ("GET", self.path, None),
            ("PATCH", self.path, {"title": "À moi"}),
            ("DELETE", self.path, None),
            ("GET", f"{self.path}/members", None),
            ("PUT", f"{self.path}/members/{self.anna}", None),
            ("GET", f"{self.path}/notes", None),
            ("POST", f"{self.path}/notes", {"text": "Là."}),
            ("GET", f"{self.path}/deadlines", None),
            ("POST", f"{self.path}/deadlines", {"title": "Là", "due_on": "2025-02-01"}),
            ("GET", f"{self.path}/documents", None),
            ("PUT", f"{self.path}/documents/{self.document}", None),
        ]


@pytest.fixture
def case(anna: Caller) -> Case:
    """Return a case of Anna's."""
    return Case(anna)


@pytest.mark.parametrize("who", ["boris", "program"])
def test_for_whoever_is_not_of_the_case_nothing_of_it_is_there(
    case: Case, who: str, request: pytest.FixtureRequest
) -> None:
    stranger: Caller = request.getfixturevalue(who)
    other = stranger.open_case("Le sien")

    for place in case.all_places():
        assert stranger.status(*place) == 404, place
    for place in case.places(other):
        assert stranger.status(*place) == 404, place
    assert [one["id"] for one in stranger.get("/api/cases")["cases"]] == [other]
    assert stranger.get("/api/deadlines")["deadlines"] == []
    assert stranger.status("GET", f"/api/documents/{case.document}") == 404


def test_for_a_viewer_outside_the_case_nothing_of_it_is_there(case: Case, reader: Caller) -> None:
    for method, path, body in case.all_places():
        assert reader.status(method, path, body) == (404 if method == "GET" else 403), (method, path)
    assert reader.get("/api/cases")["cases"] == []


def test_what_hangs_on_one_case_is_not_found_under_another(case: Case, anna: Caller) -> None:
    other = anna.open_case("Un autre dossier d'Anna")
    anna.call("PUT", f"/api/cases/{other}/members/{case.anna}")

    for method, path, body in case.places(other):
        if "/members/" not in path:
            assert anna.status(method, path, body) == 404, (method, path)
    assert anna.code("PUT", f"/api/cases/{other}/documents/{case.document}") == "document-of-another-case"


def test_a_new_member_sees_the_case_until_taken_off(case: Case, anna: Caller, boris: Caller) -> None:
    boris_id = boris.get("/api/me")["id"]
    assert anna.status("PUT", f"{case.path}/members/{boris_id}") == 200
    assert anna.status("PUT", f"{case.path}/members/{boris_id}") == 200

    assert boris.get(case.path)["title"] == "Congé Martin"
    assert boris.get(f"/api/documents/{case.document}")["case_id"] == case.id
    assert boris.status("POST", f"{case.path}/notes", {"text": "Vu."}) == 201

    assert anna.status("DELETE", f"{case.path}/members/{boris_id}") == 204
    assert boris.status("GET", case.path) == 404
    assert boris.status("GET", f"/api/documents/{case.document}") == 404
    assert boris.get("/api/documents")["documents"] == []


def test_a_viewer_who_is_a_member_reads_everything_and_writes_nothing(
    case: Case, anna: Caller, reader: Caller
) -> None:
    reader_id = reader.get("/api/me")["id"]
    anna.call("PUT", f"{case.path}/members/{reader_id}")

    for method, path, body in case.all_places():
        assert reader.status(method, path, body) == (200 if method == "GET" else 403), (method, path)


def test_an_administrator_sees_and_changes_every_case(case: Case, chief: Caller) -> None:
    assert [one["id"] for one in chief.get("/api/cases")["cases"]] == [case.id]
    assert chief.status("PATCH", case.path, {"title": "Renommé"}) == 200
    assert chief.status("DELETE", f"{case.path}/notes/{case.note}") == 204
    assert chief.status("DELETE", f"{case.path}/members/{case.anna}") == 204
    assert chief.status("DELETE", case.path) == 204


def test_a_program_sees_the_cases_it_opened(program: Caller, anna: Caller) -> None:
    anna.open_case("Celui d'Anna")
    own = program.open_case("Celui du logiciel")

    assert [one["id"] for one in program.get("/api/cases")["cases"]] == [own]
    assert program.get(f"/api/cases/{own}/members")["members"] == []
    assert anna.status("GET", f"/api/cases/{own}") == 404


def test_a_case_is_not_left_without_anybody_by_its_members(case: Case, anna: Caller) -> None:
    assert anna.code("DELETE", f"{case.path}/members/{case.anna}") == "last-member"


def test_only_who_exists_becomes_a_member(case: Case, anna: Caller) -> None:
    assert anna.status("PUT", f"{case.path}/members/987654") == 404
    assert anna.status("DELETE", f"{case.path}/members/987654") == 404


def test_a_note_is_changed_by_its_author_alone(case: Case, anna: Caller, boris: Caller) -> None:
    anna.call("PUT", f"{case.path}/members/{boris.get('/api/me')['id']}")
    note = f"{case.path}/notes/{case.note}"

    assert boris.code("PATCH", note, {"text": "Réécrit."}) == "not-author"
    assert boris.code("DELETE", note) == "not-author"
    assert anna.call("PATCH", note, {"text": "Précisé."}).get_json()["text"] == "Précisé."
    assert boris.get(note)["author"] == "anna@dupont.test"
    assert anna.status("DELETE", note) == 204


def test_a_closed_case_is_only_read(case: Case, anna: Caller) -> None:
    anna.call("PATCH", case.path, {"status": "closed"})
    firm = anna.upload(b"Un document du cabinet.")

    writes = [place for place in case.all_places() if place[0] != "GET" and place[1] != case.path]
    for place in [*writes, ("PUT", f"{case.path}/documents/{firm}", None)]:
        assert anna.code(*place) == "case-closed", place
    assert anna.status("GET", case.path) == 200
    assert anna.status("DELETE", f"/api/documents/{case.document}") == 409


def test_a_document_moves_into_a_case_and_back(case: Case, anna: Caller, boris: Caller) -> None:
    document = anna.upload(b"Un modele de lettre.", "modele.txt")
    place = f"{case.path}/documents/{document}"
    assert boris.status("GET", f"/api/documents/{document}") == 200

    assert anna.call("PUT", place).get_json()["case_id"] == case.id
    assert boris.status("GET", f"/api/documents/{document}") == 404
    assert anna.get(case.path)["documents"] == 2

    assert anna.call("DELETE", place).get_json()["case_id"] is None
    assert boris.status("GET", f"/api/documents/{document}") == 200


def test_a_document_does_not_move_to_where_its_content_is_already(case: Case, anna: Caller) -> None:
    twin = anna.upload(LETTER)

    assert anna.code("PUT", f"{case.path}/documents/{twin}") == "same-content"
    assert anna.code("DELETE", f"{case.path}/documents/{case.document}") == "same-content"


def test_deadlines_are_overdue_upcoming_or_done(program: Caller, clock: FixedClock) -> None:
    case_id = program.open_case()
    path = f"/api/cases/{case_id}/deadlines"
    for title, day in [("Mémoire", "2025-03-10"), ("Audience", "2025-03-30"), ("Recours", "2025-03-31")]:
        program.make(path, {"title": title, "due_on": day})
    # 22:30 UTC on the 30th is the 31st in Paris, in summer time since that morning.
    clock.set(datetime(2025, 3, 30, 22, 30, tzinfo=UTC))

    def titles(due: str) -> list[str]:
        return [one["title"] for one in program.get(f"{path}?due={due}")["deadlines"]]

    assert titles("overdue") == ["Mémoire", "Audience"]
    assert titles("upcoming") == ["Recours"]
    first = program.get(path)["deadlines"][0]
    assert first["overdue"] is True
    done = program.call("PATCH", f"{path}/{first['id']}", {"done": True}).get_json()
    assert (done["done"], done["overdue"]) == (True, False)
    assert titles("done") == ["Mémoire"]
    assert titles("overdue") == ["Audience"]
    assert program.get(f"/api/cases/{case_id}")["next_deadline"] == "2025-03-30"
    assert [one["case_title"] for one in program.get("/api/deadlines?due=overdue")["deadlines"]] == [
        "Congé Martin"
    ]
