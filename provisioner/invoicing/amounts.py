"""Amounts in whole cents; every rounding there is."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import floor
from typing import Final

_THIN: Final = "\u202f"
_NO_BREAK: Final = "\u00a0"


def half_up(amount: Fraction) -> int:
    """Round to the nearest cent, halves upwards, as French administration does."""
    return floor(amount + Fraction(1, 2))


def apportion(prices: Sequence[int], days: Sequence[int], whole: int) -> list[int]:
    """Return what each part of a month costs: `prices` a month, `days` of it, `whole` days in the month.

    Their sum is the exact sum rounded once; no part is a cent or more from its own exact amount. The cents
    that rounding down leaves go to the parts that lost most, the earlier of two equal ones first.
    """
    exact = [Fraction(price * count, whole) for price, count in zip(prices, days, strict=True)]
    parts = [floor(one) for one in exact]
    left = half_up(sum(exact, Fraction(0))) - sum(parts)
    by_loss = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in by_loss[:left]:
        parts[place] += 1
    return parts


def vat(net_cents: int, rate: Decimal) -> int:
    """Return the tax on a sum; `rate` in percent."""
    return half_up(Fraction(rate) * net_cents / 100)


def cents(euros: Decimal) -> int:
    """Return euros of at most two decimals in cents."""
    return int((euros * 100).to_integral_exact())


def plain(amount: int) -> str:
    """Write cents as machines read them: `1234.56`."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def french(amount: int) -> str:
    """Write cents as French people read them: `1 234,56 €`."""
    whole, rest = divmod(abs(amount), 100)
    sign = "−" if amount < 0 else ""
    return f"{sign}{grouped(whole)},{rest:02d}{_NO_BREAK}€"


def grouped(number: int) -> str:
    """Write a whole number in groups of three."""
    return f"{number:,}".replace(",", _THIN)


def percent(rate: Decimal) -> str:
    """Write a rate as French people read it: `20 %`, `5,5 %`."""
    text = f"{rate.quantize(Decimal('0.01'), ROUND_HALF_UP):f}".rstrip("0").rstrip(".")
    return f"{text.replace('.', ',')}{_NO_BREAK}%"
