"""What an analysis says, as values: points, and the exact words of documents they rest on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal, Self, get_args

from tenant_app.billing.models import Mode
from tenant_app.retrieval.language import Language

PointKind = Literal[
    "facts",
    "issues",
    "texts",
    "claims",
    "arguments_for",
    "arguments_against",
    "risks",
    "deadlines",
    "missing",
    "next_steps",
]
KINDS: Final[tuple[PointKind, ...]] = get_args(PointKind)
"""In the order in which they are read."""

Basis = Literal["documents", "case", "unsupported"]
"""What a point rests on: words of documents that it cites, the case's own record, or nothing."""


@dataclass(frozen=True)
class Point:
    """One point. Its text is ``text``, or what ``code`` means with ``values`` (see ``wording``).

    ``citations`` are numbers of the analysis' citations; ``day`` is the day it is about, if it is of one.
    """

    kind: PointKind
    text: str = ""
    citations: tuple[int, ...] = ()
    basis: Basis = "documents"
    day: date | None = None
    code: str | None = None
    values: Mapping[str, str | int] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        """Return the point as it is kept."""
        return {
            "kind": self.kind,
            "text": self.text,
            "citations": list(self.citations),
            "basis": self.basis,
            "day": self.day.isoformat() if self.day else None,
            "code": self.code,
            "values": dict(self.values),
        }

    @classmethod
    def restored(cls, kept: Mapping[str, Any]) -> Self:
        """Return the point ``stored`` wrote."""
        day = date.fromisoformat(kept["day"]) if kept["day"] else None
        return cls(**{**kept, "citations": tuple(kept["citations"]), "day": day})


@dataclass(frozen=True)
class Extract:
    """A passage an analysis may cite; ``char_start`` is where it begins in its document's text."""

    chunk_id: int
    document_id: int
    document: str
    page: int | None
    heading: str
    text: str
    char_start: int
    score: float = 1.0
    """How well search found it; 1 for a document of the case, which is read whole."""


@dataclass(frozen=True)
class Cited:
    """The exact words ``extract.text[start:end]``, as citation ``n``."""

    n: int
    extract: Extract
    start: int
    end: int

    @property
    def quote(self) -> str:
        """The words cited."""
        return self.extract.text[self.start : self.end]


class CitationList:
    """Numbers what is cited 1, 2, 3 …; the same words keep their number."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, int, int], Cited] = {}

    def cite(self, extract: Extract, start: int, end: int) -> int:
        """Return the number of these words of the extract."""
        place = (extract.chunk_id, start, end)
        if place not in self._numbers:
            self._numbers[place] = Cited(len(self._numbers) + 1, extract, start, end)
        return self._numbers[place].n

    def all(self) -> tuple[Cited, ...]:
        """Return everything cited, by number."""
        return tuple(self._numbers.values())


@dataclass(frozen=True)
class Content:
    """A whole analysis; ``confidence`` is from 0 to 1. An empty summary is worded from the points."""

    mode: Mode
    language: Language
    summary: str
    points: tuple[Point, ...]
    citations: tuple[Cited, ...]
    confidence: float
    notices: tuple[str, ...] = ()
    prompt_version: str | None = None
