"""Writes a sheet as a Word document with python-docx (MIT licence), in Word's own styles: to be edited."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final

from tenant_app.exporting.blocks import Block, Heading, ListItem, Note, Paragraph, Quote, Sheet

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_LANGUAGES: Final = {"fr": "fr-FR", "en": "en-GB"}
_FONT: Final = "Calibri"
_INK: Final = (0x1A, 0x1E, 0x24)
_SOFT: Final = (0x54, 0x5C, 0x67)
_LAST_CONTROL: Final = 0x1F


def as_docx(sheet: Sheet) -> bytes:
    """Return the sheet as a DOCX file."""
    # Imported when the first file is asked for: 6 MB and half a second.
    import docx  # noqa: PLC0415

    document = docx.Document()
    _set_styles(document, sheet)
    document.add_heading(_plain(sheet.title), level=0)
    if sheet.subtitle:
        _add_small(document, sheet.subtitle)
    for block in sheet.blocks:
        _add(document, block)
    _add_foot(document, sheet)
    properties = document.core_properties
    properties.title, properties.author = _plain(sheet.title)[:255], _plain(sheet.issuer)[:255]
    properties.comments, properties.language = "", _LANGUAGES[sheet.language]
    properties.created = properties.modified = datetime.now(UTC).replace(tzinfo=None)
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def _set_styles(document: Any, sheet: Sheet) -> None:
    from docx.enum.style import WD_STYLE_TYPE  # noqa: PLC0415 - see as_docx
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415
    from docx.shared import Pt, RGBColor  # noqa: PLC0415

    for style in document.styles:
        if style.type == WD_STYLE_TYPE.PARAGRAPH and style.name in _SIZES:
            style.font.name, style.font.size = _FONT, Pt(_SIZES[style.name])
            style.font.color.rgb = RGBColor(*_INK)
            # The template names a theme font beside, which would win.
            for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
                style.element.rPr.rFonts.attrib.pop(qn(f"w:{theme}"), None)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), _LANGUAGES[sheet.language])
    document.styles["Normal"].element.rPr.append(language)


_SIZES: Final = {"Normal": 11, "Title": 20, "Heading 1": 14, "Heading 2": 12, "Quote": 11}
"""Points."""


def _add(document: Any, block: Block) -> None:
    match block:
        case Heading(text, level):
            document.add_heading(_plain(text), level=level)
        case Paragraph(text):
            document.add_paragraph(_plain(text))
        case Note(text):
            _add_small(document, text)
        case Quote(text, source):
            document.add_paragraph(
                f"« {_plain(text)} »", style="Quote"
            ).paragraph_format.keep_with_next = True
            _add_small(document, source)
        case ListItem(text, marker):
            _add_item(document, text, marker)


def _add_item(document: Any, text: str, marker: str) -> None:
    from docx.shared import Cm  # noqa: PLC0415 - see as_docx

    paragraph = document.add_paragraph(f"{_plain(marker)}\t{_plain(text)}")
    layout = paragraph.paragraph_format
    layout.left_indent, layout.first_line_indent = Cm(1), Cm(-1)
    layout.tab_stops.add_tab_stop(Cm(1))


def _add_small(document: Any, text: str) -> None:
    from docx.shared import Pt, RGBColor  # noqa: PLC0415 - see as_docx

    run = document.add_paragraph().add_run(_plain(text))
    run.font.size, run.font.color.rgb = Pt(9), RGBColor(*_SOFT)


def _add_foot(document: Any, sheet: Sheet) -> None:
    from docx.oxml import OxmlElement  # noqa: PLC0415 - see as_docx
    from docx.oxml.ns import qn  # noqa: PLC0415

    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.add_run(f"{_plain(sheet.issuer)}\t\t{_plain(sheet.page_label)} ")
    # The number is a field: Word counts the pages when it lays them out.
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    paragraph._p.append(field)


def _plain(text: str) -> str:
    """Return the text without characters that XML 1.0 cannot hold; line ends and tabs stay."""
    return "".join(character for character in text if _is_storable(character))


def _is_storable(character: str) -> bool:
    code = ord(character)
    if code <= _LAST_CONTROL:
        return character in "\n\t"
    surrogate = 0xD800 <= code <= 0xDFFF
    return not surrogate and code not in (0xFFFE, 0xFFFF)
