"""A sentence of an answer is marked when its passages do not say so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.assistant.facts import facts_of
from tenant_app.assistant.support import Verdict, judge, read_source, together
from tests.tenant_app.assistant.hits import a_hit

LEASE = (
    "Le locataire peut donner congé à tout moment, par lettre recommandée, avec un préavis de trois mois. "
    "Le préavis est réduit à un mois lorsque le logement est situé en zone tendue. "
    "Le dépôt de garantie s’élève à 940 euros. Il n'est pas restitué avant la remise des clés. "
    "L'article L. 313-11 du code s'applique."
)


def verdict(claim: str, meaning: float | None = None) -> Verdict:
    source = read_source(a_hit(LEASE), "fr")
    return judge(claim, {0: source}, None if meaning is None else {0: meaning}, "fr")


@pytest.mark.parametrize(
    "claim",
    [
        "Le préavis est réduit à un mois lorsque le logement est situé en zone tendue. [1]",
        "**Le préavis est réduit à un mois** lorsque le logement est situé en zone tendue [1].",
        "En zone tendue, le préavis du locataire est réduit à 1 mois [1].",
        "Le locataire donne congé avec un préavis de 3 mois, par lettre recommandée.",
        "Le dépôt de garantie s'élève à 940 €.",
        "Le bail dit que « le dépôt de garantie s'élève à 940 euros ».",
        "Il n'est pas restitué avant que les clés soient remises.",
    ],
)
def test_what_the_passage_says_is_supported(claim: str) -> None:
    found = verdict(claim)

    assert (found.supported, found.doubt) == (True, None)
    assert found.support >= 0.5


@pytest.mark.parametrize(
    ("claim", "doubt"),
    [
        ("Le locataire donne congé avec un préavis de six mois, par lettre recommandée.", "facts"),
        ("Le préavis est réduit à trois semaines lorsque le logement est situé en zone tendue.", "facts"),
        ("Le dépôt de garantie s'élève à 490 euros.", "facts"),
        ("L'article L. 313-12 du code s'applique.", "facts"),
        ("Le bail dit que « le dépôt de garantie est offert au locataire ».", "quotation"),
        ("Le préavis n'est pas réduit lorsque le logement est situé en zone tendue.", "negation"),
        ("La cuisson de la tarte aux pommes se fait dans un four très chaud.", "words"),
    ],
)
def test_what_it_does_not_say_is_marked_and_the_reason_named(claim: str, doubt: str) -> None:
    found = verdict(claim)

    assert (found.supported, found.doubt) == (False, doubt)
    assert found.support < 0.5


@pytest.mark.parametrize(
    "claim", ["## Préavis du locataire", "Voici les règles du bail :", "Et alors ?", "Oui."]
)
def test_what_states_nothing_is_neither(claim: str) -> None:
    assert verdict(claim).supported is None


def test_meaning_speaks_where_words_differ() -> None:
    claim = "Quitter les lieux reste possible n'importe quand si l'on prévient le bailleur par courrier."

    assert verdict(claim, meaning=0.95).support > verdict(claim, meaning=0.1).support


def test_passages_cited_together_support_what_neither_says_alone() -> None:
    first = read_source(a_hit("Le recours est porté devant le tribunal administratif de Paris."), "fr")
    second = read_source(a_hit("Le délai du recours est de trente jours à compter de la notification."), "fr")
    claim = "Le recours est porté devant le tribunal de Paris dans le délai de trente jours [1][2]."

    assert judge(claim, {0: first, 1: second}, None, "fr").supported is False
    assert judge(claim, {0: first, 1: second, -1: together([first, second])}, None, "fr").supported is True


def test_without_a_passage_nothing_is_supported() -> None:
    assert judge("Le préavis est de trois mois.", {}, None, "fr").supported is False


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("trente jours", "30 jours"),
        ("vingt-quatre heures", "24 h"),
        ("quatre-vingt-dix jours", "90 days"),
        ("un an", "1 year"),
        ("1 200,50 euros", "1200.5 €"),
        ("douze pour cent", "12 pour 100"),
    ],
)
def test_a_figure_is_the_same_however_it_is_written(one: str, other: str) -> None:
    assert facts_of(one) == facts_of(other)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_two_different_figures_are_two_facts(one: int, other: int) -> None:
    assert (facts_of(f"{one} euros") == facts_of(f"{other} euros")) == (one == other)


@given(st.text(max_size=200))
def test_any_text_has_facts_and_is_supported_by_itself(text: str) -> None:
    source = read_source(a_hit(text), "fr")

    assert facts_of(text) <= source.facts
    assert judge(text, {0: source}, None, "fr").supported is not False
