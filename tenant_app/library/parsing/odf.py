"""What OpenDocument texts and sheets have in common: the package, and the text of a paragraph."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from tenant_app.library.parsing.package import Element, has_part, xml_part
from tenant_app.library.parsing.protocol import ParseError
from tenant_app.library.parsing.zip_directory import open_archive

CONTENT: Final = "content.xml"
TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
STYLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
DRAW: Final = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
SVG: Final = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"

NOT_READ: Final = frozenset(
    {
        f"{TEXT}tracked-changes",
        f"{TEXT}note-citation",
        f"{TEXT}ruby-text",
        f"{OFFICE}annotation",
        f"{OFFICE}annotation-end",
        f"{SVG}title",
        f"{SVG}desc",
    }
)
"""Deleted text, the numbers of notes, how a word is pronounced, remarks in the margin, images described."""

_MANIFEST: Final = "META-INF/manifest.xml"
_ENCRYPTION: Final = "{*}file-entry/{*}encryption-data"
_MOST_SPACES: Final = 100


@contextmanager
def opened_document(path: Path) -> Iterator[ZipFile]:
    """Open an OpenDocument package. Raises ParseError: ``damaged``, ``too_large``, ``encrypted``."""
    with open_archive(path) as package:
        if has_part(package, _MANIFEST) and xml_part(package, _MANIFEST).find(_ENCRYPTION) is not None:
            raise ParseError("encrypted", "the document opens with a password only")
        yield package


def inline_text(element: Element) -> str:
    """Return the text inside an element; paragraphs inside it end their line."""
    pieces = [element.text or ""]
    for child in element:
        if child.tag not in NOT_READ:
            pieces.append(_inline(child))
        pieces.append(child.tail or "")
    return "".join(pieces)


def _inline(child: Element) -> str:
    if child.tag == f"{TEXT}s":
        count = child.get(f"{TEXT}c", "1")
        return " " * (min(int(count), _MOST_SPACES) if count.isdecimal() and len(count) < 8 else 1)
    if child.tag in (f"{TEXT}tab", f"{TEXT}line-break"):
        return "\n" if child.tag.endswith("break") else " "
    if child.tag in (f"{TEXT}p", f"{TEXT}h"):
        return f"{inline_text(child)}\n"
    if child.tag == f"{TEXT}note":
        return f" ({inline_text(child).strip()})"
    return inline_text(child)
