"""Decode text files of any encoding."""

import codecs
import re

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN_LETTERS = frozenset("éèêëàâùûôîïçœÉÈÊËÀÂÙÛÔÎÏÇŒäöüßÄÖÜñáíóúãõåæøñ«»’‘“”–—…€°§²©®\u00a0")
_LETTERS_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_WESTERN_SHARE = 0.9


def marked_encoding(data: bytes) -> str | None:
    """Return the encoding a byte order mark declares, or None without one."""
    return next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), None)


def decode_text(data: bytes) -> str:
    """Return `data` as text: by its byte order mark, as UTF-8, as Windows-1252 when that reads as a western
    language, else as the encoding its byte statistics suggest.

    Raises UnicodeDecodeError when a declared encoding does not fit the bytes.
    """
    marked = marked_encoding(data)
    if marked:
        return data.decode(marked)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_undeclared(data)


def _decode_undeclared(data: bytes) -> str:
    # Statistics are easily fooled by a few accents in a short text, so the likely answer is tried first.
    western = data.decode("cp1252", errors="replace")
    beyond_ascii = _LETTERS_BEYOND_ASCII.findall(western)
    if sum(letter in _WESTERN_LETTERS for letter in beyond_ascii) >= _WESTERN_SHARE * len(beyond_ascii):
        return western
    from charset_normalizer import from_bytes  # noqa: PLC0415 - heavy, and seldom needed

    best = from_bytes(data).best()
    return western if best is None else str(best)
