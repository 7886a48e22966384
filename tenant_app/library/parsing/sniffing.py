"""Judge what a file is by its bytes; neither its name nor what the sender says about it is believed."""

import mmap
import re
import zlib
from pathlib import Path
from typing import Final, Literal
from zipfile import BadZipFile, ZipFile

from tenant_app.library.parsing.delimited import delimiter_of
from tenant_app.library.parsing.encodings import decode_text
from tenant_app.library.parsing.protocol import ParseError
from tenant_app.library.parsing.zip_directory import open_archive

PDF: Final = "application/pdf"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX: Final = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT: Final = "application/vnd.oasis.opendocument.text"
ODS: Final = "application/vnd.oasis.opendocument.spreadsheet"
MAIL: Final = "message/rfc822"
HTML: Final = "text/html"
CSV: Final = "text/csv"
MARKDOWN: Final = "text/markdown"
PLAIN_TEXT: Final = "text/plain"
IMAGES: Final = ("image/png", "image/jpeg", "image/tiff")
"""Read where characters are recognised in page images."""

Reason = Literal["empty", "encrypted", "old_office", "unsupported"]

_HEAD_BYTES: Final = 8192
_MAIL_HEAD_BYTES: Final = 65_536
"""The seals and stamps of the servers it passed can stand before what people write in a mail's headers."""
_PDF_MARK: Final = b"%PDF-"
# PDF readers accept the mark a little further on; what stands before it is then someone else's format.
_PDF_MARK_WITHIN: Final = 1024
_IMAGE_MARKS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
_ZIP: Final = b"PK\x03\x04"
_FIRST_NAME: Final = 30
"""Where the name of an archive's first entry stands."""
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_OFFICE: Final = "EncryptedPackage".encode("utf-16-le")
_OFFICE_PARTS: Final = {"word/document.xml": DOCX, "ppt/presentation.xml": PPTX, "xl/workbook.xml": XLSX}
_OFFICE_TYPES: Final = "[Content_Types].xml"
_OPEN_DOCUMENTS: Final = {
    media_type + kind: media_type for media_type in (ODT, ODS) for kind in ("", "-template")
}
_FIRST_ENTRIES: Final = (
    (re.compile(rb"ppt/"), PPTX),
    (re.compile(rb"xl/"), XLSX),
    (re.compile(rb"\[Content_Types\]\.xml|_rels/\.rels|word/|docProps/"), DOCX),
    (re.compile(rb"mimetypeapplication/vnd\.oasis\.opendocument\.spreadsheet"), ODS),
    (re.compile(rb"mimetypeapplication/vnd\.oasis\.opendocument\.text"), ODT),
)
_FOREIGN_TEXTS: Final = (b"{\\rtf", b"%!PS", b"#!/", b"%FDF-")
_MAIL_START: Final = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,70}:[ \t]")
_MAIL_SENDER: Final = re.compile(rb"^From:[ \t]", re.M | re.I)
_MAIL_HEADER: Final = re.compile(
    rb"^(?:Received|Return-Path|Message-ID|MIME-Version|Delivered-To|X-Mozilla-Status|Date|Subject|To): ",
    re.M | re.I,
)
_FEWEST_MAIL_HEADERS: Final = 2
_HEADERS_END: Final = re.compile(rb"\r?\n\r?\n")
# Possessive (`*+`): where a comment ends is never tried twice; a row of them would take for ever to refuse.
_HTML_START: Final = re.compile(
    rb"\s*+(?:<\?xml[^>]*>\s*+)?(?:<!--(?:(?!-->).)*+-->\s*+)*+"
    rb"<(?:!doctype\s+html|(?:html|head|title|body|main|article|section|div|p|h[1-6]|table|ul|ol)[\s>])",
    re.I | re.S,
)
_XML_START: Final = re.compile(rb"\s*<(?:\?xml|!DOCTYPE|!ENTITY|svg|rss|feed)", re.I)
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MARKDOWN_NAMES: Final = (".md", ".markdown")
_TABLE_NAMES: Final = (".csv", ".tsv", ".tab")
_BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class NotAccepted(Exception):
    """The file is of no type that is read; ``reason`` says why to programs."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


def sniffed_media_type(path: Path, name: str) -> str:
    """Return the media type of a file that can be read.

    The name decides one thing only: whether a text is read as Markdown or as a table, which no byte tells.
    Raises NotAccepted for any other file.
    """
    with path.open("rb") as file:
        long_head = file.read(_MAIL_HEAD_BYTES)
    head = long_head[:_HEAD_BYTES]
    if not head:
        raise NotAccepted("empty")
    if head.startswith(_PDF_MARK):
        return PDF
    if head.startswith(_ZIP):
        return _type_of_archive(path, head)
    if head.startswith(_OLE):
        raise NotAccepted("encrypted" if _is_encrypted_office(path) else "old_office")
    for mark, media_type in _IMAGE_MARKS:
        if head.startswith(mark):
            return media_type
    _refuse_foreign_text(head)
    if _is_mail(long_head.removeprefix(_BYTE_ORDER_MARKS[0])):
        return MAIL
    return _type_of_text(head, name.lower())


def _type_of_archive(path: Path, head: bytes) -> str:
    try:
        with open_archive(path) as archive:
            found = _office_types(archive) | _open_document_types(archive)
    except ParseError:
        # An Office document cut off half-way, too large or encrypted: reading it says so better than "type
        # not accepted" would.
        found = _types_of_first_entry(head)
    if len(found) != 1:
        # None of ours, or two at once: a file made to be something else for another reader.
        raise NotAccepted("unsupported")
    return found.pop()


def _office_types(archive: ZipFile) -> set[str]:
    names = archive.NameToInfo
    return {kind for part, kind in _OFFICE_PARTS.items() if part in names and _OFFICE_TYPES in names}


def _open_document_types(archive: ZipFile) -> set[str]:
    entry = archive.NameToInfo.get("mimetype")
    if entry is None:
        return set()
    try:
        with archive.open(entry) as file:
            said = file.read(100).decode("ascii", "replace").strip()
    except (BadZipFile, zlib.error, EOFError, OSError):
        return set()
    return {_OPEN_DOCUMENTS[said]} if said in _OPEN_DOCUMENTS else set()


def _types_of_first_entry(head: bytes) -> set[str]:
    return {kind for pattern, kind in _FIRST_ENTRIES if pattern.match(head, _FIRST_NAME)}


def _is_encrypted_office(path: Path) -> bool:
    # Mapped, not read: the file may be as large as the plan allows.
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(_ENCRYPTED_OFFICE) >= 0


def _refuse_foreign_text(head: bytes) -> None:
    if not head.startswith(_BYTE_ORDER_MARKS) and _CONTROL.search(head):
        raise NotAccepted("unsupported")
    if _PDF_MARK in head[:_PDF_MARK_WITHIN] or head.startswith(_FOREIGN_TEXTS):
        raise NotAccepted("unsupported")


def _type_of_text(head: bytes, name: str) -> str:
    text = head.removeprefix(_BYTE_ORDER_MARKS[0])
    if _HTML_START.match(text):
        return HTML
    if _XML_START.match(text):
        raise NotAccepted("unsupported")
    if name.endswith(_MARKDOWN_NAMES):
        return MARKDOWN
    return CSV if name.endswith(_TABLE_NAMES) and _is_table(head) else PLAIN_TEXT


def _is_mail(head: bytes) -> bool:
    """Return whether a text begins with the headers of a mail: who sent it, and two more that mails have."""
    if not _MAIL_START.match(head):
        return False
    headers = _HEADERS_END.split(head, maxsplit=1)[0]
    known = {header.lower() for header in _MAIL_HEADER.findall(headers)}
    return _MAIL_SENDER.search(headers) is not None and len(known) >= _FEWEST_MAIL_HEADERS


def _is_table(head: bytes) -> bool:
    try:
        text = decode_text(head)
    except UnicodeDecodeError:
        # The head may end in the middle of a character; that costs one at most.
        text = head.decode("utf-8", "replace")
    whole_lines = text.rpartition("\n")[0] if len(head) == _HEAD_BYTES else text
    return delimiter_of(whole_lines) is not None
