"""Numbers, sizes, money and moments as the operator reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from babel.numbers import format_decimal, format_percent
from flask_babel import format_currency, format_date, format_datetime, get_locale, gettext


def number(value: int) -> str:
    """Return a whole number with its thousands apart."""
    return format_decimal(value, locale=get_locale())


def size(octets: int) -> str:
    """Return a size in bytes, in powers of 1,000 as the plans count."""
    units = (gettext("o"), gettext("Ko"), gettext("Mo"), gettext("Go"), gettext("To"))
    value = float(octets)
    unit = 0
    while value >= 1000 and unit < len(units) - 1:
        value /= 1000
        unit += 1
    pattern = "#,##0" if unit == 0 or value >= 10 else "#,##0.#"
    return f"{format_decimal(value, format=pattern, locale=get_locale())}\u202f{units[unit]}"


def euros(amount: Decimal) -> str:
    """Return an amount in euros with its cents."""
    return str(format_currency(amount, "EUR"))


def moment(value: datetime) -> str:
    """Return a moment in short form, in the operator's zone."""
    return str(format_datetime(value, "dd/MM/yyyy HH:mm"))


def day(value: date) -> str:
    """Return a day in short form."""
    return str(format_date(value, "dd/MM/yyyy"))


def percent(part: float) -> str:
    """Return a share with two decimals, rounded down: 99.999 % is not 100 %."""
    cut = int(part * 10_000) / 10_000
    return format_percent(cut, format="#,##0.## %", locale=get_locale())


def share(used: int, limit: int | None) -> int | None:
    """Return the whole percentage of a limit in use, 0 to 100, rounded down; None without a limit."""
    if limit is None:
        return None
    if limit == 0:
        return 100
    return min(100, used * 100 // limit)


def bars(values: Sequence[int | None], width: int, height: int) -> str:
    """Return an SVG path of one bar a value, the highest as high as the drawing; None leaves a gap.

    Nothing used is a line of one unit, so that it differs from what is not known.
    """
    most = max((value for value in values if value is not None), default=0) or 1
    step = width / max(len(values), 1)
    drawn = (
        (number * step, max(1.0, value / most * height))
        for number, value in enumerate(values)
        if value is not None
    )
    return "".join(f"M{left:.2f} {height}v-{high:.2f}h{step * 0.72:.2f}v{high:.2f}z" for left, high in drawn)


def level(percent: int | None) -> str:
    """Return how a meter is shown: ``warn`` from 80 %, ``bad`` at 100 %, else nothing."""
    if percent is None or percent < 80:
        return ""
    return "bad" if percent >= 100 else "warn"
