"""Read Word documents (Office Open XML) straight from their XML.

lxml is used directly rather than python-docx, which loads every part of the package before one can look at
its size, and does not give tables and paragraphs in reading order without the same walk.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

from tenant_app.library.parsing.characters import one_line
from tenant_app.library.parsing.package import Element, has_part, xml_part
from tenant_app.library.parsing.protocol import Block, ParseError, Part
from tenant_app.library.parsing.structure import heading_level
from tenant_app.library.parsing.zip_directory import open_archive

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_HEADING_NAME = re.compile(r"(?:heading|titre)\s*([1-6])\Z", re.IGNORECASE)
_CONTENTS_NAME = re.compile(r"(?:toc|tm)\s*\d\Z", re.IGNORECASE)
_CONTENTS = -1
"""The level of a line of a table of contents, which is not read: it repeats a heading."""
_OUTLINE_LEVELS = frozenset("012345")
_TITLE_NAMES = frozenset({"title", "titre"})
# Deleted text, field codes, and the second copy of a drawing kept for old programs.
_NOT_READ = frozenset({f"{_W}del", f"{_W}moveFrom", f"{_W}instrText", f"{_W}delText", _FALLBACK})
_SPACE_MARKS = frozenset({f"{_W}tab", f"{_W}br", f"{_W}cr", f"{_W}ptab"})


def read_docx(path: Path) -> Iterator[Part]:
    """Yield headings, paragraphs and table rows (cells joined by " | ") in order, then the notes.

    Raises ParseError: ``damaged``, ``encrypted``, ``too_large``.
    """
    with open_archive(path) as package:
        levels = _style_levels(package)
        body = xml_part(package, "word/document.xml").find(f"{_W}body")
        if body is None:
            raise ParseError("damaged", "word/document.xml has no body")
        yield from _blocks(body, levels)
        yield from _notes(package)


def _style_levels(package: ZipFile) -> dict[str, int]:
    """Return the level of each paragraph style that has one: 1 to 6 of headings, or _CONTENTS."""
    if not has_part(package, "word/styles.xml"):
        return {}
    levels: dict[str, int] = {}
    for style in xml_part(package, "word/styles.xml").iterfind(f"{_W}style"):
        level = _level_of_style(style)
        if level:
            levels[style.get(f"{_W}styleId", "")] = level
    return levels


def _level_of_style(style: Element) -> int:
    name = _value(style.find(f"{_W}name")).strip().lower()
    if name in _TITLE_NAMES:
        return 1
    if _CONTENTS_NAME.match(name):
        return _CONTENTS
    numbered = _HEADING_NAME.match(name)
    if numbered:
        return int(numbered[1])
    return _outline_level(style.find(f"{_W}pPr"))


def _outline_level(properties: Element | None) -> int:
    outline = None if properties is None else properties.find(f"{_W}outlineLvl")
    value = _value(outline)
    return int(value) + 1 if value in _OUTLINE_LEVELS else 0


def _value(element: Element | None) -> str:
    return "" if element is None else element.get(f"{_W}val", "")


def _blocks(container: Element, levels: dict[str, int]) -> Iterator[Block]:
    for child in container:
        if child.tag == f"{_W}p":
            text = one_line(_text(child))
            level = _paragraph_level(child, levels) or heading_level(text)
            if text and level != _CONTENTS:
                yield Block(text, level=level)
        elif child.tag == f"{_W}tbl":
            yield from _rows(child)
        elif child.tag not in _NOT_READ:
            # Content controls, custom XML and insertions wrap paragraphs without being any.
            yield from _blocks(child, levels)


def _paragraph_level(paragraph: Element, levels: dict[str, int]) -> int:
    properties = paragraph.find(f"{_W}pPr")
    if properties is None:
        return 0
    return levels.get(_value(properties.find(f"{_W}pStyle")), 0) or _outline_level(properties)


def _rows(table: Element) -> Iterator[Block]:
    for row in table.iter(f"{_W}tr"):
        cells = (one_line(_text(cell)) for cell in row.iterfind(f"{_W}tc"))
        text = " | ".join(cell for cell in cells if cell)
        if text:
            yield Block(text)


def _text(element: Element) -> str:
    """Return the text of a paragraph or cell; runs join without spaces, since Word cuts words anywhere."""
    pieces: list[str] = []
    for node in element:
        if node.tag == f"{_W}t":
            pieces.append(node.text or "")
        elif node.tag in _SPACE_MARKS:
            pieces.append(" ")
        elif node.tag == f"{_W}noBreakHyphen":
            pieces.append("-")
        elif node.tag not in _NOT_READ:
            pieces.append(_text(node))
            if node.tag == f"{_W}p":
                pieces.append("\n")
    return "".join(pieces)


def _notes(package: ZipFile) -> Iterator[Block]:
    for part in ("footnotes", "endnotes"):
        name = f"word/{part}.xml"
        if has_part(package, name):
            for note in xml_part(package, name):
                text = one_line(_text(note))
                if text:
                    yield Block(text)
