"""Put the lines of a laid-out page back into paragraphs."""

import re
from collections.abc import Iterator

from tenant_app.library.parsing.cut_words import CutWords
from tenant_app.library.parsing.structure import heading_level

_ITEM = re.compile(r"(?:[•▪■●○◦‣–—*-]|\(?\d{1,3}[.)°]|\d{1,3}(?:\.\d{1,3})+\.?|[IVX]{1,5}[.)]|[a-zA-Z]\))\s")
_SENTENCE_END = (".", "!", "?", ":", ";", "…", "»")
_SHORT_LINE = 0.6


def reflow(text: str, cut_words: CutWords) -> Iterator[str]:
    """Yield the paragraphs of one page's text, each on one line.

    A line goes on with the next unless it is followed by a blank line, a list item or a heading, or is much
    shorter than the page's long lines (the last line of a paragraph, a title).
    """
    lines = [line.strip() for line in text.split("\n")]
    full_width = _long_line(lines)
    paragraph: list[str] = []
    for line in lines:
        if paragraph and (not line or _starts_anew(paragraph[-1], line, full_width)):
            yield _join(paragraph, cut_words)
            paragraph = []
        if line:
            paragraph.append(line)
    if paragraph:
        yield _join(paragraph, cut_words)


def _long_line(lines: list[str]) -> int:
    lengths = sorted(len(line) for line in lines if line)
    return lengths[len(lengths) * 3 // 4] if lengths else 0


def _starts_anew(previous: str, line: str, full_width: int) -> bool:
    if heading_level(previous) or heading_level(line) or _ITEM.match(line):
        return True
    short = len(previous) < full_width * _SHORT_LINE
    begins_sentence = not line[0].islower()
    return begins_sentence and (
        short or (previous.endswith(_SENTENCE_END) and len(previous) < full_width * 0.9)
    )


def _join(lines: list[str], cut_words: CutWords) -> str:
    """Join lines with spaces, except after a hyphen that ends a line inside a word."""
    joined = lines[0]
    for line in lines[1:]:
        at_hyphen = joined.endswith("-") and joined[-2:-1].isalnum()
        joined = cut_words.joined(joined, line) if at_hyphen else f"{joined} {line}"
    return joined
