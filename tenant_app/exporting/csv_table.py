"""A table as a file that the reader's spreadsheet opens, and takes no formula from."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, Literal

MEDIA_TYPE: Final = "text/csv; charset=utf-8"
_BEGINS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int | Decimal | None


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]], language: Literal["fr", "en"]) -> bytes:
    """Return the table in UTF-8 with a byte order mark, without which spreadsheets spoil the accents.

    French spreadsheets part cells by semicolons and write decimals with a comma. A text that a spreadsheet
    would take for a formula gets an apostrophe before it (OWASP, CSV injection).
    """
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";" if language == "fr" else ",", lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(cell, language) for cell in row])
    return written.getvalue().encode("utf-8-sig")


def _cell(cell: Cell, language: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_BEGINS_A_FORMULA) else cell
    return str(cell).replace(".", ",") if language == "fr" else str(cell)
