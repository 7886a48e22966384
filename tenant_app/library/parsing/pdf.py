"""Read PDF files: PDFium first, which repairs most damage; pypdf for what PDFium refuses."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pypdfium2.raw
from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError, PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from tenant_app.library.parsing.characters import normalise
from tenant_app.library.parsing.paragraphs import reflow
from tenant_app.library.parsing.protocol import Block, PageCount, ParseError, Part, SkippedPage
from tenant_app.library.parsing.structure import heading_level

MOST_PAGES = 5_000

_log = logging.getLogger(__name__)


def read_pdf(path: Path) -> Iterator[Part]:
    """Yield the paragraphs of each page, in the file's reading order.

    Pages that cannot be read are reported and passed over. Raises ParseError: ``encrypted`` when a password
    is needed, ``too_large`` beyond MOST_PAGES pages, ``no_text_layer`` when no page has text, ``damaged``.
    """
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise ParseError("encrypted", "the PDF opens with a password only") from error
        _log.info("PDFium refuses the file (%s), trying pypdf", error)
        yield from _read_with_pypdf(path)
        return
    with document:
        yield from _read_pages(document, path)


def _read_pages(document: pypdfium2.PdfDocument, path: Path) -> Iterator[Part]:
    count = len(document)
    _check_page_count(count)
    yield PageCount(count)
    found_text = False
    for number in range(1, count + 1):
        text = _page_text(document, number, path)
        if text is None:
            yield SkippedPage(number)
            continue
        found_text = found_text or bool(text.strip())
        yield from _blocks(text, number)
    if not found_text:
        raise ParseError("no_text_layer", f"none of the {count} pages holds text")


def _page_text(document: pypdfium2.PdfDocument, number: int, path: Path) -> str | None:
    """Return a page's text, or None when neither library can read the page."""
    try:
        with_text = document[number - 1].get_textpage()
        return normalise(with_text.get_text_range())
    except pypdfium2.PdfiumError as error:
        _log.info("PDFium cannot read page %d: %s", number, error)
    reader = PdfReader(path)
    _refuse_cyclic_pages(reader)
    try:
        return _pypdf_text(reader, number)
    except Exception as error:  # noqa: BLE001 - on a malformed page pypdf raises whatever its code runs into
        _log.info("pypdf cannot read page %d: %r", number, error)
        return None


def _read_with_pypdf(path: Path) -> Iterator[Part]:
    try:
        reader = PdfReader(path)
        _refuse_cyclic_pages(reader)
        count = len(reader.pages)
    except FileNotDecryptedError as error:
        raise ParseError("encrypted", "the PDF opens with a password only") from error
    except (PyPdfError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ParseError("damaged", f"not a readable PDF: {error}") from error
    _check_page_count(count)
    yield PageCount(count)
    found_text = False
    for number in range(1, count + 1):
        try:
            text = _pypdf_text(reader, number)
        except Exception as error:  # noqa: BLE001 - on a malformed page pypdf raises whatever its code runs into
            _log.info("pypdf cannot read page %d: %r", number, error)
            yield SkippedPage(number)
            continue
        found_text = found_text or bool(text.strip())
        yield from _blocks(text, number)
    if not found_text:
        raise ParseError("damaged", "no page can be read")


def _pypdf_text(reader: PdfReader, number: int) -> str:
    return normalise(reader.pages[number - 1].extract_text())


def _check_page_count(count: int) -> None:
    if count > MOST_PAGES:
        raise ParseError("too_large", f"{count} pages, at most {MOST_PAGES} are read")
    if count == 0:
        raise ParseError("damaged", "the PDF has no page")


def _refuse_cyclic_pages(reader: PdfReader) -> None:
    """Raise ParseError("damaged") when the page tree contains itself: such a file is made as a trap."""
    pending: list[object] = [reader.trailer["/Root"]]
    seen: set[int] = set()
    root = pending.pop()
    assert isinstance(root, DictionaryObject)
    pending.append(root.raw_get("/Pages"))
    while pending:
        node = pending.pop()
        if isinstance(node, IndirectObject):
            if node.idnum in seen:
                raise ParseError("damaged", f"the page tree meets object {node.idnum} twice")
            seen.add(node.idnum)
            node = node.get_object()
        if isinstance(node, DictionaryObject) and "/Kids" in node:
            kids = node["/Kids"]
            pending.extend(kids if isinstance(kids, ArrayObject) else [])


def _blocks(text: str, page: int) -> Iterator[Block]:
    for paragraph in reflow(text):
        yield Block(paragraph, level=heading_level(paragraph), page=page)
