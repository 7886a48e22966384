"""Conversations are kept with their sources, and only their owner ever sees them."""

from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import func, select

from tenant_app.accounts.actor import OPERATOR
from tenant_app.assistant.asking import Asked
from tenant_app.assistant.models import CitedPassage, Conversation, Turn
from tenant_app.errors import Forbidden, Unauthenticated
from tests.tenant_app.assistant.conftest import OpenTenant
from tests.tenant_app.assistant.tenant import ASKED, Headers, Tenant
from tests.tenant_app.exporting.reading import words_of


def get(tenant: Tenant, path: str, headers: Headers | None = None) -> Any:
    response = tenant.client.get(path, headers=headers or tenant.member)
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()


def test_an_answer_is_found_again_as_it_was_given(tenant: Tenant) -> None:
    answer = tenant.ask()

    conversation = get(tenant, f"/api/conversations/{answer['conversation_id']}")

    (turn,) = conversation["turns"]
    assert turn["id"] == answer["turn_id"]
    assert turn["question"] == ASKED
    for same in ("answer", "mode", "citations", "found", "language", "notices"):
        assert turn[same] == answer[same]
    assert conversation["title"] == ASKED


def test_questions_that_name_a_conversation_go_on_in_it(tenant: Tenant) -> None:
    conversation = tenant.ask()["conversation_id"]

    assert (
        tenant.ask("Et la carte de résident ?", conversation_id=conversation)["conversation_id"]
        == conversation
    )
    assert (
        tenant.stream("Et ensuite, le recours ?", conversation_id=conversation)[-1][1]["conversation_id"]
        == conversation
    )

    questions = [turn["question"] for turn in get(tenant, f"/api/conversations/{conversation}")["turns"]]
    assert questions == [ASKED, "Et la carte de résident ?", "Et ensuite, le recours ?"]


def test_the_last_used_conversation_is_listed_first(tenant: Tenant, clock: Any) -> None:
    first = tenant.ask()["conversation_id"]
    clock.advance(minutes=1)
    second = tenant.ask()["conversation_id"]
    clock.advance(minutes=1)
    tenant.ask(conversation_id=first)

    rows = get(tenant, "/api/conversations")["conversations"]

    assert [row["id"] for row in rows] == [first, second]
    assert "turns" not in rows[0]


def test_a_long_question_makes_a_short_title(tenant: Tenant) -> None:
    tenant.ask("Quel est\nle délai " + "très " * 40 + "long ?")

    title = get(tenant, "/api/conversations")["conversations"][0]["title"]

    assert len(title) <= 80
    assert title.startswith("Quel est le délai très")
    assert title.endswith("…")


@pytest.mark.parametrize("owner", ["user", "key"])
def test_somebody_else_s_conversation_does_not_exist(tenant: Tenant, owner: str) -> None:
    mine = tenant.member if owner == "user" else tenant.new_key()
    conversation = tenant.ask(headers=mine)["conversation_id"]
    path = f"/api/conversations/{conversation}"
    used = tenant.requests_used

    for stranger in (tenant.sign_up("eve@dupont.test", "admin"), tenant.new_key()):
        assert get(tenant, "/api/conversations", stranger) == {"conversations": []}
        assert tenant.client.get(path, headers=stranger).status_code == 404
        assert tenant.client.get(f"{path}/export", headers=stranger).status_code == 404
        assert tenant.client.delete(path, headers=stranger).status_code == 404
        for stream in (False, True):
            body = {"question": ASKED, "conversation_id": conversation, "stream": stream}
            assert tenant.post("/api/chat", body, stranger).status_code == 404

    assert tenant.requests_used == used
    assert len(get(tenant, path, mine)["turns"]) == 1


def test_a_conversation_that_never_was_is_the_same_404(tenant: Tenant) -> None:
    there, missing = (
        tenant.client.get(f"/api/conversations/{number}", headers=tenant.sign_up(f"{number}@dupont.test"))
        for number in (tenant.ask()["conversation_id"], 999)
    )

    assert there.get_json() == missing.get_json()


def test_deleting_a_conversation_erases_everything_of_it(tenant: Tenant) -> None:
    conversation = tenant.ask()["conversation_id"]

    response = tenant.client.delete(f"/api/conversations/{conversation}", headers=tenant.member)

    assert response.status_code == 204
    assert _rows(tenant) == (0, 0, 0)
    assert tenant.requests_used == 1


def test_erasing_a_user_erases_their_conversations(tenant: Tenant) -> None:
    tenant.sign_up("admin@dupont.test", "admin")
    tenant.ask()

    tenant.services.accounts.users.remove(1)

    assert _rows(tenant) == (0, 0, 0)


