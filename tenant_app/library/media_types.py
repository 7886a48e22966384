"""Judge what a file is by its bytes; neither its name nor what the sender says about it is believed."""

import mmap
import re
import zipfile
from pathlib import Path
from typing import Final

from flask_babel import lazy_gettext

from tenant_app.errors import InvalidInput, Text, UnsupportedType

PDF: Final = "application/pdf"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HTML: Final = "text/html"
MARKDOWN: Final = "text/markdown"
PLAIN_TEXT: Final = "text/plain"

_HEAD_BYTES: Final = 8192
_PDF_MARK: Final = b"%PDF-"
# PDF readers accept the mark a little further on; what stands before it is then someone else's format.
_PDF_MARK_WITHIN: Final = 1024
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_OFFICE: Final = "EncryptedPackage".encode("utf-16-le")
_OFFICE_ENTRY: Final = re.compile(rb"\[Content_Types\]\.xml|_rels/\.rels|word/|docProps/")
_FOREIGN_TEXTS: Final = (b"{\\rtf", b"%!PS", b"MIME-Version:", b"#!/", b"%FDF-")
_MAIL_HEADER: Final = re.compile(
    rb"^(?:Received|Return-Path|Message-ID|MIME-Version|Delivered-To|X-Mozilla-Status): ", re.M | re.I
)
_MAIL_START: Final = re.compile(rb"[A-Za-z][A-Za-z-]*: ")
# Possessive (`*+`): where a comment ends is never tried twice; a row of them would take for ever to refuse.
_HTML_START: Final = re.compile(
    rb"\s*+(?:<\?xml[^>]*>\s*+)?(?:<!--(?:(?!-->).)*+-->\s*+)*+"
    rb"<(?:!doctype\s+html|(?:html|head|title|body|main|article|section|div|p|h[1-6]|table|ul|ol)[\s>])",
    re.I | re.S,
)
_XML_START: Final = re.compile(rb"\s*<(?:\?xml|!DOCTYPE|!ENTITY|svg|rss|feed)", re.I)
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MARKDOWN_NAMES: Final = (".md", ".markdown")
_BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def judge_media_type(path: Path, name: str) -> str:
    """Return the media type of an accepted file.

    The name decides one thing only: whether a text is read as Markdown, which no byte tells.
    Raises InvalidInput for an empty file, UnsupportedType, saying what can be done, for any other.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise InvalidInput(lazy_gettext("Le fichier est vide."), code="empty-file")
    if head.startswith(_PDF_MARK):
        return PDF
    if head.startswith(_ZIP):
        return _judge_zip(path, head)
    if head.startswith(_OLE):
        raise _refused_ole(path)
    return _judge_text(head, name)


def _judge_zip(path: Path, head: bytes) -> str:
    try:
        with zipfile.ZipFile(path) as package:
            names = frozenset(package.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        # An Office document cut off half-way: reading it says so better than "type not accepted" would.
        if _OFFICE_ENTRY.match(head, 30):
            return DOCX
        raise _unsupported() from None
    if "word/document.xml" in names and "[Content_Types].xml" in names:
        return DOCX
    raise _unsupported()


def _refused_ole(path: Path) -> UnsupportedType:
    # Mapped, not read: the file may be as large as the plan allows.
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        encrypted = content.find(_ENCRYPTED_OFFICE) >= 0
    if encrypted:
        return UnsupportedType(
            lazy_gettext("Ce document est protégé par un mot de passe : enregistrez-le sans protection."),
            code="encrypted",
        )
    return UnsupportedType(
        lazy_gettext("Ancien format d'Office non accepté : enregistrez le document en DOCX ou en PDF.")
    )


def _judge_text(head: bytes, name: str) -> str:
    marked = head.startswith(_BYTE_ORDER_MARKS)
    if not marked and _CONTROL.search(head):
        raise _unsupported()
    if _PDF_MARK in head[:_PDF_MARK_WITHIN] or head.startswith(_FOREIGN_TEXTS):
        raise _unsupported()
    if _MAIL_START.match(head) and _MAIL_HEADER.search(head):
        raise _unsupported()
    if _HTML_START.match(head.removeprefix(_BYTE_ORDER_MARKS[0])):
        return HTML
    if _XML_START.match(head.removeprefix(_BYTE_ORDER_MARKS[0])):
        raise _unsupported()
    return MARKDOWN if name.lower().endswith(_MARKDOWN_NAMES) else PLAIN_TEXT


def _unsupported() -> UnsupportedType:
    detail: Text = lazy_gettext("Formats acceptés : PDF, DOCX, HTML, Markdown et texte.")
    return UnsupportedType(detail)
