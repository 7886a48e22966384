"""A follow-up is searched with what the conversation is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.assistant.follow_ups import MOST_CARRIED, sought

FIRST = "Quel est le délai de recours contre une obligation de quitter le territoire ?"


@pytest.mark.parametrize(
    ("question", "before", "carried"),
    [
        ("Et pour un mineur ?", [FIRST], ["délai", "recours", "obligation", "quitter", "territoire"]),
        ("Et pour un mineur ?", [FIRST, "Et pour un étudiant ?"], ["étudiant", "délai", "recours"]),
        ("Ce délai est-il prolongé en été ?", [FIRST], ["recours", "obligation", "territoire"]),
        ("What about minors?", ["How long may an order to leave be challenged?"], ["order", "challenged"]),
        ("Pourquoi ?", [FIRST], ["délai", "recours"]),
    ],
)
def test_a_follow_up_carries_the_subject_on(question: str, before: list[str], carried: list[str]) -> None:
    query = sought(question, before, "fr")

    assert query.startswith(question)
    for word in carried:
        assert word in query


@pytest.mark.parametrize(
    "question",
    [
        "Quelles sont les conditions de délivrance de la carte de résident permanent ?",
        "Combien coûte la taxe de renouvellement du titre de séjour étudiant en préfecture ?",
    ],
)
def test_a_question_that_stands_alone_is_searched_alone(question: str) -> None:
    assert sought(question, [FIRST], "fr") == question


def test_the_first_question_is_searched_as_it_is() -> None:
    assert sought("Et pour un mineur ?", [], "fr") == "Et pour un mineur ?"


def test_a_word_both_questions_hold_is_searched_once() -> None:
    assert sought("Et le délai ?", ["Quel délai de recours ?"], "fr") == "Et le délai ? recours"


@given(st.text(max_size=80), st.lists(st.text(max_size=80), max_size=4))
def test_whatever_is_asked_the_question_stays_whole_and_little_is_added(
    question: str, before: list[str]
) -> None:
    query = sought(question, before, "fr")

    assert query.startswith(question)
    assert len(query.removeprefix(question).split()) <= MOST_CARRIED * 2
