"""The text of a PDF page as PDFium finds it, with where each piece of it stands."""

import ctypes
import re
from collections.abc import Callable, Iterable, Iterator
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
# Scripts from right to left; and beyond U+FFFF one character is two of PDFium's, whose places then differ.
_OTHER_ORDER: Final = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010000-\U0010ffff]")


def page_text(page: pypdfium2.PdfPage) -> str:
    """Return a page's lines in reading order, with a hyphen at the end of those that end in one.

    Where boxes do not tell the order (turned pages, scripts from right to left), it is the file's.
    Raises PdfiumError.
    """
    text_page = page.get_textpage()
    text = text_page.get_text_range()
    if page.get_rotation() == 0 and not _OTHER_ORDER.search(text):
        pieces = list(_pieces(_words(text_page, text)))
        if _can_be_ordered(pieces):
            return normalise("\n".join(lines_in_reading_order(pieces)))
    return normalise(_CUT.sub("-\n", text))


def _can_be_ordered(pieces: list[Piece]) -> bool:
    standing = sum(len(piece.text) > 2 and piece.height > piece.right - piece.left for piece in pieces)
    placed = all(piece.height > 0 for piece in pieces)
    return 0 < len(pieces) <= MOST_PIECES and placed and standing <= len(pieces) * _STANDING_SHARE


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
    box_of = _boxes(text_page)
    for word in _WORD.finditer(text):
        first, last = word.start(), word.end() - 1
        if not same_places:
            first = pypdfium2.raw.FPDFText_GetCharIndexFromTextIndex(text_page, first)
            last = pypdfium2.raw.FPDFText_GetCharIndexFromTextIndex(text_page, last)
        left, begin_bottom, begin_right, begin_top = box_of(first)
        _, end_bottom, right, end_top = box_of(last)
        yield Piece(
            _CUT_MARK.sub("-", word[0]),
            left,
            min(begin_bottom, end_bottom),
            max(begin_right, right),
            max(begin_top, end_top),
        )


def _boxes(text_page: pypdfium2.PdfTextPage) -> Callable[[int], tuple[float, float, float, float]]:
    """Return what tells left, bottom, right, top of the character at a place; all 0 when it has none.

    Boxes are as high as the font, so that those of one line are equal. It is asked for twice a word.
    """
    raw, ask = text_page.raw, pypdfium2.raw.FPDFText_GetLooseCharBox
    box = pypdfium2.raw.FS_RECTF()
    pointer = ctypes.byref(box)

    def box_of(place: int) -> tuple[float, float, float, float]:
        if not ask(raw, place, pointer):
            return (0.0, 0.0, 0.0, 0.0)
        return box.left, box.bottom, box.right, box.top

    return box_of
