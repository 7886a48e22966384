"""Read photographs and scans of pages, by recognising their characters."""

from collections.abc import Iterator
from pathlib import Path

from tenant_app.library.parsing.cut_words import CutWords
from tenant_app.library.parsing.limits import allow_time_for_ocr
from tenant_app.library.parsing.ocr import NotRecognised, Ocr
from tenant_app.library.parsing.paragraphs import reflow
from tenant_app.library.parsing.protocol import Block, PageCount, ParseError, Part
from tenant_app.library.parsing.structure import heading_level


def read_image(path: Path, ocr: Ocr | None) -> Iterator[Part]:
    """Yield the paragraphs of each page. Raises ParseError: ``no_text_layer`` without OCR, ``damaged``."""
    if ocr is None:
        raise ParseError("no_text_layer", "an image holds no text")
    allow_time_for_ocr()
    try:
        pages = ocr.pages(path.read_bytes())
    except NotRecognised as error:
        raise ParseError("damaged", f"the image cannot be read: {error}") from error
    yield PageCount(len(pages))
    cut_words = CutWords(pages)
    for number, text in enumerate(pages, start=1):
        for paragraph in reflow(text, cut_words):
            yield Block(paragraph, level=heading_level(paragraph), page=number)
