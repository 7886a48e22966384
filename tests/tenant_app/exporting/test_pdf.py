"""A file somebody takes away: it holds every word, in any letters, and leads nowhere."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenant_app.exporting.blocks import Block, Heading, ListItem, Note, Paragraph, Quote, Sheet
from tenant_app.exporting.pdf import as_pdf
from tests.tenant_app.exporting.reading import words_of


def a_sheet(*blocks: Block, title: str = "Délai de recours") -> Sheet:
    return Sheet(title, "Cabinet Dupont & Associés", "fr", "page", blocks, subtitle="Le 15 janvier 2025")


def test_every_part_is_there_with_its_accents() -> None:
    text = words_of(
        as_pdf(
            a_sheet(
                Heading("Où déposer l’œuvre ?"),
                Paragraph("Première ligne\nseconde ligne à 12 % – 940 €"),
                Quote("Le préavis est de trois mois.", "bail.pdf, page 3"),
                ListItem("pièce manquante", "1."),
                Note("Réponse extraite de vos documents."),
            )
        )
    )

    for expected in (
        "Délai de recours",
        "Le 15 janvier 2025",
        "Où déposer l’œuvre ?",
        "Première ligne seconde ligne à 12 % – 940 €",
        "« Le préavis est de trois mois. »",
        "bail.pdf, page 3",
        "1. pièce manquante",
        "Réponse extraite de vos documents.",
        "Cabinet Dupont & Associés page 1",
    ):
        assert expected in text


def test_a_long_text_goes_on_over_pages() -> None:
    text = words_of(as_pdf(a_sheet(Paragraph("Le délai court. " * 2000))))

    assert text.count("délai") == 2000
    assert "page 2" in text


@pytest.mark.parametrize(
    "hostile",
    [
        '<img src="https://evil.test/pixel"/>',
        '<a href="https://evil.test">ici</a>',
        "<b>ouvert & jamais fermé",
        "![x](https://evil.test)",
    ],
)
def test_markup_in_a_text_is_words_and_nothing_is_fetched_or_linked(hostile: str) -> None:
    pdf = as_pdf(a_sheet(Paragraph(hostile), title=hostile))

    assert hostile in words_of(pdf)
    assert b"/URI" not in pdf
    assert b"/JavaScript" not in pdf


def test_control_characters_and_one_endless_word_harm_nothing() -> None:
    assert "ab" in words_of(as_pdf(a_sheet(Paragraph("a\x00\u200eb " + "x" * 5000))))


@given(st.text(max_size=200))
@settings(max_examples=30, deadline=None)
def test_any_text_can_be_written(text: str) -> None:
    assert (
        as_pdf(a_sheet(Paragraph(text), Quote(text, text), ListItem(text, "[1]"), title=text))[:4] == b"%PDF"
    )
