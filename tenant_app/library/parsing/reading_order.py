"""Put the pieces of text of a laid-out page into the order people read them: columns one after the other."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

MOST_PIECES: Final = 4_000
"""Of one page; more are no page of text, and ordering them would take too long."""

_SPANNING_SHARE: Final = 0.3
"""At most so many of the pieces (titles, legends) may reach across what is still a gutter."""
_EDGE_SHARE: Final = 0.15
"""A gutter lies further from the page's edges than this share of the width: bullets are no column."""
_FEWEST_LINES: Final = 3
"""Of each column."""
_FILLED_SHARE: Final = 0.6
_ALIGNED_SHARE: Final = 0.5
_SAME_LINE_SHARE: Final = 0.5
_LARGER_LETTERS: Final = 1.12
"""Between a title and its text the letters differ by more than this factor."""
_SPACE_SHARE: Final = 0.12
"""Of the height of the letters: pieces further apart than this have a space between them."""


class Piece(NamedTuple):
    """A run of text on one line, and its box in points from the page's lower left corner."""

    text: str
    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        """The height of its letters."""
        return self.top - self.bottom


def lines_in_reading_order(pieces: Sequence[Piece]) -> list[str]:
    """Return the page's lines; an empty one stands where a gap or the size of the letters separates two."""
    return list(_lines(_ordered(pieces)))


def _ordered(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Yield the pieces line by line, each line from left to right."""
    gutter = _gutter(pieces) if len(pieces) >= 2 * _FEWEST_LINES else None
    if gutter is None:
        yield from _rows(pieces)
        return
    for band in _bands(pieces, gutter):
        left = [piece for piece in band if piece.right <= gutter]
        right = [piece for piece in band if piece.left >= gutter]
        if len(left) + len(right) == len(band) and _are_columns(left, right):
            yield from _ordered(left)
            yield from _ordered(right)
        else:
            yield from _rows(band)


def _gutter(pieces: Sequence[Piece]) -> float | None:
    """Return where a vertical strip lies that next to no piece touches, with text on both sides, or None."""
    left, right = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
    margin = (right - left) * _EDGE_SHARE
    narrowest = max(6.0, median(piece.height for piece in pieces) * 0.8)
    best: tuple[int, float, float] | None = None
    for start, end, covered in _strips(pieces):
        inside = left + margin <= start and end <= right - margin
        if inside and end - start >= narrowest and covered <= len(pieces) * _SPANNING_SHARE:
            candidate = (covered, start - end, (start + end) / 2)
            best = candidate if best is None else min(best, candidate)
    return None if best is None else best[2]


def _strips(pieces: Sequence[Piece]) -> Iterator[tuple[float, float, int]]:
    """Yield the vertical strips between the edges of the pieces, with how many pieces cover each."""
    edges = sorted([(piece.left, 1) for piece in pieces] + [(piece.right, -1) for piece in pieces])
    covered = 0
    for (position, change), (following, _) in pairwise(edges):
        covered += change
        if following > position:
            yield position, following, covered


def _bands(pieces: Sequence[Piece], gutter: float) -> Iterator[list[Piece]]:
    """Yield, from the top, the rows that reach across the gutter and, between them, the others together."""
    band: list[Piece] = []
    spanning = False
    for row in _rows(pieces):
        across = any(piece.left < gutter < piece.right for piece in row)
        if band and across != spanning:
            yield band
            band = []
        spanning = across
        band += row
    if band:
        yield band


def _are_columns(left: Sequence[Piece], right: Sequence[Piece]) -> bool:
    """Return whether two sides are texts of their own, rather than the cells of rows.

    They are when their lines fill them, or do not stand beside each other.
    """
    if min(len(left), len(right)) < _FEWEST_LINES:
        return False
    if _filled(left) >= _FILLED_SHARE and _filled(right) >= _FILLED_SHARE:
        return True
    beside = sum(any(_same_line(one, other) for other in right) for one in left)
    return beside / len(left) < _ALIGNED_SHARE


def _filled(column: Sequence[Piece]) -> float:
    """Return which share of the column's width its lines take, in the middle."""
    width = max(piece.right for piece in column) - min(piece.left for piece in column)
    return median(row[-1].right - row[0].left for row in _rows(column)) / max(width, 1.0)


def _rows(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Yield the pieces that stand on one line together, lines from the top, each from left to right."""
    row: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: (-(piece.top + piece.bottom), piece.left)):
        if row and not _same_line(row[0], piece):
            yield sorted(row, key=lambda piece: piece.left)
            row = []
        row.append(piece)
    if row:
        yield sorted(row, key=lambda piece: piece.left)


def _same_line(one: Piece, other: Piece) -> bool:
    common = min(one.top, other.top) - max(one.bottom, other.bottom)
    return common > _SAME_LINE_SHARE * min(one.height, other.height)


def _lines(rows: Iterator[list[Piece]]) -> Iterator[str]:
    above: list[Piece] = []
    for row in rows:
        if above and _are_apart(above[0], row[0]):
            yield ""
        yield _joined(row)
        above = row


def _are_apart(above: Piece, below: Piece) -> bool:
    smaller, larger = sorted((above.height, below.height))
    return above.bottom - below.top > larger or larger > _LARGER_LETTERS * smaller


def _joined(row: Sequence[Piece]) -> str:
    text = row[0].text
    for before, piece in pairwise(row):
        apart = piece.left - before.right > _SPACE_SHARE * max(before.height, piece.height)
        text += f" {piece.text}" if apart else piece.text
    return text
