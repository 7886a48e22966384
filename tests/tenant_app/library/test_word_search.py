"""Words are found in a document however their letters are written and their lines are broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.library.document_reader import MOST_SECTIONS, Section, sections, shortened
from tenant_app.library.word_search import MOST_PLACES, folded, places_of
from tenant_app.passages import HEADING_SEPARATOR

TEXT = "Le préavis est de trois\nmois. L’ŒUVRE ; le PRÉAVIS\u00a0du bailleur."


def found(words: str) -> list[str]:
    return [TEXT[start:end] for start, end in places_of(words, TEXT)]


@pytest.mark.parametrize(
    ("words", "places"),
    [
        ("preavis", ["préavis", "PRÉAVIS"]),
        ("Préavis", ["préavis", "PRÉAVIS"]),
        ("trois mois", ["trois\nmois"]),
        ("préavis du", ["PRÉAVIS\u00a0du"]),
        ("l'œuvre", ["L’ŒUVRE"]),
        ("(préavis", []),
        ("   ", []),
        ("", []),
    ],
)
def test_words_are_found_whatever_their_accents_case_and_line_ends(words: str, places: list[str]) -> None:
    assert found(words) == places


@given(st.text())
def test_folding_keeps_every_place(text: str) -> None:
    assert len(folded(text)) == len(text)


@given(st.text(min_size=1, alphabet="aé ’b\n"), st.text(alphabet="aé ’b\n"))
def test_each_place_holds_the_words(words: str, text: str) -> None:
    for start, end in places_of(words, text):
        assert folded(text[start:end]).split() == folded(words).split()


def test_no_more_places_are_told_than_anybody_visits() -> None:
    assert len(places_of("a", "a " * (MOST_PLACES + 5))) == MOST_PLACES


def test_each_heading_stands_once_in_the_outline_where_it_begins() -> None:
    def path(*titles: str) -> str:
        return HEADING_SEPARATOR.join(titles)

    passages = [
        (0, "", 1),
        (1, path("I", "A"), 1),
        (2, path("I", "A"), 2),
        (3, path("I", "B"), 2),
        (4, path("II"), 3),
        (5, path("II", "A"), None),
    ]

    assert sections(passages) == [
        Section("I", 0, 1, 1),
        Section("A", 1, 1, 1),
        Section("B", 1, 3, 2),
        Section("II", 0, 4, 3),
        Section("A", 1, 5, None),
    ]


def test_a_long_outline_keeps_its_outer_levels() -> None:
    chapters = [Section(f"Chapitre {n}", 0, n * 100, None) for n in range(20)]
    articles = [Section(f"Article {n}", 1, n, None) for n in range(MOST_SECTIONS)]

    assert shortened(chapters + articles) == chapters
    assert shortened(chapters) == chapters
    assert shortened([]) == []
    assert shortened([Section(f"Article {n}", 0, n, None) for n in range(MOST_SECTIONS + 1)]) == []
