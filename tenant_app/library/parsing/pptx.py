"""Read PowerPoint presentations (Office Open XML): each slide is a page, its title a heading."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from tenant_app.library.parsing.characters import one_line
from tenant_app.library.parsing.package import Element, has_part, xml_part
from tenant_app.library.parsing.protocol import Block, PageCount, ParseError, Part, SkippedPage
from tenant_app.library.parsing.relationships import related_parts
from tenant_app.library.parsing.rows import CELL_SEPARATOR
from tenant_app.library.parsing.zip_directory import open_archive

_PRESENTATION: Final = "ppt/presentation.xml"
_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION: Final = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_TITLES: Final = frozenset({"title", "ctrTitle"})
# What the layout puts on every slide.
_FURNITURE: Final = frozenset({"dt", "ftr", "sldNum", "hdr"})
# Shapes kept a second time for old programs, and drawings' formulas in their native form.
_NOT_READ: Final = frozenset({"Fallback"})


def read_pptx(path: Path) -> Iterator[Part]:
    """Yield each slide's title, paragraphs, table rows and speaker's notes, in the order of the show.

    A slide that is not well-formed is reported and passed over. Raises ParseError: ``damaged``,
    ``encrypted``, ``too_large``.
    """
    with open_archive(path) as package:
        slides = _slides(package)
        yield PageCount(len(slides))
        found_text = False
        damaged: ParseError | None = None
        for number, slide in enumerate(slides, start=1):
            try:
                blocks = list(_slide(package, slide, number))
            except ParseError as error:
                if error.code != "damaged":
                    raise
                damaged = error
                yield SkippedPage(number)
            else:
                found_text = found_text or bool(blocks)
                yield from blocks
        if damaged is not None and not found_text:
            raise damaged


def _slides(package: ZipFile) -> list[str]:
    """Return the parts of the slides in the order of the show."""
    presentation = xml_part(package, _PRESENTATION)
    relations = related_parts(package, _PRESENTATION)
    ids = (
        slide.get(_RELATION) or slide.get(_STRICT_RELATION) or ""
        for slide in presentation.iterfind("{*}sldIdLst/{*}sldId")
    )
    return [relations.get(relation, "") for relation in ids]


def _slide(package: ZipFile, part: str, number: int) -> Iterator[Block]:
    shapes = xml_part(package, part).find("{*}cSld/{*}spTree")
    if shapes is None:
        raise ParseError("damaged", f"{part} holds no shapes")
    blocks = list(_shapes(shapes, number))
    # The title is announced first, wherever its shape lies in the file.
    yield from sorted(blocks, key=lambda block: block.level == 0)
    for name in related_parts(package, part).values():
        if name.startswith("ppt/notesSlides/") and has_part(package, name):
            notes = xml_part(package, name).find("{*}cSld/{*}spTree")
            yield from () if notes is None else _shapes(notes, number)


def _shapes(container: Element, page: int) -> Iterator[Block]:
    for shape in container:
        name = _local(shape)
        if name == "sp":
            yield from _shape(shape, page)
        elif name == "tbl":
            yield from _rows(shape, page)
        elif name not in _NOT_READ:
            # Groups, frames and alternatives wrap shapes and tables without being any.
            yield from _shapes(shape, page)


def _shape(shape: Element, page: int) -> Iterator[Block]:
    place = shape.find("{*}nvSpPr/{*}nvPr/{*}ph")
    kind = "" if place is None else place.get("type", "")
    body = shape.find("{*}txBody")
    if kind in _FURNITURE or body is None:
        return
    if kind in _TITLES:
        title = one_line(_text(body))
        if title:
            yield Block(title, level=1, page=page)
        return
    for paragraph in body.iterfind("{*}p"):
        text = one_line(_text(paragraph))
        if text:
            yield Block(text, page=page)


def _rows(table: Element, page: int) -> Iterator[Block]:
    for row in table.iterfind("{*}tr"):
        cells = (one_line(_text(cell)) for cell in row.iterfind("{*}tc"))
        text = CELL_SEPARATOR.join(cell for cell in cells if cell)
        if text:
            yield Block(text, page=page)


def _text(element: Element) -> str:
    """Return the text inside an element; runs join without spaces, paragraphs end their line."""
    pieces: list[str] = []
    for node in element:
        name = _local(node)
        if name == "t":
            pieces.append(node.text or "")
        elif name == "br":
            pieces.append("\n")
        elif name not in _NOT_READ:
            pieces.append(_text(node))
            if name == "p":
                pieces.append("\n")
    return "".join(pieces)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]
