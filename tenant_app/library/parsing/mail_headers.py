"""Decode what mails encode: headers (RFC 2047), the names of files (RFC 2231), texts of any character set."""

import binascii
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message

from tenant_app.library.parsing.characters import one_line
from tenant_app.library.parsing.encodings import decode_text


def header(message: Message, name: str) -> str:
    """Return a header as people read it, on one line; "" when there is none."""
    for key, value in message.raw_items():
        if key.lower() == name.lower():
            return decoded_header(str(value))
    return ""


def decoded_header(value: str) -> str:
    """Return the words of a header, those that are encoded decoded; what cannot be is left as it is."""
    # Bytes beyond ASCII, which mails should not hold bare, were kept as surrogates by the parser.
    bare = decode_text(value.encode("utf-8", "surrogateescape"))
    try:
        pieces = decode_header(bare)
    except (HeaderParseError, binascii.Error, ValueError):
        return one_line(bare)
    return one_line("".join(_piece(piece, charset) for piece, charset in pieces))


def _piece(piece: bytes | str, charset: str | None) -> str:
    if isinstance(piece, str):
        return piece
    # The header module hands the bare words between encoded ones over in this encoding.
    return decoded_text(piece, charset or "raw-unicode-escape")


def decoded_text(data: bytes, charset: str) -> str:
    """Return a text in its declared character set, else in the one its bytes suggest."""
    try:
        return data.decode(charset)
    except (LookupError, UnicodeError, ValueError):
        return decode_text(data)


def file_name(part: Message) -> str:
    """Return the name an attachment was sent under, or ""."""
    try:
        return decoded_header(part.get_filename() or "")
    except (LookupError, ValueError, TypeError):
        # A malformed parameter is no name.
        return ""


def payload(part: Message) -> bytes:
    """Return the bytes of a part without its transfer encoding."""
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
