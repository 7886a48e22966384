"""Tables in a passage: which row names the columns, and what a row says under those names.

A row is a paragraph of cells (``library.parsing.rows``). Sheets repeat the names of the columns in each row;
the tables of letters and web pages do not, and a row of theirs is not understood without its first one.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final

from tenant_app.library.parsing.rows import CELL_SEPARATOR

Cells = tuple[str, ...]

_FIGURE: Final = re.compile(r"\d")
_YEAR: Final = re.compile(r"\b(?:19|20)\d\d\b")


def cells_of(paragraph: str) -> Cells:
    """Return the cells of a row; none for what is not a row."""
    cells = tuple(paragraph.split(CELL_SEPARATOR))
    return cells if len(cells) > 1 else ()


def tables_of(rows: Sequence[Cells]) -> Iterator[range]:
    """Yield where each table stands in a passage whose paragraphs have these cells."""
    for is_row, places in groupby(range(len(rows)), key=lambda place: bool(rows[place])):
        if is_row:
            first, *more = places
            yield range(first, first + 1 + len(more))


def names_columns(table: Sequence[Cells], is_asked_for: Callable[[str], bool]) -> bool:
    """Return whether the first row names the columns, as far as the question goes, and states nothing itself.

    It does when the next row repeats its cells as names, or when it holds no figure and one of its cells that
    the question asks for stands over figures. The question decides, because the first of many rows
    « Bailleur | M. Durand », « Loyer | 800 € » looks like names too.
    """
    head, *below = table
    if not below or any(_FIGURE.search(_YEAR.sub("", cell)) for cell in head):
        return False
    if len(head) == len(below[0]) and all(map(_is_named, head, below[0])):
        return True
    # From the right: where a cell is empty, it is the corner above the names of the rows.
    return any(
        is_asked_for(head[-place]) and all(len(row) >= place and _FIGURE.search(row[-place]) for row in below)
        for place in range(1, len(head) + 1)
    )


def under_names(names: Cells, cells: Cells) -> str:
    """Return a row with the name of its column before each cell.

    One cell more than there are names is the row's own name; with other numbers, nobody knows which is which.
    """
    if len(cells) == len(names) + 1:
        names = ("", *names)
    if len(cells) != len(names):
        return CELL_SEPARATOR.join(cells)
    return CELL_SEPARATOR.join(
        cell if not name or _is_named(name, cell) else f"{_bare(name)}: {cell}"
        for name, cell in zip(names, cells, strict=True)
    )


def _is_named(name: str, cell: str) -> bool:
    return cell.startswith(f"{_bare(name)}: ")


def _bare(name: str) -> str:
    return name.rstrip(" :")
