"""Read Excel workbooks (Office Open XML): the non-empty cells of each sheet, as they are displayed or nearly.

The sheets are streamed from their XML: a workbook of fifty sheets whose cells are mostly empty costs the time
of inflating it, and no sheet has to say how large it is.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from lxml import etree

from tenant_app.library.parsing.cell_formats import CellFormats, cell_formats, displayed
from tenant_app.library.parsing.characters import one_line
from tenant_app.library.parsing.package import Element, has_part, streamed_elements, xml_part
from tenant_app.library.parsing.protocol import Block, ParseError, Part
from tenant_app.library.parsing.relationships import related_parts
from tenant_app.library.parsing.rows import Row, row_blocks
from tenant_app.library.parsing.zip_directory import open_archive

MOST_SHARED_CHARACTERS: Final = 64 * 1024 * 1024

_WORKBOOK: Final = "xl/workbook.xml"
_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION: Final = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
# Cells that only carry a format are the many, and are passed over without a step of Python for each.
_FILLED_CELLS: Final = etree.XPath("*[local-name()='c'][*[local-name()='v' or local-name()='is']]")
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})\d+")


def read_xlsx(path: Path) -> Iterator[Part]:
    """Yield each sheet that has cells: its name as a heading, then its rows.

    Raises ParseError: ``damaged``, ``encrypted``, ``too_large``.
    """
    with open_archive(path) as package:
        workbook = xml_part(package, _WORKBOOK)
        relations = related_parts(package, _WORKBOOK)
        formats = cell_formats(package, workbook)
        texts = _shared_texts(package, relations)
        for sheet in workbook.iterfind("{*}sheets/{*}sheet"):
            part = relations.get(sheet.get(_RELATION) or sheet.get(_STRICT_RELATION) or "")
            if part is not None and has_part(package, part):
                yield from _sheet(sheet.get("name", ""), row_blocks(_rows(package, part, texts, formats)))


def _sheet(name: str, blocks: Iterator[Block]) -> Iterator[Block]:
    first = next(blocks, None)
    if first is None:
        return
    title = one_line(name)
    if title:
        yield Block(title, level=1)
    yield first
    yield from blocks


def _shared_texts(package: ZipFile, relations: dict[str, str]) -> list[str]:
    part = next(
        (part for part in relations.values() if posixpath.basename(part) == "sharedStrings.xml"), None
    )
    if part is None or not has_part(package, part):
        return []
    texts: list[str] = []
    length = 0
    for item in streamed_elements(package, part, "{*}si"):
        texts.append(_rich_text(item))
        length += len(texts[-1])
        if length > MOST_SHARED_CHARACTERS:
            raise ParseError("too_large", f"more than {MOST_SHARED_CHARACTERS} characters of cell texts")
    return texts


def _rich_text(item: Element) -> str:
    """Return the runs of a text joined; how it is pronounced (``rPh``) is no part of it."""
    pieces = [node.text or "" for node in item.iterfind("{*}t")]
    pieces += [node.text or "" for node in item.iterfind("{*}r/{*}t")]
    return one_line("".join(pieces))


def _rows(package: ZipFile, part: str, texts: Sequence[str], formats: CellFormats) -> Iterator[Row]:
    number = 0
    for row in streamed_elements(package, part, "{*}row"):
        declared = row.get("r", "")
        number = int(declared) if declared.isdecimal() and len(declared) < 8 else number + 1
        filled = _FILLED_CELLS(row)
        assert isinstance(filled, list)
        if not filled:
            continue
        cells = []
        column = -1
        for cell in filled:
            assert isinstance(cell, etree._Element)
            column = _column(cell, column + 1)
            text = _cell_text(cell, texts, formats)
            if text:
                cells.append((column, text))
        yield Row(number, tuple(cells))


def _column(cell: Element, otherwise: int) -> int:
    reference = _REFERENCE.fullmatch(cell.get("r", ""))
    if reference is None:
        return otherwise
    column = 0
    for letter in reference[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1


def _cell_text(cell: Element, texts: Sequence[str], formats: CellFormats) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        inline = cell.find("{*}is")
        return "" if inline is None else _rich_text(inline)
    value = (cell.findtext("{*}v") or "").strip()
    if kind == "s":
        return texts[int(value)] if value.isdecimal() and len(value) < 10 and int(value) < len(texts) else ""
    if kind == "b":
        return "VRAI" if value == "1" else "FAUX"
    if kind == "n":
        return displayed(value, cell.get("s", ""), formats)
    # "str" is a formula's text, "d" an ISO date; "e" an error such as #REF!, which tells nobody anything.
    return "" if kind == "e" else one_line(value)
