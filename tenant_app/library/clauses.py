"""Find the clauses of contracts and reports, which are numbered and seldom marked as headings.

A line such as "4. Durée" is a clause's title or an item of a list, and looks the same: what stands between it
and the next number decides. Titles have a text below them; items follow each other.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from tenant_app.library.parsing.protocol import Block
from tenant_app.library.parsing.structure import ARTICLE_OPENING

ARTICLE_DEPTH: Final = 7
"""Articles stand below every heading an author can mark (1 to 6), whatever level he gave them."""
CLAUSE_DEPTH: Final = 8
"""And clauses below articles, in their usual order: I, A, 1, 1.1."""
_ROMAN_DEPTH, _LETTER_DEPTH, _NUMBER_DEPTH = CLAUSE_DEPTH, CLAUSE_DEPTH + 1, CLAUSE_DEPTH + 2

_LONGEST_TITLE: Final = 90
_MOST_WORDS: Final = 12
_DECIMAL: Final = re.compile(r"(\d{1,3}(?:\.\d{1,3}){1,4})\.?\s+(?=[^\W\d_«\"(])")
_NUMBERED: Final = re.compile(
    r"(?:(?P<number>\d{1,2})|(?P<roman>[IVX]{1,6})|(?P<letter>[A-Z]))\s?(?:[.)°]|[-–—])\s+"
)
_ROMANS: Final = (
    "I",
    "II",
    "III",
    "IV",
    "V",
    "VI",
    "VII",
    "VIII",
    "IX",
    "X",
    "XI",
    "XII",
    "XIII",
    "XIV",
    "XV",
)
_SENTENCE_ENDS: Final = (".", ";", ",", ":", "?", "!")


@dataclass(frozen=True)
class _Candidate:
    """A line that may be a clause's title: where it is, and which number of which kind it has."""

    place: int
    depth: int
    number: int


def clause_depths(blocks: Sequence[Block]) -> Mapping[int, int]:
    """Return the depth (from 8, outermost first) of each block that is a clause's title, by its place."""
    depths = {}
    runs: dict[int, list[_Candidate]] = {}
    for place, block in enumerate(blocks):
        if block.level or not _is_title(block.text):
            continue
        decimal = _DECIMAL.match(block.text)
        if decimal:
            depths[place] = _NUMBER_DEPTH + decimal[1].count(".")
        for candidate in _candidates(place, block.text):
            _add_to_run(runs.setdefault(candidate.depth, []), candidate, depths)
    for run in runs.values():
        _accept(run, depths)
    return depths


def begins_clause(text: str) -> bool:
    """Return whether a paragraph is a numbered clause: "4.2 Le preneur paie…"."""
    return _DECIMAL.match(text) is not None


def article_opening(text: str) -> str:
    """Return "Article 12" of a paragraph that goes on with the article's text, "" of any other."""
    opening = ARTICLE_OPENING.match(text)
    return opening[0].strip() if opening else ""


def _is_title(text: str) -> bool:
    short = len(text) <= _LONGEST_TITLE and "\n" not in text and len(text.split()) <= _MOST_WORDS
    return short and not text.endswith(_SENTENCE_ENDS)


def _candidates(place: int, text: str) -> list[_Candidate]:
    """Return what a line's number can mean; "I", "V" and "X" are letters and Roman numbers."""
    match = _NUMBERED.match(text)
    if match is None or not text[match.end() : match.end() + 1].isupper():
        return []
    if match["number"]:
        return [_Candidate(place, _NUMBER_DEPTH, int(match["number"]))]
    found = []
    sign = match["roman"] or match["letter"]
    if sign in _ROMANS:
        found.append(_Candidate(place, _ROMAN_DEPTH, _ROMANS.index(sign) + 1))
    if len(sign) == 1:
        found.append(_Candidate(place, _LETTER_DEPTH, ord(sign) - ord("A") + 1))
    return found


def _add_to_run(run: list[_Candidate], candidate: _Candidate, depths: dict[int, int]) -> None:
    """Add a line that goes on counting; one that begins again at 1 ends the run before it."""
    if run and candidate.number == run[-1].number + 1:
        run.append(candidate)
    elif candidate.number == 1:
        _accept(run, depths)
        run[:] = [candidate]


def _accept(run: Sequence[_Candidate], depths: dict[int, int]) -> None:
    """Take the lines of a run as titles when there are several and each has something below it."""
    apart = all(after.place > before.place + 1 for before, after in pairwise(run))
    if len(run) > 1 and apart:
        for candidate in run:
            depths.setdefault(candidate.place, candidate.depth)
