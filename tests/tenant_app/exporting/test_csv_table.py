"""Tables for spreadsheets: whole again when read, and never a formula."""

import csv
import io
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.exporting.csv_table import as_csv

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
# Of surrogates and NUL no file in UTF-8, and no spreadsheet, knows what to make.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | st.builds(
    "".join, st.tuples(st.sampled_from(FORMULAS), st.text("=+-@SUM(A1)\t\"';,", max_size=8))
)


def read_back(table: bytes, language: str) -> list[list[str]]:
    text = table.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if language == "fr" else ","))


@given(rows=st.lists(st.tuples(TEXTS, TEXTS), max_size=5), language=st.sampled_from(["fr", "en"]))
def test_no_cell_begins_as_a_formula_does_and_nothing_else_changes(
    rows: list[tuple[str, str]], language: Literal["fr", "en"]
) -> None:
    columns, *cells = read_back(as_csv(["a", "b"], rows, language), language)
    assert columns == ["a", "b"]
    assert len(cells) == len(rows)
    for given_row, row in zip(rows, cells, strict=True):
        for text, cell in zip(given_row, row, strict=True):
            assert not cell.startswith(FORMULAS)
            assert cell == (f"'{text}" if text.startswith(FORMULAS) else text)


@pytest.mark.parametrize(("language", "line"), [("fr", "été;12;-3,50;"), ("en", "été,12,-3.50,")])
def test_numbers_are_written_as_the_reader_s_spreadsheet_takes_them(
    language: Literal["fr", "en"], line: str
) -> None:
    table = as_csv(["nom"], [("été", 12, Decimal("-3.50"), None)], language)
    assert table.startswith(b"\xef\xbb\xbf")
    assert table.decode("utf-8-sig").splitlines() == ["nom", line]
