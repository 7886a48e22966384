"""Days written in French and English prose."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from tenant_app.retrieval.analysis import fold

_MONTH_NAMES: Final = (
    "janvier january janv jan",
    "fevrier february fevr fev feb",
    "mars march mar",
    "avril april avr apr",
    "mai may",
    "juin june jun",
    "juillet july juil jul",
    "aout august aug",
    "septembre september sept sep",
    "octobre october oct",
    "novembre november nov",
    "decembre december dec",
)
_MONTHS: Final = {
    name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()
}
_DAY: Final = r"(?P<{0}>0?[1-9]|[12]\d|3[01])"
_YEAR: Final = r"(?P<{0}>(?:19|20|21)\d\d)"
_WRITTEN: Final = re.compile(
    rf"""(?<![\w/.-])(?:
        {_DAY.format("d1")}(?:\s?er|st|nd|rd|th)?\s+(?:of\s+)?(?P<m1>[^\W\d_]{{3,9}})\.?,?\s+{_YEAR.format("y1")}
      | (?P<m2>[^\W\d_]{{3,9}})\.?\s+{_DAY.format("d2")}(?:st|nd|rd|th)?,\s*{_YEAR.format("y2")}
      | {_DAY.format("d3")}(?P<mark>[/.-])(?P<m3>0?[1-9]|1[0-2])(?P=mark){_YEAR.format("y3")}
      | {_YEAR.format("y4")}-(?P<m4>0[1-9]|1[0-2])-{_DAY.format("d4")}
    )(?![\w/-])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class DayFound:
    """A day that stands at ``text[start:end]``."""

    start: int
    end: int
    day: date


def days_in(text: str) -> Iterator[DayFound]:
    """Yield the days written in a text, in order; what looks like one and is none (31 June) is left out.

    Figures are read the French way, day first.
    """
    for found in _WRITTEN.finditer(text):
        day = _day(found)
        if day is not None:
            yield DayFound(found.start(), found.end(), day)


def _day(found: re.Match[str]) -> date | None:
    number = next(number for number in "1234" if found[f"d{number}"])
    month = found[f"m{number}"]
    known = int(month) if month.isdecimal() else _MONTHS.get(fold(month).lower())
    if known is None:
        return None
    try:
        return date(int(found[f"y{number}"]), known, int(found[f"d{number}"]))
    except ValueError:
        return None
