"""Read PDF files: PDFium first, which repairs most damage; pypdf for what PDFium refuses."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import pypdfium2
import pypdfium2.raw
from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError, PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from tenant_app.library.parsing.characters import normalise
from tenant_app.library.parsing.cut_words import CutWords
from tenant_app.library.parsing.ocr import Ocr
from tenant_app.library.parsing.paragraphs import reflow
from tenant_app.library.parsing.pdf_scans import PageRecognition, is_picture_of_text
from tenant_app.library.parsing.pdf_text import page_text
from tenant_app.library.parsing.protocol import Block, PageCount, ParseError, Part, SkippedPage
from tenant_app.library.parsing.running_lines import without_running_lines
from tenant_app.library.parsing.structure import heading_level

MOST_PAGES = 5_000

_log = logging.getLogger(__name__)


def read_pdf(path: Path, ocr: Ocr | None = None) -> Iterator[Part]:
    """Yield the paragraphs of each page in reading order, without the lines that run through all pages.

    Pages that are pictures of text are read by `ocr`. Pages that cannot be read, and such pictures without
    `ocr`, are reported and passed over. Raises ParseError: ``encrypted`` when a password is needed,
    ``too_large`` beyond MOST_PAGES pages, ``no_text_layer`` when no page has text, ``damaged``.
    """
    try:
        document = pypdfium2.PdfDocument(_source(path))
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise ParseError("encrypted", "the PDF opens with a password only") from error
        _log.info("PDFium refuses the file (%s), trying pypdf", error)
        reader, count = _open_with_pypdf(path)
        yield from _parts(count, partial(_pypdf_page, reader))
        return
    with document:
        recognition = None if ocr is None else PageRecognition(ocr)
        yield from _parts(len(document), partial(_page, document, path, recognition))


def _source(path: Path) -> Path | bytes:
    """Return the file as pypdfium2 takes it: it resolves names, and an attachment in memory has none."""
    return path if path.resolve().is_file() else path.read_bytes()


@dataclass(frozen=True)
class _Page:
    """What was read of a page; ``fault`` says why nothing was, when it should have been."""

    text: str = ""
    fault: Literal["damaged", "picture"] | None = None


def _parts(count: int, page_of: Callable[[int], _Page]) -> Iterator[Part]:
    """Yield what `page_of` reads of each page, numbered from 1."""
    _check_page_count(count)
    yield PageCount(count)
    # All are read before the first is yielded: how a page is written is told by the others.
    pages = [page_of(number) for number in range(1, count + 1)]
    faults = [page.fault for page in pages if page.fault]
    if not any(page.text.strip() for page in pages):
        if "damaged" in faults:
            raise ParseError("damaged", f"{len(faults)} of {count} pages cannot be read, no other holds text")
        raise ParseError("no_text_layer", f"none of the {count} pages holds text")
    texts = without_running_lines([page.text for page in pages])
    cut_words = CutWords(texts)
    for number, (page, text) in enumerate(zip(pages, texts, strict=True), start=1):
        if page.fault:
            yield SkippedPage(number)
        for paragraph in reflow(text, cut_words):
            yield Block(paragraph, level=heading_level(paragraph), page=number)


def _page(
    document: pypdfium2.PdfDocument, path: Path, recognition: PageRecognition | None, number: int
) -> _Page:
    """Read one page by PDFium, by pypdf where PDFium cannot, by recognition where it is a picture."""
    try:
        page = document[number - 1]
        text = page_text(page)
        if not is_picture_of_text(page, text):
            return _Page(text)
    except pypdfium2.PdfiumError as error:
        _log.info("PDFium cannot read page %d: %s", number, error)
        reader, count = _open_with_pypdf(path)
        # pypdf does not count pages it cannot make out: its page N is then another one.
        return _pypdf_page(reader, number) if count == len(document) else _Page(fault="damaged")
    recognised = None if recognition is None else recognition.text(page)
    return _Page(fault="picture") if recognised is None else _Page(recognised)


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


def _pypdf_page(reader: PdfReader, number: int) -> _Page:
    try:
        return _Page(normalise(reader.pages[number - 1].extract_text()))
    except Exception as error:  # noqa: BLE001 - on a malformed page pypdf raises whatever its code runs into
        _log.info("pypdf cannot read page %d: %r", number, error)
        return _Page(fault="damaged")


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
