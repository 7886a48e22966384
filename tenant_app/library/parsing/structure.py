"""Recognise headings by their words, where the format does not mark them: statutes, contracts, reports."""

import re

ARTICLE_LEVEL = 6
_DIVISIONS = ("partie", "livre", "titre", "chapitre", "section")
_DIVISION = re.compile(
    r"(?:(?:première|deuxième|troisième|quatrième|cinquième)\s+)?"
    r"(?P<word>partie|livre|titre|chapitre|section|sous-section|annexe|chapter|part)\b"
    r"(?:\s+(?:[ivxlc]+(?:er|ère)?|\d+(?:er|ère)?|[a-z]|unique|premier|première|préliminaire))?"
    r"\s*(?:$|[:.–—-])",
    re.IGNORECASE,
)
_ARTICLE_NUMBER = (
    r"(?:Article|ARTICLE|Art\.)\s+(?:(?:LO|[LRDA])\s?\*?\s?\.?\s?)?(?:\d+(?:-\d+)*(?:er)?|premier|unique|[IVX]+)"
    r"(?:\s(?:bis|ter|quater|quinquies))?"
)
# Not the hyphen inside a number: the running text "Article L313-11 du code prévoit" is no heading.
_ARTICLE = re.compile(_ARTICLE_NUMBER + r"\s*(?:$|[:.–—]|-(?!\d))")
ARTICLE_OPENING = re.compile(_ARTICLE_NUMBER + r"(?=\s*(?:[:.–—]|-(?!\d))\s*[^\W\d_«\"])")
"""What stands before the text of an article that begins on the same line."""
_LONGEST_HEADING = 120


def is_article(text: str) -> bool:
    """Return whether `text` opens an article: "Article L313-11", "ARTICLE 4 – Résiliation"."""
    return len(text) <= _LONGEST_HEADING and "\n" not in text and _ARTICLE.match(text) is not None


def heading_level(text: str) -> int:
    """Return the level (1 to 6) of a line that is a heading by its words, or 0."""
    if is_article(text):
        return ARTICLE_LEVEL
    if len(text) > _LONGEST_HEADING or "\n" in text or text.endswith((".", ";", ",")):
        return 0
    division = _DIVISION.match(text)
    if division is None:
        return 0
    word = division["word"].lower()
    return _DIVISIONS.index(word) + 1 if word in _DIVISIONS else _OTHER_LEVELS[word]


_OTHER_LEVELS = {"sous-section": 6, "annexe": 1, "part": 1, "chapter": 2}