def test_a_citation_stays_readable_when_its_document_is_deleted(tenant: Tenant) -> None:
    answer = tenant.ask()
    document = answer["citations"][0]["document_id"]

    tenant.client.delete(f"/api/documents/{document}", headers=tenant.member)

    turn = get(tenant, f"/api/conversations/{answer['conversation_id']}")["turns"][0]
    assert turn["citations"] == answer["citations"]


def test_the_exported_file_holds_question_answer_and_sources(tenant: Tenant) -> None:
    answer = tenant.ask()
    path = f"/api/conversations/{answer['conversation_id']}/export"

    markdown = tenant.client.get(path, headers=tenant.member)
    as_json = tenant.client.get(f"{path}?format=json", headers=tenant.member)

    text = markdown.get_data(as_text=True)
    assert markdown.content_type == "text/markdown; charset=utf-8"
    assert markdown.headers["Content-Disposition"] == 'attachment; filename="conversation-1.md"'
    assert f"## {ASKED}" in text
    assert answer["answer"] in text
    assert "- [1] recours.txt, page 3 : «" in text
    assert as_json.headers["Content-Disposition"] == 'attachment; filename="conversation-1.json"'
    assert as_json.get_json()["turns"][0]["answer"] == answer["answer"]


def test_the_exported_file_hides_no_link_and_no_image(tenant: Tenant) -> None:
    question = "Quel délai de recours ? ![x](https://evil.test/a) <script>alert(1)</script>"
    tenant.shelve(
        "![p](https://evil.test).txt", "Le délai de recours : ![i](https://evil.test/b) trente jours."
    )
    conversation = tenant.ask(question)["conversation_id"]

    text = tenant.client.get(f"/api/conversations/{conversation}/export", headers=tenant.member).get_data(
        as_text=True
    )

    assert "evil.test" not in text
    assert "<script>" not in text


@pytest.mark.parametrize("query", ["format=docx", "format=", "other=1", "format=json&format=markdown"])
def test_another_format_is_refused(tenant: Tenant, query: str) -> None:
    conversation = tenant.ask()["conversation_id"]

    response = tenant.client.get(f"/api/conversations/{conversation}/export?{query}", headers=tenant.member)

    assert response.status_code == 400


def test_an_answer_without_sources_is_exported_without_a_list(tenant: Tenant) -> None:
    conversation = tenant.ask("Quelle est la recette de la tarte aux pommes ?")["conversation_id"]

    text = tenant.client.get(f"/api/conversations/{conversation}/export", headers=tenant.member).get_data(
        as_text=True
    )

    assert "Sources" not in text


@pytest.mark.parametrize(("number", "status"), [(2**63 - 1, 404), (2**63, 400), (10**30, 400), (0, 400)])
def test_a_number_no_conversation_can_have_is_refused(tenant: Tenant, number: int, status: int) -> None:
    body = {"question": ASKED, "conversation_id": number}

    assert tenant.post("/api/chat", body).status_code == status
    assert tenant.requests_used == 0


def test_the_answer_to_somebody_removed_meanwhile_reaches_nobody_else(tenant: Tenant) -> None:
    accounts, assistant = tenant.services.accounts, tenant.services.assistant
    tenant.sign_up("admin@dupont.test", "admin")
    token = tenant.sign_up("paul@dupont.test")["Authorization"].removeprefix("Bearer ")
    paul = accounts.sessions.actor_of_token(token)
    assert paul.user_id is not None

    with assistant.open(paul, Asked(ASKED)) as running:
        accounts.users.remove(paul.user_id)
        eve = tenant.sign_up("eve@dupont.test")
        with pytest.raises(Unauthenticated):
            list(running)

    assert get(tenant, "/api/conversations", eve) == {"conversations": []}
    assert tenant.requests_used == 0


def test_the_operator_holds_no_conversation(open_tenant: OpenTenant) -> None:
    tenant = open_tenant()

    with pytest.raises(Forbidden):
        tenant.services.assistant.answer(OPERATOR, Asked(ASKED))
    assert tenant.requests_used == 0


def _rows(tenant: Tenant) -> tuple[int, ...]:
    with tenant.services.database.read() as session:
        return tuple(
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Conversation, Turn, CitedPassage)
        )


