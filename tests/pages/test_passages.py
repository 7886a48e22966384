"""The highlighted words are exactly those the answer rests on."""

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from tenant_app.web.answers import with_links
from tenant_app.web.passages import (
    AROUND_CHARACTERS,
    pieces,
    ranges_cited,
    read_ranges,
    shortened,
    unwrapped,
    written,
)

PASSAGE = (
    "Le congé est donné par lettre. Le préavis est de trois mois.\nIl court dès la réception de la lettre."
)


def cited(answer: str, quote: str, number: int = 1) -> list[str]:
    """Return the highlighted words."""
    ranges = ranges_cited(answer, number, quote, PASSAGE)
    return [piece.text for piece in pieces(PASSAGE, ranges) if piece.cited]


def test_the_quote_is_highlighted() -> None:
    assert cited("Trois mois. [1]", "Le préavis est de trois mois.") == ["Le préavis est de trois mois."]


def test_every_sentence_the_answer_repeats_is_highlighted() -> None:
    answer = "Le congé est donné par lettre. [1] Il court dès la réception de la lettre. [1]"

    assert cited(answer, "Le congé est donné par lettre.") == [
        "Le congé est donné par lettre.",
        "Il court dès la réception de la lettre.",
    ]


def test_neighbouring_sentences_are_one_stretch() -> None:
    answer = "Le congé est donné par lettre. [1] Le préavis est de trois mois. [1]"

    assert cited(answer, "Le préavis est de trois mois.") == [
        "Le congé est donné par lettre. Le préavis est de trois mois."
    ]


def test_words_are_found_however_their_lines_are_broken() -> None:
    quote = "Le préavis est de trois mois. Il court dès la réception"

    assert cited("…", quote) == ["Le préavis est de trois mois. Il court dès la réception"]


def test_words_of_another_source_are_not_highlighted() -> None:
    answer = "Il court dès la réception de la lettre. [2] Le congé est donné par lettre. [1]"

    assert cited(answer, "Le congé est donné par lettre.") == ["Le congé est donné par lettre."]


def test_two_marks_together_are_about_the_same_words() -> None:
    answer = "Le préavis est de trois mois. [1][2]"

    assert cited(answer, "", number=2) == ["Le préavis est de trois mois."]


def test_without_words_that_fit_the_whole_passage_is_shown_as_cited() -> None:
    assert cited("Tout autre chose. [1]", "des mots d’ailleurs") == [unwrapped(PASSAGE)]


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("3-9", [(3, 9)]),
        ("12-20,3-9", [(3, 9), (12, 20)]),
        ("3-9,5-12", [(3, 12)]),
        (None, []),
        ("", []),
        ("3", []),
        ("-1-9", []),
        ("3-9;DROP", []),
        ("1-99999999", []),
        (",".join(["1-2"] * 60), []),
    ],
)
def test_an_address_carries_places_and_nothing_else(text: str | None, ranges: list[tuple[int, int]]) -> None:
    assert read_ranges(text) == ranges


@given(st.text(), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=8))
def test_cutting_loses_no_character(passage: str, ranges: list[tuple[int, int]]) -> None:
    places = read_ranges(written([(start, end) for start, end in ranges]))

    assert "".join(piece.text for piece in pieces(passage, places)) == unwrapped(passage)


@given(st.text())
def test_unwrapping_keeps_every_place(text: str) -> None:
    assert len(unwrapped(text)) == len(text)


def test_lines_broken_inside_a_paragraph_are_joined_lists_and_headings_are_not() -> None:
    paragraph = "Le locataire peut donner congé à tout moment, par lettre recommandée,\navec un préavis."

    assert unwrapped(paragraph) == paragraph.replace("\n", " ")
    assert unwrapped("Article 6\nLe locataire") == "Article 6\nLe locataire"
    assert unwrapped("x" * 60 + "\n- premier point") == "x" * 60 + "\n- premier point"


def test_what_stands_around_is_cut_between_words() -> None:
    before, after = shortened("avant " * 100, "après " * 100)

    assert before.startswith("… avant")
    assert after.endswith("après …")
    assert len(before) <= AROUND_CHARACTERS + 2
    assert shortened("peu", "de mots") == ("peu", "de mots")


class Source:
    """A source whose name means harm."""

    number = 1
    document = '"><script>alert(1)</script>'
    document_url = "/documents/1?passage=2&words=3-4#passage"
    passage_url = "/conversations/1/turns/1/sources/1"


def test_a_number_becomes_a_link_and_a_hostile_name_stays_text(pages_app: Flask) -> None:
    with pages_app.test_request_context("/"):
        html = with_links(Markup("<p>Trois mois [1], voir [7].</p>"), {1: Source()})

    assert '<a class="cite" href="/documents/1?passage=2&amp;words=3-4#passage"' in html
    assert "<script>" not in html
    assert "voir [7]" in html


def test_a_number_inside_a_tag_is_left_alone(pages_app: Flask) -> None:
    with pages_app.test_request_context("/"):
        html = with_links(Markup('<ol start="[1]"><li>un</li></ol>'), {1: Source()})

    assert html == '<ol start="[1]"><li>un</li></ol>'
