"""The figures and references of a text, in one written form: « trente jours » and « 30 jours » agree.

A fact is ``"30"``, ``"30 jour"`` (a figure with its unit) or ``"l313-11"`` (a reference). A statement whose
facts do not all stand in a passage is not what it says, however alike the rest of its words.
"""

import re
from collections.abc import Iterator
from typing import Final

from tenant_app.retrieval.analysis import analyse, fold

_ONES: Final = {
    "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9, "dix": 10,
    "onze": 11, "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15, "seize": 16,
    "two": 2, "three": 3, "five": 5, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS: Final = {
    "vingt": 20, "vingts": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60, "cent": 100,
    "mille": 1000, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90, "hundred": 100, "thousand": 1000,
}  # fmt: skip
_FOUR_TIMES: Final = frozenset({"vingt", "vingts"})
_BEFORE_A_UNIT: Final = {"un": "1", "une": "1", "one": "1", "four": "4"}
"""Figures only before a unit: « un an », but not « un contrat »; "four days", but not « un four »."""
_SPELLINGS: Final = {
    "jour": "jour jours day days",
    "mois": "mois month months",
    "an": "an ans annee annees year years",
    "heure": "heure heures h hour hours",
    "semaine": "semaine semaines week weeks",
    "minute": "minute minutes",
    "euro": "euro euros €",
    "%": "% pourcent percent",
    "salarie": "salarie salaries",
}
_UNITS: Final = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in spellings.split()}
_UNIT_WITHIN: Final = 4
"""Words: in « deux ou trois mois » both figures have the unit."""
_GROUPED: Final = re.compile(r"(?<=\d)[  \u202f.](?=\d{3}(?!\d))")
_REFERENCE: Final = re.compile(r"[a-z]{0,2}\d+(?:-\d+)+|[a-z]{1,2}\d{2,4}")
_WRITTEN_REFERENCE: Final = re.compile(r"\b(?:lo|[lrda])\s?\*?\s?\.?\s?\d+(?:-\d+)*\b|\b\d+(?:-\d+)+\b")
_WORD: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)?|[^\W\d_]+|[€%]")
_CITATION: Final = re.compile(r"\[\d{1,3}\]")


def facts_of(text: str) -> frozenset[str]:
    """Return every fact of the text."""
    plain = _CITATION.sub(" ", text)
    references = {term for term in analyse(plain, "fr") if _REFERENCE.fullmatch(term)}
    return frozenset(references | set(_figures(plain)))


def _figures(text: str) -> Iterator[str]:
    plain = _WRITTEN_REFERENCE.sub(" ", _GROUPED.sub("", text.lower()))
    words = _WORD.findall(fold(plain))
    for position, word in enumerate(words):
        value = _value(words, position)
        unit = _unit(words, position)
        if value is None and _at(words, position + 1) in _UNITS:
            value = _BEFORE_A_UNIT.get(word)
        if value is not None:
            yield value
            if unit:
                yield f"{value} {unit}"


def _value(words: list[str], position: int) -> str | None:
    """Return the figure that begins at ``position``; None for a word, or a part of the figure before."""
    word = words[position]
    if word[0] in "0123456789":
        whole, _, decimals = word.replace(",", ".").partition(".")
        decimals = decimals.rstrip("0")
        return f"{int(whole)}.{decimals}" if decimals else str(int(whole))
    before, after, next_one = (_at(words, position + step) for step in (-1, 1, 2))
    if word == "quatre" and after in _FOUR_TIMES:
        return str(80 + _ONES.get(next_one, 0))
    if word in _TENS and not (before == "quatre" and word in _FOUR_TIMES):
        return str(_TENS[word] + _ONES.get(after, 0))
    if word in _ONES and before not in _TENS:
        return str(_ONES[word])
    return None


def _at(words: list[str], position: int) -> str:
    return words[position] if 0 <= position < len(words) else ""


def _unit(words: list[str], position: int) -> str | None:
    for word in words[position + 1 : position + 1 + _UNIT_WITHIN]:
        if word in _UNITS:
            return _UNITS[word]
    return None
