"""Pictures of pages, as a scanner or a camera makes them: printed text, and nothing but its image."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import pypdfium2

from tests.tenant_app.library.samples import assembled, pdf

_DPI = 200


@dataclass(frozen=True)
class Picture:
    """A grey image: one byte a pixel, rows from the top."""

    width: int
    height: int
    pixels: bytes

    def turned(self) -> "Picture":
        """Return the image upside down, as a page laid wrongly on the scanner."""
        return Picture(self.width, self.height, self.pixels[::-1])


def picture(lines: Sequence[str]) -> Picture:
    """Return a photograph of a page that holds these lines."""
    with pypdfium2.PdfDocument(pdf(lines)) as document:
        bitmap = document[0].render(scale=_DPI / 72, grayscale=True)
        rows = memoryview(bitmap.buffer).cast("B")
        lines_of_pixels = (rows[row * bitmap.stride :][: bitmap.width] for row in range(bitmap.height))
        return Picture(bitmap.width, bitmap.height, b"".join(lines_of_pixels))


def png(image: Picture) -> bytes:
    """Return the image as a PNG file."""
    rows = (image.pixels[row * image.width :][: image.width] for row in range(image.height))
    header = struct.pack(">2I5B", image.width, image.height, 8, 0, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def scanned_pdf(*pages: Picture | Sequence[str] | None) -> bytes:
    """Return a PDF of pictures; a page given as lines has a text layer instead, None is a blank one."""
    kids = " ".join(f"{4 + 3 * number} 0 R" for number in range(len(pages)))
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} /MediaBox [0 0 595 842] >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in enumerate(pages):
        first = 4 + 3 * number
        resources = f"/Font << /F1 3 0 R >> /XObject << /Im {first + 2} 0 R >>"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /Resources << {resources} >> /Contents {first + 1} 0 R >>".encode()
        )
        objects += [_stream(b"", _content(page)), _image(page)]
    return assembled(objects)


def _content(page: Picture | Sequence[str] | None) -> bytes:
    if page is None:
        return b""
    if isinstance(page, Picture):
        return b"q 595 0 0 842 0 0 cm /Im Do Q"
    shown = b" ".join(b"(%b) Tj T*" % line.encode("cp1252") for line in page)
    return b"BT /F1 11 Tf 14 TL 60 780 Td " + shown + b" ET"


def _image(page: Picture | Sequence[str] | None) -> bytes:
    if not isinstance(page, Picture):
        return b"null"
    entries = f"/Type /XObject /Subtype /Image /Width {page.width} /Height {page.height}"
    entries += " /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode"
    return _stream(entries.encode(), zlib.compress(page.pixels))


def _stream(entries: bytes, content: bytes) -> bytes:
    return b"<< %b /Length %d >>\nstream\n%b\nendstream" % (entries, len(content), content)
