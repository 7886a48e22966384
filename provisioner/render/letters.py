"""The letters' texts: a template for each kind and language, its first line the subject."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final, Literal, NamedTuple

from babel.dates import format_date
from pydantic import SecretStr

from provisioner.invoicing.amounts import french, grouped
from provisioner.mail.letter import Kind
from provisioner.render.templates import render

Language = Literal["fr", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("fr", "en")
_BLANK_LINES: Final = re.compile(r"\n{3,}")


class Written(NamedTuple):
    """A letter's subject and text."""

    subject: str
    text: SecretStr


def write_letter(kind: Kind, language: Language, **values: object) -> Written:
    """Fill a letter's template; raises what `render` raises."""
    subject, _, body = render(f"templates/mail/{kind}.{language}.txt.j2", **values).partition("\n")
    return Written(subject, SecretStr(_BLANK_LINES.sub("\n\n", body.lstrip("\n"))))


def day(moment: date | datetime, language: Language) -> str:
    """Write a day out: `2 janvier 2026`, `2 January 2026`."""
    text = format_date(moment, "d MMMM y", language)
    return f"1er{text[1:]}" if language == "fr" and moment.day == 1 else text


def month(first: date, language: Language) -> str:
    """Write a month out: `janvier 2026`."""
    return format_date(first, "MMMM y", language)


def money(cents: int, language: Language) -> str:
    """Write an amount in euros: `1 299,00 €`, `€1,299.00`."""
    if language == "fr":
        return french(cents)
    return f"{'−' if cents < 0 else ''}€{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def count(number: int, language: Language) -> str:
    """Write a whole number with its thousands apart."""
    return grouped(number) if language == "fr" else f"{number:,}"
