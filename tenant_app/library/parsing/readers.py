"""Which reader reads which type."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tenant_app.library.parsing import sniffing
from tenant_app.library.parsing.protocol import ParseError, Part

Parser = Callable[[Path], Iterator[Part]]


def read_file(media_type: str, path: Path) -> Iterator[Part]:
    """Return the parts of a file, read when they are asked for.

    Raises ParseError: ``unsupported`` at once, the others while the parts are read.
    """
    return _parser_for(media_type)(path)


def _parser_for(media_type: str) -> Parser:  # noqa: C901 - a table, with one line a type
    """Import only what this one file needs. Raises ParseError("unsupported")."""
    # The imports wait for the limits, and each format's libraries are heavy: hence inside.
    match media_type:
        case sniffing.PDF:
            from tenant_app.library.parsing.pdf import read_pdf as parser  # noqa: PLC0415
        case sniffing.DOCX:
            from tenant_app.library.parsing.docx import read_docx as parser  # noqa: PLC0415
        case sniffing.PPTX:
            from tenant_app.library.parsing.pptx import read_pptx as parser  # noqa: PLC0415
        case sniffing.XLSX:
            from tenant_app.library.parsing.xlsx import read_xlsx as parser  # noqa: PLC0415
        case sniffing.ODT:
            from tenant_app.library.parsing.odt import read_odt as parser  # noqa: PLC0415
        case sniffing.ODS:
            from tenant_app.library.parsing.ods import read_ods as parser  # noqa: PLC0415
        case sniffing.MAIL:
            from tenant_app.library.parsing.mail import read_mail  # noqa: PLC0415

            parser = partial(read_mail, read=read_file)
        case sniffing.HTML:
            from tenant_app.library.parsing.html import read_html as parser  # noqa: PLC0415
        case sniffing.CSV:
            from tenant_app.library.parsing.delimited import read_csv as parser  # noqa: PLC0415
        case sniffing.MARKDOWN:
            from tenant_app.library.parsing.text import read_markdown as parser  # noqa: PLC0415
        case sniffing.PLAIN_TEXT:
            from tenant_app.library.parsing.text import read_text as parser  # noqa: PLC0415
        case _:
            raise ParseError("unsupported", f"no reader for {media_type}")
    return parser
