"""Which reader reads which type."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from tenant_app.library.parsing import sniffing
from tenant_app.library.parsing.ocr import Ocr
from tenant_app.library.parsing.protocol import ParseError, Part

MAY_HOLD_PICTURES: Final = frozenset({sniffing.PDF, sniffing.MAIL, *sniffing.IMAGES})
"""The types in which page images are recognised."""


def read_file(media_type: str, path: Path, ocr: Ocr | None = None) -> Iterator[Part]:  # noqa: C901 - a table
    """Return the parts of a file, read when they are asked for; without `ocr`, images hold no text.

    Raises ParseError: ``unsupported`` at once, the others while the parts are read.
    """
    # The imports wait for the limits, and each format's libraries are heavy: hence inside.
    match media_type:
        case sniffing.PDF:
            from tenant_app.library.parsing.pdf import read_pdf  # noqa: PLC0415

            return read_pdf(path, ocr)
        case sniffing.DOCX:
            from tenant_app.library.parsing.docx import read_docx  # noqa: PLC0415

            return read_docx(path)
        case sniffing.PPTX:
            from tenant_app.library.parsing.pptx import read_pptx  # noqa: PLC0415

            return read_pptx(path)
        case sniffing.XLSX:
            from tenant_app.library.parsing.xlsx import read_xlsx  # noqa: PLC0415

            return read_xlsx(path)
        case sniffing.ODT:
            from tenant_app.library.parsing.odt import read_odt  # noqa: PLC0415

            return read_odt(path)
        case sniffing.ODS:
            from tenant_app.library.parsing.ods import read_ods  # noqa: PLC0415

            return read_ods(path)
        case sniffing.MAIL:
            from tenant_app.library.parsing.mail import read_mail  # noqa: PLC0415

            return read_mail(path, partial(read_file, ocr=ocr))
        case sniffing.HTML:
            from tenant_app.library.parsing.html import read_html  # noqa: PLC0415

            return read_html(path)
        case sniffing.CSV:
            from tenant_app.library.parsing.delimited import read_csv  # noqa: PLC0415

            return read_csv(path)
        case sniffing.MARKDOWN:
            from tenant_app.library.parsing.text import read_markdown  # noqa: PLC0415

            return read_markdown(path)
        case sniffing.PLAIN_TEXT:
            from tenant_app.library.parsing.text import read_text  # noqa: PLC0415

            return read_text(path)
        case _ if media_type in sniffing.IMAGES:
            from tenant_app.library.parsing.image import read_image  # noqa: PLC0415

            return read_image(path, ocr)
        case _:
            raise ParseError("unsupported", f"no reader for {media_type}")
