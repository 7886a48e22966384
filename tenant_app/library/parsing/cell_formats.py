"""What a number in a workbook's cell means: Excel keeps dates and shares as plain numbers with a format."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from zipfile import ZipFile

from tenant_app.library.parsing.package import Element, has_part, xml_part

_STYLES: Final = "xl/styles.xml"
_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - a cell has no time zone
_EPOCH_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001
_LAST_DAY: Final = 2_958_465
"""31 December 9999, the last day Excel knows."""

_BUILT_IN_DATES: Final = frozenset({*range(14, 18), 22, *range(27, 32), 36, *range(50, 59)})
_BUILT_IN_TIMES: Final = frozenset({*range(18, 22), *range(32, 36), 45, 46, 47})
_BUILT_IN_SHARES: Final = frozenset({9, 10})
# What stands in quotes, brackets or behind a backslash is shown as it is, or says a colour or language.
_LITERALS: Final = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.')

Meaning = Literal["number", "date", "time", "share", "euros"]


@dataclass(frozen=True)
class CellFormats:
    """The meaning of each cell format, by its index; ``epoch`` is the workbook's day 0."""

    meanings: tuple[Meaning, ...] = ()
    epoch: datetime = _EPOCH


def cell_formats(package: ZipFile, workbook: Element) -> CellFormats:
    """Return the formats of a workbook."""
    properties = workbook.find("{*}workbookPr")
    starts_1904 = properties is not None and properties.get("date1904") in ("1", "true")
    epoch = _EPOCH_1904 if starts_1904 else _EPOCH
    if not has_part(package, _STYLES):
        return CellFormats(epoch=epoch)
    styles = xml_part(package, _STYLES)
    own = {
        number.get("numFmtId", ""): _meaning_of_code(number.get("formatCode", ""))
        for number in styles.iterfind("{*}numFmts/{*}numFmt")
    }
    formats = (found.get("numFmtId", "") for found in styles.iterfind("{*}cellXfs/{*}xf"))
    return CellFormats(tuple(own.get(number) or _meaning_of_number(number) for number in formats), epoch)


def displayed(value: str, style: str, formats: CellFormats) -> str:
    """Return a number as people read it: dates as 2026-03-31, shares as "12.5 %", no more than 15 digits."""
    try:
        number = float(value)
    except ValueError:
        return value
    index = int(style) if style.isdecimal() and len(style) < 8 else -1
    meaning = formats.meanings[index] if 0 <= index < len(formats.meanings) else "number"
    match meaning:
        case "date" | "time" if 0 <= number <= _LAST_DAY:
            return _moment(number, meaning, formats.epoch)
        case "share":
            return f"{number * 100:.10g} %"
        case "euros":
            return f"{number:.15g} €"
    return f"{number:.15g}"


def _moment(number: float, meaning: Meaning, epoch: datetime) -> str:
    moment = epoch + timedelta(seconds=round(number * 86_400))
    if meaning == "time" and number < 1:
        return f"{moment:%H:%M}"
    whole_day = (moment.hour, moment.minute) == (0, 0)
    return f"{moment:%Y-%m-%d}" if whole_day else f"{moment:%Y-%m-%d %H:%M}"


def _meaning_of_number(number: str) -> Meaning:
    built_in = int(number) if number.isdecimal() and len(number) < 8 else 0
    if built_in in _BUILT_IN_DATES:
        return "date"
    if built_in in _BUILT_IN_TIMES:
        return "time"
    return "share" if built_in in _BUILT_IN_SHARES else "number"


def _meaning_of_code(code: str) -> Meaning:
    if "€" in code:
        return "euros"
    bare = _LITERALS.sub("", code).lower()
    if "%" in bare:
        return "share"
    if "d" in bare or "y" in bare:
        return "date"
    if "h" in bare or "s" in bare:
        return "time"
    # "general" holds no letter of a date but these: an "m" alone is a month.
    return "date" if "m" in bare else "number"
