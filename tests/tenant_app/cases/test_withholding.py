"""What was quoted from a case's document outside of the case is not read once its reader may not see it."""

import json
from typing import Any

import pytest

from tenant_app.services import Services
from tests.tenant_app.cases.firm import Caller
from tests.tenant_app.exporting.reading import words_of

QUESTION = "Quand le bailleur a-t-il donné congé pour reprise du logement ?"
WITHHELD = "un document que vous ne pouvez plus consulter"


@pytest.fixture
def asked(anna: Caller, boris: Caller, lease: int) -> str:
    """Return where Boris, a member of the case, asked something outside of it that quotes its letters."""
    anna.call("PUT", member(boris, lease))
    answer = boris.call("POST", "/api/chat", {"question": QUESTION}).get_json()
    assert "conge.md" in {citation["document"] for citation in answer["citations"]}
    return f"/api/conversations/{answer['conversation_id']}"


def member(caller: Caller, case_id: int) -> str:
    return f"/api/cases/{case_id}/members/{caller.get('/api/me')['id']}"


def everything_read(caller: Caller, conversation: str) -> list[str]:
    """Return the conversation as the API and each export show it."""
    files = [
        caller.call("GET", f"{conversation}/export?format={format}") for format in ("markdown", "json", "pdf")
    ]
    assert [file.status_code for file in files] == [200] * 3
    markdown, as_json, pdf = files
    return [
        json.dumps(caller.get(conversation), ensure_ascii=False),
        markdown.get_data(as_text=True),
        json.dumps(as_json.get_json(), ensure_ascii=False),
        " ".join(words_of(pdf.data).split()),
    ]


def withheld_from(caller: Caller, conversation: str, answer: dict[str, Any]) -> bool:
    """Return whether neither name nor words of the letter are in anything read, and that this is said."""
    letter = next(one for one in answer["citations"] if one["document"] == "conge.md")
    words = [letter["document"], letter["quote"][:40]]
    texts = everything_read(caller, conversation)
    return all(WITHHELD in text and not any(word in text for word in words) for text in texts)


def test_whoever_leaves_a_case_reads_no_more_of_its_letters_in_what_they_asked_outside_of_it(
    anna: Caller, boris: Caller, lease: int, asked: str
) -> None:
    answer = boris.get(asked)["turns"][0]
    for text in everything_read(boris, asked):
        assert "conge.md" in text
        assert WITHHELD not in text

    anna.call("DELETE", member(boris, lease))

    assert withheld_from(boris, asked, answer)
    (turn,) = boris.get(asked)["turns"]
    assert "withheld" in {notice["code"] for notice in turn["notices"]}
    assert {citation["document"] for citation in turn["citations"]} <= {"loi.md"}
    for sentence in turn["sentences"]:
        assert turn["answer"][sentence["start"] : sentence["end"]] == sentence["text"]

    anna.call("PUT", member(boris, lease))
    assert boris.get(asked)["turns"][0] == answer


def test_the_model_is_not_reminded_of_what_is_withheld(
    anna: Caller, boris: Caller, lease: int, asked: str, at_work: Services
) -> None:
    conversations = at_work.assistant.conversations
    actor = at_work.accounts.sessions.actor_of_token(boris.headers["Authorization"].removeprefix("Bearer "))
    number = int(asked.rpartition("/")[2])
    answer = boris.get(asked)["turns"][0]["answer"]
    assert conversations.history(actor, number)[1]["content"] == answer

    anna.call("DELETE", member(boris, lease))

    question, reminded = conversations.history(actor, number)
    assert question["content"] == QUESTION
    assert WITHHELD in reminded["content"]
    assert answer[:40] not in reminded["content"]


def test_words_that_are_not_shown_are_not_found_either(
    anna: Caller, boris: Caller, lease: int, asked: str
) -> None:
    answer = boris.get(asked)["turns"][0]["answer"]
    word = next(one for one in answer.split() if len(one) > 6 and one.isalpha() and one not in QUESTION)
    assert boris.get(f"/api/conversations?q={word}")["conversations"]

    anna.call("DELETE", member(boris, lease))

    assert boris.get(f"/api/conversations?q={word}")["conversations"] == []
    assert boris.get("/api/conversations?q=bailleur")["conversations"]


def test_a_letter_put_into_a_case_is_withheld_from_those_outside_of_it(
    anna: Caller, boris: Caller, lease: int
) -> None:
    law = next(one["id"] for one in anna.get("/api/documents")["documents"] if one["name"] == "loi.md")
    answer = boris.call("POST", "/api/chat", {"question": QUESTION}).get_json()
    conversation = f"/api/conversations/{answer['conversation_id']}"
    assert [citation["document"] for citation in answer["citations"]] == ["loi.md"]

    anna.call("PUT", f"/api/cases/{lease}/documents/{law}")

    (turn,) = boris.get(conversation)["turns"]
    assert turn["citations"] == turn["sentences"] == turn["near_misses"] == []
    assert turn["answer"].startswith("Cette réponse s'appuyait sur un document")
    assert all("loi.md" not in text for text in everything_read(boris, conversation))


@pytest.mark.parametrize("of", ["document", "case"])
def test_what_is_deleted_after_one_left_does_not_come_back(
    anna: Caller, boris: Caller, lease: int, asked: str, of: str
) -> None:
    answer = boris.get(asked)["turns"][0]
    letter = next(one["document_id"] for one in answer["citations"] if one["document"] == "conge.md")
    anna.call("DELETE", member(boris, lease))

    deleted = f"/api/documents/{letter}" if of == "document" else f"/api/cases/{lease}"
    assert anna.status("DELETE", deleted) == 204

    assert withheld_from(boris, asked, answer)


def test_near_misses_name_no_document_one_may_not_see(anna: Caller, boris: Caller, lease: int) -> None:
    anna.call("PUT", member(boris, lease))
    answer = boris.call(
        "POST", "/api/chat", {"question": "Quelle reprise, quel chat, quel jardin, quel avion ?"}
    ).get_json()
    conversation = f"/api/conversations/{answer['conversation_id']}"
    assert "conge.md" in {miss["document"] for miss in answer["near_misses"]}

    anna.call("DELETE", member(boris, lease))

    assert all("conge.md" not in text for text in everything_read(boris, conversation))
