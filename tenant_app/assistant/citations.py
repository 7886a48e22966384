"""Citations are decided here, never by the model: a number stands for a passage that was really given."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tenant_app.retrieval.search import Hit

_MARKERS: Final = re.compile(r"[^\S\n]*\[\s*(\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\s*\](?:\([^)\s]*\))?")
_PARTS: Final = re.compile(r"(\d+)(?:\s*[–-]\s*(\d+))?")
_MOST_IN_A_RANGE: Final = 20

_PUBLIC_MARK: Final = re.compile(r"\[(\d{1,3})\]")
_DEFINITION: Final = re.compile(r"^[ ]{0,3}\[[^\]\n]+\]:\s*\S+.*$", re.MULTILINE)
_LINK: Final = re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\[\]\d][^\[\]]*\])")
_IMAGE_MARK: Final = re.compile(r"!(?=\[)")
_TAG: Final = re.compile(r"<(?=[A-Za-z/!?])[^>]*>")


@dataclass(frozen=True)
class Citation:
    """Passage number ``n`` of an answer.

    ``passage`` is the whole passage given to whoever wrote the answer, ``quote`` the words of it that speak
    most for the answer; both stand in the document exactly so.
    """

    n: int
    chunk_id: int
    document_id: int
    document: str
    page: int | None
    passage: str
    quote: str
    score: float


class Numbering:
    """Gives passages their public numbers, 1, 2, 3 …, in the order an answer uses them."""

    def __init__(self, passages: Sequence[Hit]) -> None:
        self._passages = passages
        self._numbers: dict[int, int] = {}

    def number_of(self, index: int) -> int:
        """Return the public number of passage ``index`` (from 0), giving it one on first use."""
        return self._numbers.setdefault(index, len(self._numbers) + 1)

    @property
    def indexes(self) -> dict[int, int]:
        """The index (from 0) of the passage behind each public number given so far."""
        return {number: index for index, number in self._numbers.items()}

    def used(self) -> list[tuple[int, Hit]]:
        """Return the passages used so far with their numbers, in order."""
        return [(number, self._passages[index]) for index, number in self._numbers.items()]

    def verified(self, text: str) -> str:
        """Return the text with the model's marks (``[2]``, ``[1, 3]``) replaced by public numbers.

        The model counts the passages it was given from 1. A mark that stands for none of them is removed.
        """
        return _MARKERS.sub(self._replaced, text)

    def _replaced(self, marker: re.Match[str]) -> str:
        indexes = [index for index in _indexes(marker[1]) if 0 <= index < len(self._passages)]
        numbers = dict.fromkeys(self.number_of(index) for index in indexes)
        if not numbers:
            return ""
        return " " * marker[0].startswith(" ") + "".join(f"[{number}]" for number in numbers)


def _indexes(inside: str) -> Iterator[int]:
    for part in _PARTS.finditer(inside):
        first = int(part[1])
        last = min(int(part[2] or first), first + _MOST_IN_A_RANGE)
        yield from range(first - 1, last)


def marks_in(text: str) -> list[int]:
    """Return the public numbers a text cites, each once, in order."""
    return list(dict.fromkeys(int(number) for number in _PUBLIC_MARK.findall(text)))


def without_marks(text: str) -> str:
    """Return a document's text with its own ``[3]`` made ``(3)``, so that it cannot pass for a citation."""
    return re.sub(r"\[(\s*\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*\s*)\]", r"(\1)", text)


def without_references(text: str) -> str:
    """Return text without HTML tags and without the targets of Markdown images and links; their words stay.

    A document may try to have an address asked for by whoever reads the answer. The pages make no outside
    request whatever the text says; this protects the readers of the API and of exported files.
    """
    text = _DEFINITION.sub("", text)
    text = _LINK.sub(r"\1", text)
    return _TAG.sub("", _IMAGE_MARK.sub("", text))
