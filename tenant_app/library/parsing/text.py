"""Read plain text and Markdown."""

import re
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tenant_app.library.parsing.characters import normalise, one_line
from tenant_app.library.parsing.encodings import decode_text
from tenant_app.library.parsing.protocol import Block, ParseError, Part
from tenant_app.library.parsing.structure import heading_level

_BLANK_LINES = re.compile(r"\n[ \t]*\n")
_FRONT_MATTER = re.compile(r"---\n.*?\n---\n", re.DOTALL)
_KRAMDOWN_ATTRIBUTES = re.compile(r"\{:.*\}")
_TAG = re.compile(r"<[^>]*>")


def read_text(path: Path) -> Iterator[Part]:
    """Yield paragraphs (separated by blank lines; their lines are kept) and headings known by their words."""
    for paragraph in _BLANK_LINES.split(_decoded(path)):
        yield from _split_off_headings(paragraph.strip())


def read_markdown(path: Path) -> Iterator[Part]:
    """Yield headings, paragraphs, list items and table rows as they read once rendered."""
    source = _decoded(path)
    front_matter = _FRONT_MATTER.match(source)
    body = source[front_matter.end() :] if front_matter else source
    yield from _Rendering().blocks(MarkdownIt("commonmark").enable("table").parse(body))


def _decoded(path: Path) -> str:
    try:
        return normalise(decode_text(path.read_bytes()))
    except UnicodeDecodeError as error:
        raise ParseError("damaged", f"the text does not fit its own encoding: {error}") from error


def _split_off_headings(paragraph: str) -> Iterator[Block]:
    lines: list[str] = []
    for line in paragraph.split("\n"):
        level = heading_level(line.strip())
        if level:
            yield from _paragraph(lines)
            lines = []
            yield Block(line.strip(), level=level)
        else:
            lines.append(line)
    yield from _paragraph(lines)


def _paragraph(lines: list[str]) -> Iterator[Block]:
    text = "\n".join(lines).strip()
    if text:
        yield Block(text)


class _Rendering:
    """Turns Markdown tokens into blocks; remembers which list item or table row it stands in."""

    def __init__(self) -> None:
        self._level = 0
        self._marker = ""
        self._row: list[str] | None = None

    def blocks(self, tokens: list[Token]) -> Iterator[Block]:
        for token in tokens:
            match token.type:
                case "heading_open":
                    self._level = int(token.tag[1])
                case "list_item_open":
                    self._marker = f"{token.info}{token.markup} " if token.info else "- "
                case "tr_open":
                    self._row = []
                case "tr_close":
                    yield from self._finished_row()
                case "inline":
                    yield from self._inline(token)
                case "fence" | "code_block":
                    yield from _paragraph([token.content])
                case "html_block":
                    yield from _paragraph([_TAG.sub("", token.content)])

    def _finished_row(self) -> Iterator[Block]:
        cells = [cell for cell in self._row or () if cell]
        self._row = None
        if cells:
            yield Block(" | ".join(cells))

    def _inline(self, token: Token) -> Iterator[Block]:
        text = _plain(token.children or [])
        if self._row is not None:
            self._row.append(one_line(text))
            return
        level, self._level = self._level, 0
        marker, self._marker = self._marker, ""
        if text and not _KRAMDOWN_ATTRIBUTES.fullmatch(text):
            yield Block(marker + text, level=level or heading_level(text))


def _plain(children: list[Token]) -> str:
    """Return inline Markdown as read: links by their words, images by their description, no marks."""
    pieces = []
    for child in children:
        if child.type in ("text", "code_inline", "image"):
            pieces.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            pieces.append("\n")
    return "".join(pieces).strip()
