"""Passages follow the structure of a document and cover all of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.library.chunking import (
    LONGEST_HEADING_PATH,
    LONGEST_PASSAGE,
    MOST_PASSAGES,
    cut_passages,
    document_text,
)
from tenant_app.library.parsing.protocol import Block, ParseError

LONG = "Le bailleur est tenu de remettre au locataire un logement décent. " * 8


def test_an_article_begins_a_passage_and_is_its_heading() -> None:
    passages = cut_passages(
        [
            Block("TITRE Ier", level=3),
            Block("Article L111-1", level=4),
            Block("Sont considérées comme étrangers les personnes sans nationalité française."),
            Block("Article L111-2", level=4),
            Block("Le présent code régit l'entrée et le séjour."),
        ]
    )
    assert [passage.heading for passage in passages] == [
        "TITRE Ier › Article L111-1",
        "TITRE Ier › Article L111-2",
    ]
    assert passages[0].text.startswith("TITRE Ier\n\nArticle L111-1")
    assert passages[1].text.startswith("Article L111-2")


def test_an_article_stands_below_any_other_heading_and_ends_with_the_next() -> None:
    passages = cut_passages(
        [
            Block("Chapitre unique", level=4),
            Block("Article 1", level=1),
            Block(LONG),
            Block("Chapitre II", level=4),
            Block(LONG),
        ]
    )
    assert [passage.heading for passage in passages] == ["Chapitre unique › Article 1", "Chapitre II"]


def test_an_article_whose_text_follows_on_its_line_begins_a_passage_too() -> None:
    blocks = [Block(f"Article {number} : {LONG}") for number in ("11", "12 bis")]
    passages = cut_passages([Block("Bail", level=1), *blocks, Block("Suite. " + LONG)])
    assert [passage.heading for passage in passages] == [
        "Bail › Article 11",
        "Bail › Article 12 bis",
    ]
    assert passages[1].text.startswith("Article 12 bis : Le bailleur")
    assert passages[1].text.endswith("Suite. " + LONG)


def test_numbered_clauses_are_headings_below_their_article() -> None:
    passages = cut_passages(
        [
            Block("Article 4 - Résiliation"),
            Block("4.1 Préavis"),
            Block(LONG),
            Block("4.2 Forme de la résiliation"),
            Block(LONG),
            Block("Article 5 - Loyer"),
            Block(LONG),
        ]
    )
    assert [passage.heading for passage in passages] == [
        "Article 4 - Résiliation › 4.1 Préavis",
        "Article 4 - Résiliation › 4.2 Forme de la résiliation",
        "Article 5 - Loyer",
    ]


def test_a_numbered_paragraph_begins_a_passage_unless_the_one_before_is_short() -> None:
    passages = cut_passages([Block(f"4.{number} {LONG}") for number in range(1, 4)] + [Block("4.4 Fin.")])
    assert [passage.text[:3] for passage in passages] == ["4.1", "4.2", "4.3", "4.4"]
    assert len(cut_passages([Block("4.1 Le preneur paie."), Block("4.2 Le bailleur encaisse.")])) == 1


@pytest.mark.parametrize(
    "numbers", [("1.", "2.", "3."), ("I.", "II.", "III."), ("A -", "B -", "C -"), ("1)", "2)", "3)")]
)
def test_numbered_titles_are_headings_where_text_stands_below_each(numbers: tuple[str, ...]) -> None:
    titles = [f"{number} {title}" for number, title in zip(numbers, ("Objet", "Durée", "Prix"), strict=True)]
    sections = [block for title in titles for block in (Block(title), Block(LONG))]
    assert [passage.heading for passage in cut_passages(sections)] == titles
    items = [Block("Pièces à fournir :"), *map(Block, titles), Block(LONG)]
    assert {passage.heading for passage in cut_passages(items)} == {""}


def test_short_sections_are_read_together() -> None:
    passages = cut_passages(
        [Block("Objet", level=2), Block("Court."), Block("Durée", level=2), Block("Un an.")]
    )
    assert len(passages) == 1


def test_a_long_section_is_cut_between_its_paragraphs() -> None:
    passages = cut_passages([Block("Objet", level=2), Block(LONG), Block(LONG), Block(LONG)])
    assert [passage.heading for passage in passages] == ["Objet", "Objet"]
    assert all(len(passage.text) <= LONGEST_PASSAGE for passage in passages)


def test_a_long_paragraph_is_cut_after_a_sentence() -> None:
    passages = cut_passages([Block(LONG * 5)])
    assert len(passages) > 1
    assert all(passage.text.endswith(".") for passage in passages[:-1])


@pytest.mark.timeout(20)
def test_a_text_without_a_blank_line_is_cut_in_time_that_grows_with_its_length_only() -> None:
    text = "mot " * 5_000_000
    assert cut_passages([Block(text)])[-1].char_end == len(text)


def test_a_passage_has_the_page_it_begins_on() -> None:
    passages = cut_passages([Block("Un.", page=1), Block(LONG, page=1), Block(LONG * 2, page=2)])
    assert [passage.page for passage in passages] == [1, 2]


def test_a_heading_as_long_as_a_text_is_a_text() -> None:
    """A page-long title, or body text in a heading's style, is not copied into every passage below it."""
    passages = cut_passages([Block("Titre " * 5_000, level=1), Block("Objet", level=2), Block(LONG)])
    assert {passage.heading for passage in passages} == {"", "Objet"}
    assert all(len(passage.text) <= LONGEST_PASSAGE for passage in passages)


def test_a_passage_keeps_the_innermost_of_many_headings() -> None:
    titles = [Block(f"{level} {'titre ' * 30}", level=level) for level in range(1, 7)]
    (*_, last) = cut_passages([*titles, Block(LONG), Block("Article 7"), Block(LONG)])
    assert last.heading.endswith("Article 7")
    assert last.heading.startswith("5 titre")
    assert len(last.heading) <= LONGEST_HEADING_PATH


def test_a_document_of_more_passages_than_can_be_taken_in_is_refused() -> None:
    with pytest.raises(ParseError) as refusal:
        cut_passages([Block("Article 1"), Block("x")] * (MOST_PASSAGES + 1))
    assert refusal.value.code == "too_large"


def test_no_block_gives_no_passage() -> None:
    assert cut_passages([]) == []


@given(
    st.lists(
        st.builds(
            Block,
            text=st.one_of(
                st.text(alphabet="ab .\n", min_size=1, max_size=3000).filter(str.strip).map(str.strip),
                st.sampled_from(
                    ["Article 4 : Le preneur", "4.2 Préavis", "1. Objet", "2. Durée", "I - Loyer"]
                ),
            ),
            level=st.sampled_from([0, 0, 0, 1, 2, 6]),
        ),
        max_size=12,
    )
)
def test_passages_are_slices_that_cover_every_word(blocks: list[Block]) -> None:
    text = document_text(blocks)
    passages = cut_passages(blocks)
    position = 0
    for passage in passages:
        assert text[passage.char_start : passage.char_end] == passage.text
        assert text[position : passage.char_start].strip() == ""
        position = passage.char_end
    assert text[position:].strip() == ""
