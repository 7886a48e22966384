"""Without a language model, answers are the documents' own sentences, and silence is said."""

import pytest
from sqlalchemy import delete

from tenant_app.passages import Document
from tests.tenant_app.assistant.conftest import OpenTenant
from tests.tenant_app.assistant.tenant import RECOURS, Tenant


def test_the_answer_is_a_sentence_of_the_documents_with_its_source(tenant: Tenant) -> None:
    answer = tenant.ask()

    assert answer["mode"] == "local"
    assert answer["found"] is True
    assert "est de trente jours." in answer["answer"]
    assert answer["answer"].endswith("[1]")
    (citation,) = answer["citations"]
    assert (citation["n"], citation["document"], citation["page"]) == (1, "recours.txt", 3)
    assert citation["passage"] == RECOURS
    assert citation["quote"] in RECOURS
    assert 0 < citation["score"] <= 1
    assert tenant.notices(answer) == ["provider-not-configured"]


def test_every_mark_has_its_citation_and_every_citation_its_mark(tenant: Tenant) -> None:
    tenant.shelve("guide.txt", "Un recours contre la carte de résident refusée se fait dans les deux mois.")

    answer = tenant.ask("Quel recours, et dans quel délai, pour une carte de résident refusée ?")

    assert answer["citations"]
    for citation in answer["citations"]:
        assert f"[{citation['n']}]" in answer["answer"]
    assert [citation["n"] for citation in answer["citations"]] == list(range(1, len(answer["citations"]) + 1))


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (
            "Quelle est la recette de la tarte aux pommes ?",
            "Je n'ai pas trouvé la réponse dans vos documents.",
        ),
        ("Where can I buy a new bicycle helmet?", "I could not find the answer in your documents."),
    ],
)
def test_what_the_documents_do_not_say_is_said_in_the_question_s_language(
    tenant: Tenant, question: str, said: str
) -> None:
    answer = tenant.ask(question)

    assert answer["answer"] == said
    assert answer["found"] is False
    assert answer["citations"] == []
    assert answer["mode"] == "local"


def test_a_passage_with_too_little_to_do_with_the_question_is_not_quoted(tenant: Tenant) -> None:
    answer = tenant.ask("Quels impôts, taxes ou amendes, et quel recours ?")

    assert answer["found"] is False
    assert tenant.notices(answer) == []


def test_an_empty_library_says_so_and_still_counts_a_request(tenant: Tenant) -> None:
    with tenant.services.database.write() as session:
        session.execute(delete(Document))

    assert tenant.ask()["found"] is False
    assert tenant.requests_used == 1


def test_the_reader_is_told_that_the_search_by_meaning_is_down(tenant: Tenant) -> None:
    notices = {notice["code"]: notice["message"] for notice in tenant.ask()["notices"]}

    assert "seuls les mots" in notices["search-degraded"]


def test_marks_links_and_images_of_a_document_do_not_pass_into_the_answer(tenant: Tenant) -> None:
    tenant.shelve(
        "piege.txt",
        "Le code du coffre du cabinet [7] figure ![ici](https://evil.test/?d=secret) et "
        "<img src=https://evil.test/x> dans [la note](https://evil.test).",
    )

    answer = tenant.ask("Quel est le code du coffre du cabinet ?")

    assert "evil.test" not in answer["answer"]
    assert "[7]" not in answer["answer"]
    assert "(7) figure ici" in answer["answer"]


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("", "empty-question"),
        (" \n\t ", "empty-question"),
        ("a" * 501, "question-too-long"),
        ("délai\x00?", "control-characters"),
        ("délai\x1b[2J", "control-characters"),
        ("délai\x7f", "control-characters"),
    ],
)
def test_a_question_that_is_not_one_is_refused_and_counts_nothing(
    tenant: Tenant, question: str, code: str
) -> None:
    for path, body in (
        ("/api/chat", {"question": question}),
        ("/api/chat", {"question": question, "stream": True}),
        ("/v1/chat/completions", {"model": "x", "messages": [{"role": "user", "content": question}]}),
    ):
        response = tenant.post(path, body)
        assert response.status_code == 400
        problem = response.get_json()
        assert problem.get("error", problem)["code"] == code
    assert tenant.requests_used == 0


def test_a_question_as_long_as_allowed_and_on_several_lines_is_accepted(tenant: Tenant) -> None:
    assert tenant.ask("Quel est le délai\nde recours ?".ljust(500))["found"] is True


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"question": 3},
        {"question": None},
        {"question": ["a"]},
        {"question": "Oui ?", "model": "other"},
        {"question": "Oui ?", "conversation_id": 0},
        {"question": "Oui ?", "conversation_id": "1 OR 1=1"},
    ],
)
def test_a_body_of_another_shape_is_refused(tenant: Tenant, body: dict[str, object]) -> None:
    assert tenant.post("/api/chat", body).status_code == 400
    assert tenant.requests_used == 0


def test_the_answer_says_what_it_took_and_where_the_month_stands(open_tenant: OpenTenant) -> None:
    tenant = open_tenant(max_requests_monthly="")
    tenant.ask()

    assert tenant.ask()["usage"] == {
        "month": "2025-01",
        "tokens_in": 0,
        "tokens_out": 0,
        "cost": 0.0,
        "requests_used": 2,
        "requests_limit": None,
    }


def test_beyond_the_quota_the_answer_is_429_and_says_when_to_come_back(open_tenant: OpenTenant) -> None:
    tenant = open_tenant(max_requests_monthly="1")
    tenant.ask()

    for body in ({"question": "Encore ?"}, {"question": "Encore ?", "stream": True}):
        response = tenant.post("/api/chat", body)
        assert response.status_code == 429
        # 15 January 10:00 to 1 February 00:00.
        assert response.headers["Retry-After"] == str((16 * 24 + 14) * 3600)
        assert response.content_type == "application/problem+json"
    assert tenant.services.streams.active == 0
