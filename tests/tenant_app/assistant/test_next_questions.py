"""After an answer, what stands near its passages and was not asked about yet is offered as questions."""

from typing import Any

import pytest
from sqlalchemy import update

from tenant_app.assistant.next_questions import Neighbour, questions_about
from tenant_app.passages import Document
from tenant_app.retrieval.language import Language
from tests.tenant_app.assistant.conftest import OpenTenant
from tests.tenant_app.assistant.tenant import Tenant

LEASE = [
    "Article 1 – Objet du bail",
    "Le bailleur loue au locataire un appartement de trois pièces.",
    "Article 2 – Durée du contrat",
    "Le contrat est conclu pour six années entières.",
    "Article 3 – Congé",
    "Le locataire donne congé avec un préavis de trois mois, par lettre recommandée.",
    "Article 4 – Dépôt de garantie",
    "La somme de 940 euros est remise à la signature, puis rendue après les clés.",
    "Article 5 – Animaux domestiques",
    "La détention est admise sans trouble pour les voisins.",
]
CONGE = "Quel préavis le locataire doit-il respecter pour donner congé ?"
DEPOSIT = "Que dit l’article 4 – Dépôt de garantie ?"
DURATION = "Que dit l’article 2 – Durée du contrat ?"
ANIMALS = "Que dit l’article 5 – Animaux domestiques ?"
OBJECT = "Que dit l’article 1 – Objet du bail ?"


def near(*headings: str, language: Language = "fr") -> list[Neighbour]:
    return [
        Neighbour(distance=place, before=False, heading=heading, language=language)
        for place, heading in enumerate(headings)
    ]


@pytest.fixture
def tenant(open_tenant: OpenTenant) -> Tenant:
    """Return a tenant whose library holds a lease."""
    tenant = open_tenant()
    tenant.shelve("bail.txt", *LEASE)
    return tenant


def test_the_articles_next_to_the_one_cited_are_offered_the_following_ones_first(tenant: Tenant) -> None:
    answer = tenant.ask(CONGE)

    assert [citation["document"] for citation in answer["citations"]] == ["bail.txt"]
    assert answer["next_questions"] == [DEPOSIT, DURATION, ANIMALS]


def test_the_same_question_leads_to_the_same_ones_streamed_or_not(tenant: Tenant) -> None:
    assert tenant.stream(CONGE)[-1][1]["next_questions"] == tenant.ask(CONGE)["next_questions"]


def test_what_the_conversation_asked_about_is_not_offered_again(tenant: Tenant) -> None:
    first = tenant.ask(CONGE)
    conversation = first["conversation_id"]

    second = tenant.ask("Combien vaut le dépôt de garantie ?", conversation_id=conversation)

    assert [citation["document"] for citation in second["citations"]] == ["bail.txt"]
    assert second["next_questions"] == [ANIMALS, DURATION, OBJECT]


def test_a_question_offered_finds_its_article(tenant: Tenant) -> None:
    offered = tenant.ask(CONGE)["next_questions"][0]

    answer = tenant.ask(offered)

    assert "940 euros" in answer["citations"][0]["passage"]


def test_they_are_in_the_language_of_the_document(tenant: Tenant) -> None:
    with tenant.services.database.write() as session:
        session.execute(update(Document).where(Document.name == "bail.txt").values(language="en"))

    assert tenant.ask(CONGE)["next_questions"][0] == "What does Article 4 – Dépôt de garantie say?"


@pytest.mark.parametrize(
    "question",
    ["Quelle est la recette de la tarte aux pommes ?", "Combien d'années vaut la carte de résident ?"],
)
def test_nothing_is_offered_without_headings_near_a_citation(tenant: Tenant, question: str) -> None:
    assert tenant.ask(question)["next_questions"] == []


def test_a_compatible_answer_offers_nothing(tenant: Tenant) -> None:
    body: dict[str, Any] = {"model": "x", "messages": [{"role": "user", "content": CONGE}]}

    assert "next_questions" not in tenant.post("/v1/chat/completions", body).get_json()


def test_headings_become_questions_about_their_subject() -> None:
    assert questions_about(near("2.3 Remise des clés au gardien", "Article L313-12"), [], set()) == [
        "Que disent les documents sur « Remise des clés au gardien » ?",
        "Que dit l’article L313-12 ?",
    ]
    assert questions_about(near("4. Return of the keys", language="en"), [], set()) == [
        "What do the documents say about “Return of the keys”?"
    ]


@pytest.mark.parametrize("heading", ["Sommaire", "Introduction", "12", "", "DISPOSITIONS PARTICULIÈRES"])
def test_a_heading_that_does_not_say_what_it_is_about_makes_no_question(heading: str) -> None:
    assert questions_about(near(heading), [], set()) == []


@pytest.mark.parametrize(
    ("heading", "question"),
    [
        ("Article L313-12", "Que dit l'article L. 313-12 ?"),
        ("Remise des clés au gardien", "À quel gardien la remise des clés se fait-elle ?"),
        ("Article 4 – Dépôt de garantie", "Quel dépôt, quelles garanties ?"),
    ],
)
def test_a_heading_whose_words_were_asked_is_known(heading: str, question: str) -> None:
    assert questions_about(near(heading), [question], set()) == []
    assert questions_about(near(heading), ["Quel est le loyer ?"], {heading}) == []
    assert len(questions_about(near(heading, heading), ["Quel est le loyer ?"], set())) == 1
