"""The text of a PDF page as PDFium finds it, with where each piece of it stands."""

import ctypes
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

import pypdfium2
import pypdfium2.raw

from tenant_app.library.parsing.characters import normalise
from tenant_app.library.parsing.reading_order import MOST_PIECES, Piece, lines_in_reading_order

# How PDFium marks a hyphen at the end of a line: it joins the lines, and does not tell if the word was cut.
_CUT: Final = re.compile("[\x02\ufffe](?=\\w)")
_CUT_MARK: Final = re.compile("[\x02\ufffe]")
_WORD: Final = re.compile("[^\\s\x02\ufffe]+[\x02\ufffe]?")
_WIDEST_SPACE: Final = 1.2
"""In heights of the letters: words further apart than this belong to different pieces."""
_STANDING_SHARE: Final = 0.2
"""More pieces that are higher than wide are letters written upwards."""
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})


def page_text(page: pypdfium2.PdfPage) -> str:
    """Return a page's lines in reading order, with a hyphen at the end of those that end in one.

    Where boxes do not tell the order (turned pages, scripts from right to left), it is the file's.
    Raises PdfiumError.
    """
    text_page = page.get_textpage()
    text = text_page.get_text_range()
    if page.get_rotation() == 0 and _runs_left_to_right(text):
        pieces = list(_pieces(_words(text_page, text)))
        if _can_be_ordered(pieces):
            return normalise("\n".join(lines_in_reading_order(pieces)))
    return normalise(_CUT.sub("-\n", text))


def _can_be_ordered(pieces: list[Piece]) -> bool:
    standing = sum(len(piece.text) > 2 and piece.height > piece.right - piece.left for piece in pieces)
    placed = all(piece.height > 0 for piece in pieces)
    return 0 < len(pieces) <= MOST_PIECES and placed and standing <= len(pieces) * _STANDING_SHARE


def _runs_left_to_right(text: str) -> bool:
    # Beyond U+FFFF one character is two of PDFium's, and its places would not be those of the text.
    return not any(
        character > "\uffff"
        or (character > "\u0590" and unicodedata.bidirectional(character) in _RIGHT_TO_LEFT)
        for character in text
    )


def _pieces(words: Iterable[Piece]) -> Iterator[Piece]:
    """Yield the runs of words that follow each other on a line, in the file's order."""
    piece: Piece | None = None
    for word in words:
        if piece is not None and _follows(piece, word):
            piece = _with_word(piece, word)
            continue
        if piece is not None:
            yield piece
        piece = word
    if piece is not None:
        yield piece


def _with_word(piece: Piece, word: Piece) -> Piece:
    bottom, top = min(piece.bottom, word.bottom), max(piece.top, word.top)
    return Piece(f"{piece.text} {word.text}", piece.left, bottom, max(piece.right, word.right), top)


def _follows(piece: Piece, word: Piece) -> bool:
    """Return whether a word goes on with the piece: on the same line, to its right, not far from it."""
    height = max(piece.height, word.height)
    level = min(piece.top, word.top) - max(piece.bottom, word.bottom) > 0.5 * min(piece.height, word.height)
    return level and -0.5 * height <= word.left - piece.right <= _WIDEST_SPACE * height


def _words(text_page: pypdfium2.PdfTextPage, text: str) -> Iterator[Piece]:
    """Yield each word of a page with its box; a hyphen is put back where PDFium has marked a cut word."""
    # Its places count characters that its text leaves out; mostly there are none.
    same_places = text_page.count_chars() == len(text)
    for word in _WORD.finditer(text):
        first, last = word.start(), word.end() - 1
        if not same_places:
            first = pypdfium2.raw.FPDFText_GetCharIndexFromTextIndex(text_page, first)
            last = pypdfium2.raw.FPDFText_GetCharIndexFromTextIndex(text_page, last)
        left, begin_bottom, begin_right, begin_top = _box(text_page, first)
        _, end_bottom, right, end_top = _box(text_page, last)
        yield Piece(
            _CUT_MARK.sub("-", word[0]),
            left,
            min(begin_bottom, end_bottom),
            max(begin_right, right),
            max(begin_top, end_top),
        )


def _box(text_page: pypdfium2.PdfTextPage, place: int) -> tuple[float, float, float, float]:
    """Return left, bottom, right, top of a character as high as its font; all 0 when it has none."""
    box = pypdfium2.raw.FS_RECTF()
    pypdfium2.raw.FPDFText_GetLooseCharBox(text_page, place, ctypes.byref(box))
    return box.left, box.bottom, box.right, box.top
