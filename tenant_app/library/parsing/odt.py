"""Read OpenDocument texts: headings, paragraphs, lists and tables in their order."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from tenant_app.library.parsing.characters import one_line
from tenant_app.library.parsing.odf import (
    CONTENT,
    NOT_READ,
    OFFICE,
    STYLE,
    TABLE,
    TEXT,
    inline_text,
    opened_document,
)
from tenant_app.library.parsing.package import Element, has_part, xml_part
from tenant_app.library.parsing.protocol import Block, ParseError, Part
from tenant_app.library.parsing.rows import CELL_SEPARATOR
from tenant_app.library.parsing.structure import heading_level

_STYLES: Final = "styles.xml"
_TITLE: Final = "Title"
_DEEPEST_LEVEL: Final = 6
# Tables of contents and indexes repeat every heading, and would be found in their place.
_INDEXES: Final = frozenset(
    f"{TEXT}{name}"
    for name in (
        "table-of-content",
        "alphabetical-index",
        "illustration-index",
        "table-index",
        "object-index",
        "user-index",
    )
)


def read_odt(path: Path) -> Iterator[Part]:
    """Yield headings, paragraphs, list items and table rows (cells joined by " | ").

    Raises ParseError: ``damaged``, ``encrypted``, ``too_large``.
    """
    with opened_document(path) as package:
        content = xml_part(package, CONTENT)
        body = content.find(f"{OFFICE}body/{OFFICE}text")
        if body is None:
            raise ParseError("damaged", "content.xml holds no text document")
        yield from _blocks(body, _title_styles(package, content))


def _title_styles(package: ZipFile, content: Element) -> frozenset[str]:
    """Return the names of the paragraph styles that are the document's title or are made from it."""
    parents = _style_parents(content)
    if has_part(package, _STYLES):
        parents = {**_style_parents(xml_part(package, _STYLES)), **parents}
    return frozenset(name for name in parents if _descends_from_title(name, parents)) | {_TITLE}


def _style_parents(root: Element) -> dict[str, str]:
    styles = root.iter(f"{STYLE}style")
    return {style.get(f"{STYLE}name", ""): style.get(f"{STYLE}parent-style-name", "") for style in styles}


def _descends_from_title(name: str, parents: Mapping[str, str]) -> bool:
    for _ in range(10):
        if name == _TITLE:
            return True
        name = parents.get(name, "")
    return False


def _blocks(container: Element, titles: frozenset[str], prefix: str = "") -> Iterator[Block]:
    for child in container:
        if child.tag in NOT_READ or child.tag in _INDEXES:
            continue
        if child.tag in (f"{TEXT}p", f"{TEXT}h"):
            yield from _paragraph(child, titles, prefix)
            prefix = ""
        elif child.tag == f"{TABLE}table":
            yield from _rows(child)
        elif child.tag in (f"{TEXT}list-item", f"{TEXT}list-header"):
            # A heading may be numbered by standing in a list; only a paragraph there is an item.
            yield from _blocks(child, titles, "- ")
        else:
            yield from _blocks(child, titles, prefix)


def _paragraph(paragraph: Element, titles: frozenset[str], prefix: str) -> Iterator[Block]:
    text = one_line(inline_text(paragraph))
    if not text:
        return
    level = _level(paragraph, titles) or heading_level(text)
    yield Block(text if level else prefix + text, level=level)


def _level(paragraph: Element, titles: frozenset[str]) -> int:
    if paragraph.tag == f"{TEXT}h":
        level = paragraph.get(f"{TEXT}outline-level", "1")
        return min(int(level), _DEEPEST_LEVEL) if level.isdecimal() and len(level) < 8 else 1
    return 1 if paragraph.get(f"{TEXT}style-name") in titles else 0


def _rows(table: Element) -> Iterator[Block]:
    for row in table.iter(f"{TABLE}table-row"):
        cells = (one_line(inline_text(cell)) for cell in row.iterfind(f"{TABLE}table-cell"))
        text = CELL_SEPARATOR.join(cell for cell in cells if cell)
        if text:
            yield Block(text)
