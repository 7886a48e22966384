"""Turn the rows of a sheet into paragraphs that can be understood, and found, one by one."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tenant_app.library.parsing.protocol import Block

CELL_SEPARATOR: Final = " | "
_LONGEST_TITLE: Final = 60
_FIGURE: Final = re.compile(r"[-+(]?\d[\d\s.,/:%€$£)-]*(?:[eE][-+]?\d+)?")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True)
class Row:
    """The non-empty cells of one row: column (from 0) and text of one line. ``number`` counts from 1."""

    number: int
    cells: tuple[tuple[int, str], ...]


def row_blocks(rows: Iterable[Row]) -> Iterator[Block]:
    """Yield one paragraph per row: "Month: May | Rent: 800" under a row of column titles, else the cells.

    The titles stand in each row, so that a row found by itself says what its figures are.
    """
    titles: Mapping[int, str] = {}
    previous: Row | None = None
    for row, following in _with_following(rows):
        if previous is None or row.number > previous.number + 1:
            titles = dict(row.cells) if _are_titles(row, following) else {}
            yield Block(_joined(row, {}))
        else:
            yield Block(_joined(row, titles))
        previous = row


def _with_following(rows: Iterable[Row]) -> Iterator[tuple[Row, Row | None]]:
    """Yield each row that has cells with the one after it."""
    waiting: Row | None = None
    for row in rows:
        if not row.cells:
            continue
        if waiting is not None:
            yield waiting, row
        waiting = row
    if waiting is not None:
        yield waiting, None


def _are_titles(row: Row, following: Row | None) -> bool:
    """Return whether the first row of a table names its columns.

    It does when it has several cells, short and different from each other, that are words or years, at least
    one of them words, and when the row right below it has cells under them.
    """
    if following is None or following.number != row.number + 1 or len(row.cells) < 2:
        return False
    texts = [text for _, text in row.cells]
    if len(set(texts)) < len(texts) or any(len(text) > _LONGEST_TITLE for text in texts):
        return False
    words = [text for text in texts if not _FIGURE.fullmatch(text)]
    if not words or any(text not in words and not _YEAR.fullmatch(text) for text in texts):
        return False
    columns = {column for column, _ in row.cells}
    return any(column in columns for column, _ in following.cells)


def _joined(row: Row, titles: Mapping[int, str]) -> str:
    return CELL_SEPARATOR.join(
        f"{titles[column].rstrip(' :')}: {text}" if column in titles else text for column, text in row.cells
    )
