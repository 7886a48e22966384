"""PDF pages that are pictures of text: which they are, and what recognition reads on them."""

import logging
from dataclasses import dataclass
from itertools import islice
from typing import Final

import pypdfium2
import pypdfium2.raw

from tenant_app.library.parsing.limits import allow_time_for_ocr
from tenant_app.library.parsing.ocr import NotRecognised, Ocr

MOST_RECOGNISED_PAGES: Final = 200
"""Of one document; recognising more takes longer than its sender waits. The others are reported."""

_log = logging.getLogger(__name__)

_DPI: Final = 300
_MOST_PIXELS: Final = 24_000_000
"""An A3 page at 300 dpi is 17 million; larger pages are rendered at a lower resolution."""
_POINTS_PER_INCH: Final = 72
_FEWEST_LETTERS: Final = 30
"""Fewer are a number or stamp put on a scanned page, not its text."""
_SCANNED_SHARE: Final = 0.3
_FEWEST_OUTLINES: Final = 200
"""Letters drawn as curves: a page of them has far more shapes than a drawing."""


def is_picture_of_text(page: pypdfium2.PdfPage, text: str) -> bool:
    """Return whether a page has next to no text, but images or outlines enough to show some."""
    letters = (character for character in text if character.isalpha())
    if len(list(islice(letters, _FEWEST_LETTERS))) == _FEWEST_LETTERS:
        return False
    width, height = page.get_size()
    needed = width * height * _SCANNED_SHARE
    covered = 0.0
    outlines = 0
    for shown in page.get_objects():
        if shown.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = shown.get_bounds()
            covered += abs(right - left) * abs(top - bottom)
        elif shown.type == pypdfium2.raw.FPDF_PAGEOBJ_PATH:
            outlines += 1
        if covered >= needed or outlines >= _FEWEST_OUTLINES:
            return True
    return False


@dataclass
class PageRecognition:
    """Recognises the pages of one document."""

    ocr: Ocr
    pages: int = 0

    def text(self, page: pypdfium2.PdfPage) -> str | None:
        """Return the text of a page's picture, or None when it could not be, or is not to be, recognised."""
        self.pages += 1
        if self.pages > MOST_RECOGNISED_PAGES:
            return None
        if self.pages == 1:
            allow_time_for_ocr()
        try:
            return "\n".join(self.ocr.pages(*_picture(page)))
        except (NotRecognised, pypdfium2.PdfiumError) as error:
            _log.info("a page image is not recognised: %s", error)
            return None


def _picture(page: pypdfium2.PdfPage) -> tuple[bytes, int]:
    """Return a page as a grey PGM image, and its resolution."""
    width, height = page.get_size()
    scale = _DPI / _POINTS_PER_INCH
    scale *= min(1.0, (_MOST_PIXELS / max(1.0, width * height * scale * scale)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    rows = memoryview(bitmap.buffer).cast("B")
    lines = (rows[row * bitmap.stride :][: bitmap.width] for row in range(bitmap.height))
    image = b"P5\n%d %d\n255\n" % (bitmap.width, bitmap.height) + b"".join(lines)
    return image, max(1, round(scale * _POINTS_PER_INCH))
