"""The small rules of reading: characters, headings known by their words, lines put back into paragraphs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.library.parsing.characters import normalise, one_line
from tenant_app.library.parsing.cut_words import CutWords
from tenant_app.library.parsing.paragraphs import reflow
from tenant_app.library.parsing.running_lines import without_running_lines
from tenant_app.library.parsing.structure import heading_level, is_article


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("con\ufb01dentiel", "confidentiel"),
        ("déri\u00advées", "dérivées"),
        ("for\ufffemat", "format"),
        ("3,50\u00a0€", "3,50 €"),
        ("e\u0301te\u0301", "été"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("nul\x00 et \ud800seul", "nul et seul"),
        ("un\t\tdeux", "un deux"),
    ],
)
def test_characters_become_those_people_type(written: str, read: str) -> None:
    assert normalise(written) == read


@given(st.text())
def test_normalised_text_can_always_be_stored_and_stays_the_same(text: str) -> None:
    once = normalise(text)
    assert once.encode() is not None
    assert normalise(once) == once


def test_one_line_has_no_line_ends() -> None:
    assert one_line(" un\n deux \u2028trois ") == "un deux trois"


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("Article L313-11", 6),
        ("Article R. 4624-31", 6),
        ("ARTICLE 12 – Résiliation", 6),
        ("Art. 3", 6),
        ("Article premier", 6),
        ("TITRE Ier : GÉNÉRALITÉS", 3),
        ("Chapitre unique", 4),
        ("Sous-section 2 : Le document de circulation", 6),
        ("Première partie", 1),
        ("ANNEXE A", 1),
        ("Chapter 3: Scope", 2),
        ("Article L313-11 du code prévoit une carte de séjour", 0),
        ("article L313-11", 0),
        ("Le titre de séjour est délivré.", 0),
        ("Titre de transport", 0),
        ("Section 2 : " + "mot " * 40, 0),
    ],
)
def test_headings_are_known_by_their_words(line: str, level: int) -> None:
    assert heading_level(line) == level
    assert is_article(line) == (level == 6 and not line.startswith("Sous"))


def test_a_short_line_ends_its_paragraph() -> None:
    page = (
        "Le bailleur remet au locataire les clés du logement le jour\n"
        "de la signature du bail.\n"
        "Le dépôt de garantie est fixé à un mois de loyer en principal\n"
        "et il est versé à la signature."
    )
    assert list(reflow(page, CutWords([]))) == [
        "Le bailleur remet au locataire les clés du logement le jour de la signature du bail.",
        "Le dépôt de garantie est fixé à un mois de loyer en principal et il est versé à la signature.",
    ]


def test_list_items_and_blank_lines_begin_a_paragraph() -> None:
    assert list(reflow("Pièces :\n• passeport\n• visa\n\n1. demande", CutWords([]))) == [
        "Pièces :",
        "• passeport",
        "• visa",
        "1. demande",
    ]


@pytest.mark.parametrize(
    ("page", "elsewhere", "read"),
    [
        ("des informations déri-\nvées du texte", "", "des informations dérivées du texte"),
        ("et de pré-\nreprise du travail", "la visite de pré-reprise", "et de pré-reprise du travail"),
        ("et de pré-\nreprise du travail", "la prise, la préreprise", "et de préreprise du travail"),
        ("the agree-\nment of both", "This Agreement", "the agreement of both"),
        ("du sous-\ntraitant", "", "du sous-traitant"),
        ("si celui-\nci refuse", "", "si celui-ci refuse"),
        ("de Saint-\nDenis", "", "de Saint-Denis"),
        ("un savoir-\nfaire et un rendez-\nvous", "le rendez-vous", "un savoir-faire et un rendez-vous"),
        ("de 1998-\n2003", "", "de 1998-2003"),
    ],
)
def test_a_hyphen_at_a_lines_end_is_judged_by_the_words_of_the_document(
    page: str, elsewhere: str, read: str
) -> None:
    assert " ".join(reflow(page, CutWords([page, elsewhere]))) == read


@pytest.mark.parametrize("footer", ["Bail commercial", "Page {} sur 6", "Cabinet Dupont – {}"])
def test_what_runs_through_all_pages_is_read_once(footer: str) -> None:
    texts = [f"Le texte de la clause {letter}\net sa suite {letter}" for letter in "abcdef"]
    pages = [f"{text}\n{footer.format(number + 3)}" for number, text in enumerate(texts)]
    assert without_running_lines(pages) == [pages[0], *texts[1:]]


def test_lines_that_only_look_alike_stay() -> None:
    totals = (812, 67, 1290, 4, 33)
    pages = [f"Article {place}\nClause {place * place}\nTotal : {one} €" for place, one in enumerate(totals)]
    assert without_running_lines(pages) == pages
    few = ["Bail commercial\nun", "Bail commercial\ndeux", "Bail commercial\ntrois"]
    assert without_running_lines(few) == few


def test_an_empty_page_has_no_paragraph() -> None:
    assert list(reflow("\n \n", CutWords([]))) == []
