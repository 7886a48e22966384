"""The lines of a laid-out page come in the order people read them."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.library.parsing.pdf import read_pdf
from tenant_app.library.parsing.protocol import Block
from tenant_app.library.parsing.reading_order import Piece, lines_in_reading_order
from tests.tenant_app.library.samples import EVALUATION_DOCUMENTS, laid_out_pdf

LEFT = [
    "Le bailleur est tenu de remettre au",
    "locataire un logement décent ne laissant",
    "pas apparaître de risques manifestes,",
    "exempt de toute infestation et répon-",
    "dant à un critère de performance.",
]
RIGHT = [
    "Le locataire est obligé de payer le loyer",
    "et les charges récupérables aux termes",
    "convenus ; le paiement mensuel est de",
    "droit lorsque le locataire en fait la",
    "demande.",
]
READ_LEFT = (
    "Le bailleur est tenu de remettre au locataire un logement décent ne laissant pas apparaître de risques "
    "manifestes, exempt de toute infestation et répondant à un critère de performance."
)
READ_RIGHT = (
    "Le locataire est obligé de payer le loyer et les charges récupérables aux termes convenus ; le paiement "
    "mensuel est de droit lorsque le locataire en fait la demande."
)
READ = [READ_LEFT, READ_RIGHT]


def _placed(lines: Sequence[str], left: float, top: float) -> list[tuple[float, float, str]]:
    return [(left, top - 14 * number, line) for number, line in enumerate(lines)]


def _read(tmp_path: Path, lines: Sequence[tuple[float, float, str]]) -> list[str]:
    path = tmp_path / "document.pdf"
    path.write_bytes(laid_out_pdf(lines))
    return [part.text for part in read_pdf(path) if isinstance(part, Block)]


@pytest.mark.parametrize("by_column", [True, False])
def test_two_columns_are_read_one_after_the_other_however_the_file_holds_them(
    tmp_path: Path, by_column: bool
) -> None:
    columns = [*_placed(LEFT, 50, 700), *_placed(RIGHT, 320, 700)]
    if not by_column:
        columns.sort(key=lambda line: -line[1])
    assert _read(tmp_path, columns) == READ


def test_a_title_above_and_a_note_below_two_columns_stay_there(tmp_path: Path) -> None:
    title = "Obligations du bailleur et du locataire dans les baux d'habitation en cours"
    note = "Texte en vigueur au premier janvier de l'année, sous réserve de dispositions contraires."
    rows = sorted([*_placed(LEFT, 50, 700), *_placed(RIGHT, 320, 700)], key=lambda line: -line[1])
    assert _read(tmp_path, [(50, 600, note), *rows, (50, 740, title)]) == [title, *READ, note]


def test_three_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    columns = [[f"texte {name} ligne {line}" for line in "abcd"] for name in ("un", "deux", "trois")]
    rows = [
        (50 + 180 * place, 700 - 14 * number, column[number])
        for number in range(4)
        for place, column in enumerate(columns)
    ]
    assert " ".join(_read(tmp_path, rows)) == " ".join(line for column in columns for line in column)


def test_the_cells_of_a_row_stay_together(tmp_path: Path) -> None:
    table = [("Loyer", "800 €"), ("Charges récupérables", "50 €"), ("Garage", "60 €"), ("Total", "910 €")]
    rows = [
        (left, 700 - 20 * number, cell)
        for number, row in enumerate(table)
        for left, cell in zip((50, 320), row, strict=True)
    ]
    text = " ".join(_read(tmp_path, rows))
    assert "Charges récupérables 50 €" in text
    assert "Total 910 €" in text


def _piece(text: str, left: float, bottom: float, width: float, height: float) -> Piece:
    return Piece(text, left, bottom, left + width, bottom + height)


@given(
    st.lists(
        st.builds(
            _piece,
            st.text("ab", min_size=1, max_size=4),
            st.floats(0, 600),
            st.floats(0, 800),
            st.floats(0, 300),
            st.floats(0.125, 30),
        ),
        max_size=30,
    )
)
def test_no_piece_is_lost_or_doubled(pieces: list[Piece]) -> None:
    letters = sorted("".join(lines_in_reading_order(pieces)).replace(" ", ""))
    assert letters == sorted("".join(piece.text for piece in pieces))


def test_an_infographic_is_read_block_by_block(tmp_path: Path) -> None:
    path = EVALUATION_DOCUMENTS / "fr_infographie_visite_medicale.pdf"
    if not path.exists():
        path = tmp_path / "infographic.pdf"
        lines = ["Covid-19 : ce qui change pour les visites de", "reprise et de pré-reprise"]
        path.write_bytes(laid_out_pdf([(206, 700, lines[0]), (250, 680, lines[1])]))
    text = " ".join(part.text for part in read_pdf(path) if isinstance(part, Block))
    assert "ce qui change pour les visites de reprise et de pré-reprise" in text
