"""Which words of a passage an answer rests on, how an address names them, and how a passage is laid out.

An address says where the words stand (``words=120-168``, characters of the passage), never what they are:
addresses end in logs.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

AROUND_CHARACTERS: Final = 240
"""How much text is shown on each side of a passage beside a conversation."""
_RANGES: Final = re.compile(r"\d{1,7}-\d{1,7}(?:,\d{1,7}-\d{1,7}){0,39}")
_MARK: Final = re.compile(r"\[(\d{1,3})\]")
_SHORTEST_CLAIM: Final = 12
"""Characters; fewer stand in any passage by chance."""
_WRAPPED_LINE: Final = re.compile(r"(?<=[^\n]{50})\n(?=[^\s\-–•*|#>\d(])")

Range = tuple[int, int]


@dataclass(frozen=True)
class Piece:
    """A run of a passage's text.

    ``cited`` when an answer rests on it; ``found`` when it was looked for, ``current`` at the place shown.
    """

    text: str
    cited: bool
    found: bool = False
    current: bool = False


def ranges_cited(answer: str, number: int, quote: str, passage: str) -> list[Range]:
    """Return where the words behind ``[number]`` stand: the quote, and what the answer repeats.

    Words are compared whole, however they are spaced. The result is in order and does not overlap.
    """
    claims = [quote, *_claims(answer, number)]
    found = (_range_of(claim, passage) for claim in claims)
    return _joined(place for place in found if place)


def _claims(answer: str, number: int) -> list[str]:
    """Return each stretch of the answer that ends in the mark ``[number]``."""
    parts = _MARK.split(answer)
    texts, marks = parts[::2], parts[1::2]
    claims = []
    text = ""
    for own_text, mark in zip(texts, marks, strict=False):
        # In « words [1][2] » both marks are about the same words.
        text = own_text if own_text.strip() else text
        if int(mark) == number:
            claims += [line.strip(" -*>") for line in text.splitlines()]
    return [claim for claim in claims if len(claim) >= _SHORTEST_CLAIM]


def _range_of(claim: str, passage: str) -> Range | None:
    pattern = r"\s+".join(re.escape(word) for word in claim.split())
    found = re.search(pattern, passage) if pattern else None
    return found.span() if found else None


def _joined(ranges: Iterable[Range]) -> list[Range]:
    joined: list[Range] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def written(ranges: Sequence[Range]) -> str | None:
    """Return the ranges as an address carries them; None for none."""
    return ",".join(f"{start}-{end}" for start, end in ranges) or None


def read_ranges(text: str | None) -> list[Range]:
    """Read what ``written`` wrote; anything else is no range at all."""
    if text is None or not _RANGES.fullmatch(text):
        return []
    places = (place.partition("-") for place in text.split(","))
    return _joined((int(start), int(end)) for start, _, end in places)


def pieces(passage: str, ranges: Sequence[Range]) -> list[Piece]:
    """Cut the passage at the ranges; without one that fits, all of it is cited."""
    fitting = [(start, end) for start, end in ranges if start < end <= len(passage)]
    text = unwrapped(passage)
    shown = []
    position = 0
    for start, end in fitting or [(0, len(text))]:
        shown += [Piece(text[position:start], cited=False), Piece(text[start:end], cited=True)]
        position = end
    return [piece for piece in [*shown, Piece(text[position:], cited=False)] if piece.text]


def found_pieces(text: str, ranges: Sequence[tuple[int, int, bool]]) -> list[Piece]:
    """Cut the text at the ranges (start, end, whether it is the current place), in order and apart."""
    text = unwrapped(text)
    shown = []
    position = 0
    for start, end, current in ranges:
        shown += [
            Piece(text[position:start], cited=False),
            Piece(text[start:end], cited=False, found=True, current=current),
        ]
        position = end
    return [piece for piece in [*shown, Piece(text[position:], cited=False)] if piece.text]


def unwrapped(text: str) -> str:
    """Return the text with line ends inside paragraphs as spaces: its length, and so its offsets, stay."""
    return _WRAPPED_LINE.sub(" ", text)


def shortened(before: str, after: str) -> tuple[str, str]:
    """Return the end of ``before`` and the beginning of ``after``, cut between words, marked with « … »."""
    if len(before) > AROUND_CHARACTERS:
        before = "… " + before[-AROUND_CHARACTERS:].partition(" ")[2]
    if len(after) > AROUND_CHARACTERS:
        after = after[:AROUND_CHARACTERS].rpartition(" ")[0] + " …"
    return unwrapped(before), unwrapped(after)
