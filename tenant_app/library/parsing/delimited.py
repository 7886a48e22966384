"""Read tables written as text: CSV, whatever its delimiter and encoding."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from tenant_app.library.parsing.characters import one_line
from tenant_app.library.parsing.encodings import decode_text
from tenant_app.library.parsing.protocol import ParseError, Part
from tenant_app.library.parsing.rows import Row, row_blocks

_DELIMITERS: Final = ";\t,|"
"""The semicolon, French Excel's, before the comma, since its numbers hold commas."""
_SAMPLE_ROWS: Final = 50
_AGREEING_SHARE: Final = 0.8
_LONGEST_CELL: Final = 1024 * 1024
_DECLARATION: Final = "sep="


def read_csv(path: Path) -> Iterator[Part]:
    """Yield one paragraph per row. Raises ParseError("damaged")."""
    try:
        text = decode_text(path.read_bytes())
    except UnicodeDecodeError as error:
        raise ParseError("damaged", f"the text does not fit its own encoding: {error}") from error
    try:
        yield from row_blocks(_rows(_undeclared(text), delimiter_of(text) or ","))
    except csv.Error as error:
        raise ParseError("damaged", f"not a readable table: {error}") from error


def delimiter_of(text: str) -> str | None:
    """Return what separates the cells of a text, or None when it does not look like a table.

    It is declared in the first line, as Excel understands it ("sep=;"), or cuts nearly all of the first rows
    into equally many cells.
    """
    declared = text.partition("\n")[0].strip()
    if declared.startswith(_DECLARATION) and len(declared) == len(_DECLARATION) + 1:
        return declared[-1]
    best = max(_DELIMITERS, key=lambda delimiter: _agreement(text, delimiter))
    return best if _agreement(text, best) >= _AGREEING_SHARE else None


def _agreement(text: str, delimiter: str) -> float:
    """Return the share of the first rows that have the most common number of cells, if that is above one."""
    try:
        rows = [row for row in islice(_cells(text, delimiter), _SAMPLE_ROWS) if row]
    except csv.Error:
        return 0
    if not rows:
        return 0
    width, count = Counter(map(len, rows)).most_common(1)[0]
    return count / len(rows) if width > 1 else 0


def _undeclared(text: str) -> str:
    return text.partition("\n")[2] if text.startswith(_DECLARATION) else text


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    for number, cells in enumerate(_cells(text, delimiter), start=1):
        texts = ((column, one_line(cell)) for column, cell in enumerate(cells))
        yield Row(number, tuple((column, cell) for column, cell in texts if cell))


def _cells(text: str, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(_LONGEST_CELL)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
