"""Writes a sheet as PDF with reportlab (BSD licence), its font embedded.

DejaVu Sans is used where Debian's fonts-dejavu-core is installed: it also covers Greek, Cyrillic and Arabic
letters. Elsewhere Bitstream Vera, which comes with reportlab and covers Western and Central Europe.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from tenant_app.exporting.blocks import Block, Heading, ListItem, Note, Paragraph, Quote, Sheet

MEDIA_TYPE: Final = "application/pdf"
_DEBIAN_FONTS: Final = Path("/usr/share/fonts/truetype/dejavu")
_FONT: Final = "Tenantry"
_BOLD: Final = "Tenantry-Bold"
_INK: Final = "#1a1e24"
_SOFT: Final = "#545c67"
_MARGIN: Final = 62
"""Points; 22 mm."""
# Thin and narrow spaces are missing from many fonts, and a tab has no width of its own.
_SPACES: Final = str.maketrans({"\u202f": "\u00a0", "\u2009": "\u00a0", "\u2007": "\u00a0", "\t": " "})


def as_pdf(sheet: Sheet) -> bytes:
    """Return the sheet as an A4 PDF; a character the font lacks shows as an empty box."""
    # Imported when the first file is asked for: 14 MB and a second.
    from reportlab.lib.pagesizes import A4  # noqa: PLC0415
    from reportlab.platypus import SimpleDocTemplate  # noqa: PLC0415

    _register_fonts()
    file = BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=_plain(sheet.title),
        author=_plain(sheet.issuer),
        lang=sheet.language,
    )
    document.build(
        list(_story(sheet)),
        onFirstPage=lambda canvas, _: _foot(canvas, sheet),
        onLaterPages=lambda canvas, _: _foot(canvas, sheet),
    )
    return file.getvalue()


@cache
def _register_fonts() -> None:
    import reportlab  # noqa: PLC0415 - see as_pdf
    from reportlab.lib.fonts import addMapping  # noqa: PLC0415
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415

    files = [_DEBIAN_FONTS / name for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")]
    if not all(file.is_file() for file in files):
        files = [Path(reportlab.__file__).parent / "fonts" / name for name in ("Vera.ttf", "VeraBd.ttf")]
    for name, file in zip((_FONT, _BOLD), files, strict=True):
        pdfmetrics.registerFont(TTFont(name, str(file)))
    for bold, name in ((0, _FONT), (1, _BOLD)):
        addMapping(_FONT, bold, 0, name)
        addMapping(_FONT, bold, 1, name)


@cache
def _styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415 - see as_pdf

    body = ParagraphStyle("body", fontName=_FONT, fontSize=10, leading=14.5, textColor=_INK, spaceAfter=7)
    return {
        "body": body,
        "title": ParagraphStyle("title", body, fontName=_BOLD, fontSize=17, leading=22, spaceAfter=4),
        "subtitle": ParagraphStyle("subtitle", body, textColor=_SOFT, spaceAfter=14),
        "heading1": ParagraphStyle(
            "heading1", body, fontName=_BOLD, fontSize=12.5, leading=17, spaceBefore=13, keepWithNext=1
        ),
        "heading2": ParagraphStyle("heading2", body, fontName=_BOLD, spaceBefore=7, keepWithNext=1),
        "note": ParagraphStyle("note", body, fontSize=8.5, leading=12, textColor=_SOFT),
        "quote": ParagraphStyle(
            "quote", body, leftIndent=14, borderPadding=(2, 0, 2, 8), borderColor=_SOFT, spaceAfter=2
        ),
        "source": ParagraphStyle(
            "source", body, fontSize=8.5, leading=12, textColor=_SOFT, leftIndent=14, spaceAfter=9
        ),
        "item": ParagraphStyle("item", body, leftIndent=24, bulletIndent=4, spaceAfter=4),
    }


def _story(sheet: Sheet) -> Iterator[Any]:
    yield _paragraph(sheet.title, "title")
    if sheet.subtitle:
        yield _paragraph(sheet.subtitle, "subtitle")
    for block in sheet.blocks:
        yield from _flowables(block)


def _flowables(block: Block) -> Iterator[Any]:
    match block:
        case Heading(text, level):
            yield _paragraph(text, f"heading{level}")
        case Paragraph(text):
            yield _paragraph(text, "body")
        case Note(text):
            yield _paragraph(text, "note")
        case Quote(text, source):
            yield _paragraph(f"« {text} »", "quote")
            yield _paragraph(source, "source")
        case ListItem(text, marker):
            yield _paragraph(text, "item", bullet=marker)


def _paragraph(text: str, style: str, bullet: str | None = None) -> Any:
    from reportlab.platypus import Paragraph as Flowable  # noqa: PLC0415 - see as_pdf

    # reportlab reads a little markup in texts, images by address among it: escaped, all of it is words.
    words = escape(_plain(text)).replace("\n", "<br/>")
    return Flowable(words, _styles()[style], bulletText=bullet)


def _foot(canvas: Any, sheet: Sheet) -> None:
    canvas.saveState()
    canvas.setFont(_FONT, 8)
    canvas.setFillColor(_SOFT)
    width, _ = canvas._pagesize
    canvas.drawString(_MARGIN, _MARGIN / 2, _plain(sheet.issuer)[:90])
    canvas.drawRightString(width - _MARGIN, _MARGIN / 2, f"{sheet.page_label} {canvas.getPageNumber()}")
    canvas.restoreState()


def _plain(text: str) -> str:
    """Return the text without characters that cannot be drawn, line ends aside."""
    drawable = (
        character
        for character in text.translate(_SPACES)
        if character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs")
    )
    return "".join(drawable)
