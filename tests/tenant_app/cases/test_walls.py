"""Nobody outside a case gets its documents by search, chat or cache."""

from tenant_app.services import Services
from tests.tenant_app.cases.firm import Caller

QUESTION = "Quand le bailleur a-t-il donné congé pour reprise du logement ?"


def found(caller: Caller) -> set[str]:
    answer = caller.call("POST", "/api/search", {"query": QUESTION, "top_k": 20})
    assert answer.status_code == 200
    return {result["document"] for result in answer.get_json()["results"]}


def cited(caller: Caller) -> set[str]:
    answer = caller.call("POST", "/api/chat", {"question": QUESTION})
    assert answer.status_code == 200
    return {citation["document"] for citation in answer.get_json()["citations"]}


def test_search_and_chat_keep_to_the_rights_of_who_asks(
    anna: Caller, boris: Caller, reader: Caller, program: Caller, lease: int
) -> None:
    # The member asks first: what is kept of her answer must serve nobody else.
    assert "conge.md" in found(anna)
    assert "conge.md" in cited(anna)
    for stranger in (boris, reader, program):
        assert found(stranger) <= {"loi.md"}
        assert cited(stranger) <= {"loi.md"}


def test_a_document_taken_into_a_case_leaves_the_firms_search_at_once(
    anna: Caller, boris: Caller, lease: int, at_work: Services
) -> None:
    law = next(one["id"] for one in anna.get("/api/documents")["documents"] if one["name"] == "loi.md")
    assert "loi.md" in found(boris)
    assert "loi.md" in cited(boris)

    assert anna.status("PUT", f"/api/cases/{lease}/documents/{law}") == 200

    assert found(boris) == set()
    assert cited(boris) == set()
    assert "loi.md" in found(anna)
    assert anna.status("DELETE", f"/api/cases/{lease}/documents/{law}") == 200
    assert "loi.md" in cited(boris)


def test_a_deleted_case_is_found_by_nobody(anna: Caller, chief: Caller, lease: int) -> None:
    assert "conge.md" in found(chief)

    assert anna.status("DELETE", f"/api/cases/{lease}") == 204

    assert found(chief) == {"loi.md"}
    assert cited(chief) <= {"loi.md"}


def test_whoever_leaves_a_case_takes_no_conversation_about_it_along(
    anna: Caller, boris: Caller, lease: int
) -> None:
    boris_id = boris.get("/api/me")["id"]
    member = f"/api/cases/{lease}/members/{boris_id}"
    anna.call("PUT", member)
    asked = boris.call("POST", "/api/chat", {"question": QUESTION, "case_id": lease}).get_json()
    conversation = f"/api/conversations/{asked['conversation_id']}"
    assert boris.status("GET", conversation) == 200

    anna.call("DELETE", member)

    assert boris.status("GET", conversation) == 404
    assert boris.status("GET", f"{conversation}/export") == 404
    assert boris.get("/api/conversations")["conversations"] == []
    again = {"question": QUESTION, "conversation_id": asked["conversation_id"]}
    assert boris.status("POST", "/api/chat", again) == 404
    anna.call("PUT", member)
    assert boris.status("GET", conversation) == 200
