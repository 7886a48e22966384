"""Decide what a hyphen at the end of a line is: the cut of a word, or the hyphen of a compound."""

import re
from collections.abc import Sequence
from typing import Final

_CUT: Final = re.compile(r"([^\W\d_]+)-\n\s*([^\W\d_]+)")
_WORD: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_FIRST_OF_COMPOUNDS: Final = frozenset(
    ("sous", "vice", "ex", "demi", "non", "mi", "quasi", "peut", "celui", "celle", "ceux", "celles", "self")
)
_LAST_OF_COMPOUNDS: Final = frozenset(
    (
        "ci",
        "là",
        "même",
        "mêmes",
        "il",
        "elle",
        "ils",
        "elles",
        "on",
        "je",
        "tu",
        "nous",
        "vous",
        "dessus",
        "dessous",
    )
)


class CutWords:
    """The words of one document, which tell how those cut at the end of its lines are written.

    A cut word that stands elsewhere in the document is written as it is there. Otherwise it is a compound if
    its parts say so ("celui-ci", "sous-traitant"), or if the document's other cut words are compounds: who
    writes without cutting words still ends lines at hyphens.
    """

    def __init__(self, pages: Sequence[str]) -> None:
        cuts = {(first.lower(), second.lower()) for page in pages for first, second in _CUT.findall(page)}
        # Most documents cut nothing; their words need not be gathered.
        self._words = {word for page in pages if cuts for word in _WORD.findall(page.lower())}
        compounds = sum(f"{first}-{second}" in self._words for first, second in cuts)
        wholes = sum(first + second in self._words for first, second in cuts)
        self._mostly_compounds = compounds > wholes

    def joined(self, line: str, following: str) -> str:
        """Return a line that ends in a hyphen joined with the one after it."""
        match = _CUT.search(f"{line[-60:]}\n{following[:60]}")
        if match is None or self._is_compound(match[1], match[2]):
            return line + following
        return line[:-1] + following

    def _is_compound(self, first: str, second: str) -> bool:
        if second[0].isupper():
            return True
        first, second = first.lower(), second.lower()
        as_compound, as_whole = f"{first}-{second}" in self._words, first + second in self._words
        if as_compound != as_whole:
            return as_compound
        return first in _FIRST_OF_COMPOUNDS or second in _LAST_OF_COMPOUNDS or self._mostly_compounds