def test_a_conversation_is_renamed_and_found_by_its_words(tenant: Tenant) -> None:
    first = tenant.ask()["conversation_id"]
    tenant.ask("Quelle est la durée de la carte de résident ?")
    path = f"/api/conversations/{first}"

    renamed = tenant.client.patch(path, json={"title": "Affaire 100 %"}, headers=tenant.member)

    assert renamed.get_json()["title"] == "Affaire 100 %"
    for words in ("100 %", "trente jours", "AFFAIRE territoire"):
        rows = get(tenant, f"/api/conversations?q={quote(words)}")["conversations"]
        assert [row["id"] for row in rows] == [first]
    assert get(tenant, "/api/conversations?q=tarte")["conversations"] == []


@pytest.mark.parametrize("title", ["", "  ", "x" * 81, "a\nb"])
def test_a_title_that_says_nothing_or_too_much_is_refused(tenant: Tenant, title: str) -> None:
    conversation = tenant.ask()["conversation_id"]

    response = tenant.client.patch(
        f"/api/conversations/{conversation}", json={"title": title}, headers=tenant.member
    )

    assert response.status_code == 400


def test_a_thumb_and_its_reason_are_kept_and_taken_back(tenant: Tenant) -> None:
    answer = tenant.ask()
    path = f"/api/turns/{answer['turn_id']}/feedback"
    body = {"rating": "down", "comment": "Il manque l'exception."}

    assert tenant.client.put(path, json=body, headers=tenant.member).status_code == 200
    (turn,) = get(tenant, f"/api/conversations/{answer['conversation_id']}")["turns"]
    assert (turn["rating"], turn["comment"]) == ("down", "Il manque l'exception.")

    tenant.client.put(path, json={"rating": None}, headers=tenant.member)
    (turn,) = get(tenant, f"/api/conversations/{answer['conversation_id']}")["turns"]
    assert (turn["rating"], turn["comment"]) == (None, "")


def test_an_answer_made_again_takes_the_place_of_the_last_one(tenant: Tenant) -> None:
    first = tenant.ask()
    last = tenant.ask("Et la carte de résident ?", conversation_id=first["conversation_id"])
    path = f"/api/conversations/{first['conversation_id']}/turns"

    assert tenant.post(f"{path}/{first['turn_id']}/regenerate", {}).status_code == 404
    again = tenant.post(f"{path}/{last['turn_id']}/regenerate", {}).get_json()

    turns = get(tenant, f"/api/conversations/{first['conversation_id']}")["turns"]
    assert [turn["id"] for turn in turns] == [first["turn_id"], again["turn_id"]]
    assert turns[1]["question"] == "Et la carte de résident ?"
    assert tenant.requests_used == 3


def test_what_is_not_one_s_own_cannot_be_renamed_rated_or_made_again(tenant: Tenant) -> None:
    answer = tenant.ask()
    eve = tenant.sign_up("eve@dupont.test", "admin")
    path = f"/api/conversations/{answer['conversation_id']}"

    renamed = tenant.client.patch(path, json={"title": "À moi"}, headers=eve)
    rated = tenant.client.put(f"/api/turns/{answer['turn_id']}/feedback", json={"rating": "up"}, headers=eve)
    again = tenant.post(f"{path}/turns/{answer['turn_id']}/regenerate", {}, eve)

    assert [response.status_code for response in (renamed, rated, again)] == [404, 404, 404]


def test_a_conversation_is_taken_away_as_pdf_where_the_plan_has_it(open_tenant: OpenTenant) -> None:
    tenant = open_tenant("invent")
    conversation = tenant.ask()["conversation_id"]

    file = tenant.client.get(f"/api/conversations/{conversation}/export?format=pdf", headers=tenant.member)

    assert file.mimetype == "application/pdf"
    text = words_of(file.data)
    assert ASKED in text
    assert "[1] recours.txt, page 3" in text
    assert "Non étayé par les passages" in text


def test_a_plan_without_pdf_says_so(open_tenant: OpenTenant) -> None:
    tenant = open_tenant(advanced_features="false")
    conversation = tenant.ask()["conversation_id"]

    refused = tenant.client.get(f"/api/conversations/{conversation}/export?format=pdf", headers=tenant.member)

    assert (refused.status_code, refused.get_json()["code"]) == (403, "feature-not-included")


def test_a_case_one_does_not_see_cannot_be_asked_about(tenant: Tenant) -> None:
    response = tenant.post("/api/chat", {"question": ASKED, "case_id": 7})

    assert response.status_code == 404
    assert tenant.requests_used == 0


def test_a_follow_up_is_answered_on_the_subject_before(tenant: Tenant) -> None:
    conversation = tenant.ask("Combien de temps la carte de résident est-elle valable ?")["conversation_id"]

    answer = tenant.ask("Et elle est renouvelable ?", conversation_id=conversation)

    assert answer["citations"][0]["document"] == "resident.txt"
