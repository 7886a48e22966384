"""Where words stand in a text, however their letters are written and their lines are broken."""

import re
import unicodedata
from itertools import islice
from typing import Final

MOST_PLACES: Final = 1_000
"""Places told of one search; who finds more looks for something else."""

Range = tuple[int, int]


class _Letters(dict[int, str]):
    """Maps each character to its letter without accent or case; one to one, so that offsets stay."""

    def __missing__(self, code: int) -> str:
        character = "'" if chr(code) == "’" else chr(code)
        letter = unicodedata.normalize("NFD", character)[0].casefold()
        self[code] = letter if len(letter) == 1 else character
        return self[code]


_letters: Final = _Letters()


def folded(text: str) -> str:
    """Return the text without accents, case or curly apostrophes; its length stays."""
    return text.translate(_letters)


def places_of(words: str, text: str) -> list[Range]:
    """Return where the words stand in the text one after the other: up to MOST_PLACES ranges, in order."""
    pattern = r"\s+".join(re.escape(word) for word in folded(words).split())
    if not pattern:
        return []
    return [found.span() for found in islice(re.finditer(pattern, folded(text)), MOST_PLACES)]
