"""Which words of a passage a citation rests on, and how an address names them.

An address says where the words stand (``words=120-168``, characters of the passage), never what they are:
addresses end in logs.
"""

import re
from dataclasses import dataclass
from typing import Final

AROUND_CHARACTERS: Final = 240
"""How much text is shown on each side of a passage beside a conversation."""
_RANGE: Final = re.compile(r"(\d{1,7})-(\d{1,7})")


@dataclass(frozen=True)
class Highlight:
    """A passage cut in three: what comes before the words, the words, what comes after."""

    lead: str
    words: str
    tail: str


def range_of(words: str, passage: str) -> str | None:
    """Return where ``words`` stand in ``passage``; None when they are all of it, or are not in it."""
    start = passage.find(words)
    if start < 0 or not words or words == passage:
        return None
    return f"{start}-{start + len(words)}"


def highlighted(passage: str, words_range: str | None) -> Highlight:
    """Cut the passage at ``words_range``; a range that does not fit highlights the whole passage."""
    found = _RANGE.fullmatch(words_range or "")
    start, end = (int(found[1]), int(found[2])) if found else (0, len(passage))
    if not 0 <= start < end <= len(passage):
        start, end = 0, len(passage)
    return Highlight(passage[:start], passage[start:end], passage[end:])


def shortened(before: str, after: str) -> tuple[str, str]:
    """Return the end of ``before`` and the beginning of ``after``, cut between words, marked with « … »."""
    if len(before) > AROUND_CHARACTERS:
        before = "… " + before[-AROUND_CHARACTERS:].partition(" ")[2]
    if len(after) > AROUND_CHARACTERS:
        after = after[:AROUND_CHARACTERS].rpartition(" ")[0] + " …"
    return before, after
