"""Amounts of money: exact in the database, two decimals where they are shown."""

from decimal import Decimal
from typing import Annotated, Final

from pydantic import PlainSerializer
from sqlalchemy import Dialect, Integer
from sqlalchemy.types import TypeDecorator

FINEST: Final = Decimal("0.000000000001")
"""Euros. A price has six decimals at most and is per million tokens: twelve lose nothing."""
CENT: Final = Decimal("0.01")

Money = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
"""An amount in euros that is a JSON number."""


class ExactEuros(TypeDecorator[Decimal]):
    """Euros kept as a whole number of ``FINEST``, so that SQLite adds them without rounding."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Store the amount; raises ValueError for one that would have to be rounded."""
        if value is None:
            return None
        units = value / FINEST
        if units != units.to_integral_value():
            raise ValueError(f"{value} euros is finer than {FINEST}")
        return int(units)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        """Give back exactly what was stored."""
        return None if value is None else value * FINEST


def to_cents(amount: Decimal) -> Decimal:
    """Return the amount in euros with two decimals, halves to even."""
    return amount.quantize(CENT)


def price_of_tokens(count: int, per_million: Decimal) -> Decimal:
    """Return what ``count`` tokens cost, in euros, as finely as the ledger keeps it."""
    return (per_million * count / 1_000_000).quantize(FINEST)
