"""Cut French and English prose into sentences without being taken in by abbreviations."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_ABBREVIATION_LIST: Final = """
    m mm mme mmes mlle mlles me dr drs pr prof st ste mr mrs ms jr sr messrs
    art arts al ali chap sect tit vol fig réf ref ann par p pp no nos n éd ed cf cass civ crim soc conv coll
    préc ibid op cit obs concl spéc bull jo cons adm trib app ch req
    av bd tél tel env ex approx max min vs inc ltd co corp dept eg ie resp
    janv févr avr juil sept oct nov déc jan feb aug dec
"""
_ABBREVIATIONS: Final = frozenset(_ABBREVIATION_LIST.split())
# The end of a sentence with what closes it (quotes, brackets, citation marks), then what opens the next one.
_STOP: Final = re.compile(
    r"""
    (?P<stop> [.!?…]+ ) [»”"')\]]* (?: \s* \[\d{1,3}\] )*  \s+  (?= [«“"'(]? \s? [^\W_a-zà-ÿ] | [•*#>–—-] )
  | [;:]? [^\S\n]* \n \s* (?= [•*#>–—-]\s | \d{1,2}[.°)]\s | [a-z]\)\s )
  | ; [^\S\n]* \n+ \s*
  | [^\S\n]* \n [^\S\n]* \n \s*
    """,
    re.VERBOSE,
)
_LAST_WORD: Final = re.compile(r"([^\W\d_]+)$")
_LONGEST_WORD: Final = 30


@dataclass(frozen=True)
class Span:
    """A sentence: ``text[start:end]``, without the space around it."""

    start: int
    end: int


def sentence_starts(text: str) -> list[int]:
    """Return where each sentence but the first begins. The last one may go on in text still to come."""
    return [match.end() for match in _STOP.finditer(text) if not _is_abbreviation(text, match)]


def sentences(text: str) -> Iterator[Span]:
    """Yield the sentences of a text, in order; blank ones are left out."""
    starts = [0, *sentence_starts(text)]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        piece = text[start:end]
        if piece.strip():
            yield Span(start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip()))


def _is_abbreviation(text: str, stop: re.Match[str]) -> bool:
    """Return whether the dot found belongs to its word: « art. L. 313-11 », « M. Durand »."""
    if stop["stop"] != ".":
        return False
    word = _LAST_WORD.search(text, max(0, stop.start() - _LONGEST_WORD), stop.start())
    if word is None:
        return False
    return len(word[1]) == 1 or word[1].lower() in _ABBREVIATIONS
