"""Read PDF files: PDFium first, which repairs most damage; pypdf for what PDFium refuses."""

import logging
from collections.abc import Callable, Iterator
from functools import partial
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
        document = pypdfium2.PdfDocument(_source(path))
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise ParseError("encrypted", "the PDF opens with a password only") from error
        _log.info("PDFium refuses the file (%s), trying pypdf", error)
        reader, count = _open_with_pypdf(path)
        yield from _parts(count, partial(_pypdf_text, reader))
        return
    with document:
        yield from _parts(len(document), partial(_page_text, document, path))


def _source(path: Path) -> Path | bytes:
    """Return the file as pypdfium2 takes it: it resolves names, and an attachment in memory has none."""
    return path if path.resolve().is_file() else path.read_bytes()


def _parts(count: int, text_of: Callable[[int], str | None]) -> Iterator[Part]:
    """Yield what `text_of` reads of each page, numbered from 1; None from it means the page is unreadable."""
    _check_page_count(count)
    yield PageCount(count)
    skipped = 0
    found_text = False
    for number in range(1, count + 1):
        text = text_of(number)
        if text is None:
            skipped += 1
            yield SkippedPage(number)
            continue
        found_text = found_text or bool(text.strip())
        yield from _blocks(text, number)
    if not found_text and skipped:
        raise ParseError("damaged", f"{skipped} of {count} pages cannot be read, the others hold no text")
    if not found_text:
        raise ParseError("no_text_layer", f"none of the {count} pages holds text")


def _page_text(document: pypdfium2.PdfDocument, path: Path, number: int) -> str | None:
    """Return a page's text, or None when neither library can read the page."""
    try:
        return normalise(document[number - 1].get_textpage().get_text_range())
    except pypdfium2.PdfiumError as error:
        _log.info("PDFium cannot read page %d: %s", number, error)
    reader, count = _open_with_pypdf(path)
    # pypdf does not count pages it cannot make out: its page N is then another one.
    return _pypdf_text(reader, number) if count == len(document) else None


def _open_with_pypdf(path: Path) -> tuple[PdfReader, int]:
    """Return the file and its number of pages. Raises ParseError."""
    try:
        reader = PdfReader(path)
        _refuse_cyclic_pages(reader)
        return reader, len(reader.pages)
    except FileNotDecryptedError as error:
        raise ParseError("encrypted", "the PDF opens with a password only") from error
    except (PyPdfError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ParseError("damaged", f"not a readable PDF: {error}") from error


def _pypdf_text(reader: PdfReader, number: int) -> str | None:
    try:
        return normalise(reader.pages[number - 1].extract_text())
    except Exception as error:  # noqa: BLE001 - on a malformed page pypdf raises whatever its code runs into
        _log.info("pypdf cannot read page %d: %r", number, error)
        return None


def _check_page_count(count: int) -> None:
    if count > MOST_PAGES:
        raise ParseError("too_large", f"{count} pages, at most {MOST_PAGES} are read")
    if count == 0:
        raise ParseError("damaged", "the PDF has no page")


def _refuse_cyclic_pages(reader: PdfReader) -> None:
    """Raise ParseError("damaged") when the page tree contains itself: such a file is made as a trap."""
    root = reader.trailer["/Root"]
    if not isinstance(root, DictionaryObject):
        raise ParseError("damaged", "the PDF has no catalogue")
    pending: list[object] = [root.raw_get("/Pages")]
    seen: set[int] = set()
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
