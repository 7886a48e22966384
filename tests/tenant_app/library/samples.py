"""Small documents of every accepted format, and some that are not what they seem, made when needed."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import docx
from pypdf import PdfReader, PdfWriter

EVALUATION_DOCUMENTS = Path(__file__).parents[4] / "shared" / "eval" / "documents"
"""Real documents, when the evaluation set lies beside the repository."""

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
CONTENT_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
)


def pdf(*pages: Sequence[str]) -> bytes:
    """Return a PDF whose pages hold these lines, in WinAnsi letters; a page without lines is blank."""
    return _pdf_of([_page_stream(lines) for lines in pages])


def laid_out_pdf(lines: Sequence[tuple[float, float, str]]) -> bytes:
    """Return a PDF of one page with each line at its place: points from the left and from the bottom."""
    shown = [
        b"BT /F1 11 Tf %d %d Td %b Tj ET" % (left, bottom, _string(line)) for left, bottom, line in lines
    ]
    return _pdf_of([b"\n".join(shown)])


def _pdf_of(streams: Sequence[bytes]) -> bytes:
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(streams)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(streams)} /MediaBox [0 0 595 842] >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, stream in enumerate(streams):
        content = f"/Contents {5 + 2 * number} 0 R"
        page = f"<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 3 0 R >> >> {content} >>"
        objects += [
            page.encode(),
            b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
        ]
    return assembled(objects)


def _page_stream(lines: Sequence[str]) -> bytes:
    shown = [b"BT /F1 11 Tf 14 TL 60 780 Td"]
    for line in lines:
        shown.append(b"%b Tj T*" % _string(line))
    return b"\n".join([*shown, b"ET"])


def _string(text: str) -> bytes:
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return b"(%b)" % escaped.encode("cp1252")


def assembled(objects: Sequence[bytes]) -> bytes:
    """Return a PDF file of these objects, numbered from 1; the first is the catalogue."""
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"trailer\n<< /Root 1 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    return out.getvalue()


def encrypted_pdf() -> bytes:
    """Return a PDF that opens with a password only."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(["Secret"]))))
    writer.encrypt("mot de passe", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def cyclic_pdf() -> bytes:
    """Return a PDF whose page tree contains itself behind one good page."""
    return assembled(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [6 0 R 3 0 R] /Count 2 /MediaBox [0 0 595 842] >>",
            b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            b"<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 5 0 R >> >> /Contents 7 0 R >>",
            b"<< /Length 36 >>\nstream\nBT /F1 12 Tf 60 780 Td (Piege) Tj ET \nendstream",
        ]
    )


def word(*paragraphs: str, heading: str = "", table: Sequence[Sequence[str]] = ()) -> bytes:
    """Return a Word document made by python-docx: a heading, paragraphs, a table."""
    document = docx.Document()
    if heading:
        document.add_heading(heading, level=1)
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if table:
        grid = document.add_table(rows=0, cols=len(table[0]))
        for row in table:
            for cell, text in zip(grid.add_row().cells, row, strict=True):
                cell.text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def word_of(body: str, **parts: str) -> bytes:
    """Return a Word package whose document body is this XML; `parts` adds word/<name>.xml."""
    written = {"document": f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>', **parts}
    return packed(
        {
            "[Content_Types].xml": CONTENT_TYPES.encode(),
            **{f"word/{name}.xml": xml.encode() for name, xml in written.items()},
        }
    )


def packed(entries: Mapping[str, bytes], first: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip archive; `first` is the compression of its first entry, the others are deflated.

    The same bytes whenever it is made: they name test cases, which must not differ between processes.
    """
    out = io.BytesIO()
    method = first
    with zipfile.ZipFile(out, "w") as package:
        for name, content in entries.items():
            package.writestr(zipfile.ZipInfo(name), content, method)
            method = zipfile.ZIP_DEFLATED
    return out.getvalue()


def word_bomb(mebibytes: int = 640) -> bytes:
    """Return a small Word document that inflates to so many MiB."""
    out = io.BytesIO()
    piece = b" " * 1024 * 1024
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", CONTENT_TYPES)
        with package.open("word/document.xml", "w", force_zip64=True) as part:
            for _ in range(mebibytes):
                part.write(piece)
    return out.getvalue()
