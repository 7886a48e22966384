"""The accountant's table: one line an invoice or credit note, as CSV that a French spreadsheet opens."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

_BEGINS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def table(columns: Iterable[str], rows: Iterable[Iterable[str | int]]) -> str:
    """Return the table: semicolons, whole numbers as amounts in cents with a decimal comma.

    A text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection).
    """
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_amount(cell) if isinstance(cell, int) else _neutral(cell) for cell in row])
    return written.getvalue()


def _amount(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100},{abs(cents) % 100:02d}"


def _neutral(text: str) -> str:
    return f"'{text}" if text.startswith(_BEGINS_A_FORMULA) else text
