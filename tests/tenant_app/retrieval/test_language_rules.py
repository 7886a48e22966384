"""Words as full-text search compares them, and which language they are in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.errors import InvalidInput
from tenant_app.retrieval.analysis import analyse
from tenant_app.retrieval.language import Language, detect_language
from tenant_app.retrieval.query import accepted_query


@pytest.mark.parametrize(
    ("question", "passage", "language"),
    [
        ("congés payés", "Le congé payé annuel", "fr"),
        ("licencier", "le licenciement", "fr"),
        ("l'étranger", "des étrangers", "fr"),
        ("qu’un employeur", "Les EMPLOYEURS", "fr"),
        ("À L’ÉTRANGER", "à l'étranger", "fr"),
        ("œuvre", "oeuvres", "fr"),
        ("L. 313-11", "article L313-11", "fr"),
        ("article 313-11", "L. 313-11", "fr"),
        ("R.4624-31", "l'article R. 4624-31 du code", "fr"),
        ("R*. 123-4", "R123-4", "fr"),
        ("L 1221-19", "L1221-19", "fr"),
        ("D. 12", "D12", "fr"),
        ("mots de passe", "con\u00adfi\ufb01 mot de pas\u00adse", "fr"),
        ("printers", "the printer", "en"),
        ("resetting passwords", "reset the password", "en"),
    ],
)
def test_a_question_shares_terms_with_what_it_means(question: str, passage: str, language: Language) -> None:
    assert set(analyse(question, language)) & set(analyse(passage, language))


@pytest.mark.parametrize(
    ("one", "other"),
    [("L. 313-11", "L. 313-12"), ("L. 313-11", "R. 511-11"), ("12-3", "12"), ("marché", "marche à pied")],
)
def test_different_things_share_no_whole_reference(one: str, other: str) -> None:
    assert not {term for term in analyse(one, "fr") if term[-1].isdigit()} & set(analyse(other, "fr"))


def test_words_that_say_nothing_are_left_out() -> None:
    assert analyse("Est-ce que je peux avoir un logement ?", "fr") == ["log"]
    assert analyse("How do I get a printer?", "en") == ["get", "printer"]


@given(st.text(), st.sampled_from(["fr", "en"]))
def test_terms_are_safe_to_join_and_to_quote(words: str, language: Language) -> None:
    for term in analyse(words, language):
        assert term
        assert '"' not in term
        assert term.split() == [term]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Quel est le délai de préavis pour un logement ?", "fr"),
        ("How long is the notice period for a flat?", "en"),
        ("préavis logement", "fr"),
        ("notice period", None),
        ("", None),
        ("Der Mieter zahlt Miete", None),
    ],
)
def test_the_language_of_a_question_is_known_by_its_words(text: str, language: Language | None) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "empty-query"),
        ("  \n", "empty-query"),
        ("x" * 501, "query-too-long"),
        ("a\x00b", "control-characters"),
    ],
)
def test_queries_that_ask_nothing_or_too_much_are_refused(query: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        accepted_query(query, 500)
    assert refusal.value.code == code


def test_an_ordinary_query_is_kept_as_it_is() -> None:
    assert accepted_query(" L'été,\nà Nîmes ? ", 500) == " L'été,\nà Nîmes ? "
