"""Read OpenDocument spreadsheets: the non-empty cells of each sheet, as they are displayed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tenant_app.library.parsing.characters import one_line
from tenant_app.library.parsing.odf import CONTENT, TABLE, TEXT, inline_text, opened_document
from tenant_app.library.parsing.package import Element, streamed_elements
from tenant_app.library.parsing.protocol import Block, Part
from tenant_app.library.parsing.rows import Row, row_blocks

MOST_REPEATED: Final = 50
"""A cell or row said to be repeated more often than this is a coloured margin; it is read once."""


def read_ods(path: Path) -> Iterator[Part]:
    """Yield each sheet that has cells: its name as a heading, then its rows.

    Raises ParseError: ``damaged``, ``encrypted``, ``too_large``.
    """
    with opened_document(path) as package:
        sheet: str | None = None
        rows: list[Row] = []
        number = 0
        for row in streamed_elements(package, CONTENT, f"{TABLE}table-row"):
            name = _sheet_name(row)
            if name != sheet:
                yield from _sheet(sheet, rows)
                sheet, rows, number = name, [], 0
            cells = _cells(row)
            repeated = _repeated(row, "rows")
            if cells:
                copies = repeated if repeated <= MOST_REPEATED else 1
                rows += [Row(number + copy, cells) for copy in range(1, copies + 1)]
            number += repeated
        yield from _sheet(sheet, rows)


def _sheet_name(row: Element) -> str:
    """Return the name of the outermost table around a row; a cell may hold a table of its own."""
    names = [table.get(f"{TABLE}name", "") for table in row.iterancestors(f"{TABLE}table")]
    return names[-1] if names else ""


def _sheet(name: str | None, rows: list[Row]) -> Iterator[Block]:
    if not rows:
        return
    title = one_line(name or "")
    if title:
        yield Block(title, level=1)
    yield from row_blocks(rows)


def _cells(row: Element) -> tuple[tuple[int, str], ...]:
    cells: list[tuple[int, str]] = []
    column = 0
    for cell in row:
        if not cell.tag.startswith(TABLE):
            continue
        repeated = _repeated(cell, "columns")
        text = one_line("\n".join(inline_text(paragraph) for paragraph in cell.iterfind(f"{TEXT}p")))
        if text:
            copies = repeated if repeated <= MOST_REPEATED else 1
            cells += [(column + copy, text) for copy in range(copies)]
        column += repeated
    return tuple(cells)


def _repeated(element: Element, what: str) -> int:
    value = element.get(f"{TABLE}number-{what}-repeated", "1")
    return max(1, int(value)) if value.isdecimal() and len(value) < 8 else 1
