"""A document to be written as a file, as values: what stands in it, not how it looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Heading:
    """A heading under the title; 1 is the highest level."""

    text: str
    level: Literal[1, 2] = 1


@dataclass(frozen=True)
class Paragraph:
    """Plain text; its line ends are kept."""

    text: str


@dataclass(frozen=True)
class Note:
    """A remark in small, soft letters: a date, a warning, how something was made."""

    text: str


@dataclass(frozen=True)
class Quote:
    """Words that stand in a document exactly so, and where."""

    text: str
    source: str


@dataclass(frozen=True)
class ListItem:
    """One item of a list; ``marker`` stands before it: « • », « 1. », « [2] »."""

    text: str
    marker: str = "•"


Block = Heading | Paragraph | Note | Quote | ListItem


@dataclass(frozen=True)
class Sheet:
    """A whole document; ``issuer`` (the client's name) and ``page_label`` stand at each page's foot.

    All texts are plain: nothing in them is read as markup, and nothing leads outside.
    """

    title: str
    issuer: str
    language: Literal["fr", "en"]
    page_label: str
    blocks: Sequence[Block]
    subtitle: str = ""
