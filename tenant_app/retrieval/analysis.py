"""Cut text into the terms that full-text search compares: French and English, without accents or endings.

The same function analyses passages and questions, so a term of one is a term of the other. The order of the
steps matters: references to articles are taken out first (their dots and hyphens belong to them), elisions go
before words are cut, stemming sees the accents ("marché" and "marche" differ for it), folding comes last.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator

import Stemmer

from tenant_app.retrieval.language import ENGLISH_STOP_WORDS, FRENCH_STOP_WORDS, Language

_STEMMER_NAMES: dict[Language, str] = {"fr": "french", "en": "english"}
_STOP_WORDS: dict[Language, frozenset[str]] = {"fr": FRENCH_STOP_WORDS, "en": ENGLISH_STOP_WORDS}
_CHARACTERS = str.maketrans(
    {"’": "'", "ʼ": "'", "œ": "oe", "æ": "ae", "ß": "ss", "\u00ad": None, "\u200b": None}
)

# "L313-11", "L. 313-11", "R*. 4624-31", "LO 141" … and bare compound numbers such as "12-3".
_REFERENCE = re.compile(
    r"(?<![\w'-])(?:(?P<letter>lo|[lrda])(?P<mark>\s?\*?\s?\.\s?|\*|\s)?)?(?P<number>\d+(?:-\d+)+)(?![\w-])"
    r"|(?<![\w'-])(?P<code>lo|[lrd])(?:\s?\*?\s?\.\s?|\*)?(?P<article>\d{2,4})(?![\w-])"
)
_ELISION = re.compile(r"(?<!\w)(?:[ldjmtscn]|qu|jusqu|lorsqu|puisqu|quoiqu|presqu)'(?=\w)")
_WORD = re.compile(r"[^\W_]+")

_SHORTEST_PLURAL = 5  # "vers" and "tiers" are no plurals

_local = threading.local()


def fold(text: str) -> str:
    """Return `text` without accents."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def analyse(text: str, language: Language) -> list[str]:
    """Return the terms of `text` in order of their kind: references first, then words.

    Terms hold letters, digits and hyphens only, so they can be joined with spaces and quoted safely.
    """
    plain = unicodedata.normalize("NFKC", text).lower().translate(_CHARACTERS)
    return [*_references(plain), *_words(_REFERENCE.sub(" ", plain), language)]


def _references(plain: str) -> Iterator[str]:
    for match in _REFERENCE.finditer(plain):
        if match["code"]:
            yield f"{match['code']}{match['article']}"
            continue
        # The bare number too: one writes "L. 313-11" in a code and "article 313-11" in a question.
        yield match["number"]
        if match["letter"]:
            yield f"{match['letter']}{match['number']}"


def _words(plain: str, language: Language) -> Iterator[str]:
    stop_words = _STOP_WORDS[language]
    stemmer = _stemmer(language)
    for match in _WORD.finditer(_ELISION.sub("", plain)):
        word = match.group()
        if fold(word) in stop_words:
            continue
        yield fold(stemmer.stemWord(_singular(word) if language == "fr" else word))


def _singular(word: str) -> str:
    """Return a French plural in -ers without its s, which Snowball stems unlike its singular (étrangers)."""
    return word[:-1] if len(word) > _SHORTEST_PLURAL and word.endswith("ers") else word


def _stemmer(language: Language) -> Stemmer.Stemmer:
    """One stemmer per thread and language: a Snowball stemmer keeps state while it works."""
    stemmers: dict[Language, Stemmer.Stemmer] | None = getattr(_local, "stemmers", None)
    if stemmers is None:
        stemmers = _local.stemmers = {name: Stemmer.Stemmer(full) for name, full in _STEMMER_NAMES.items()}
    return stemmers[language]
