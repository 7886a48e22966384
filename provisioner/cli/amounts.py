"""Days, spans and amounts on the command line, and in its JSON: euros as numbers, days as `2026-01-31`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import click

_SPAN: Final = re.compile(r"([0-9]{1,5})d")
_EUROS: Final = re.compile(r"-?[0-9]{1,7}(\.[0-9]{1,2})?")


class Euros(click.ParamType[Decimal]):
    """Euros with at most two decimals, as a Decimal."""

    name = "EUROS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Take the amount as typed, or refuse it."""
        if isinstance(value, str) and not _EUROS.fullmatch(value):
            self.fail(f"{value!r} is no amount; write it as 358.80.", param, ctx)
        return Decimal(value)


class Day(click.ParamType[date]):
    """A day, written `2026-01-31`."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Take the day as typed, or refuse it."""
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = None
        if day is None or day.isoformat() != value:
            self.fail(f"{value!r} is no day; write it as 2026-01-31.", param, ctx)
        return day


class Span(click.ParamType[timedelta]):
    """A number of days, written `30d`."""

    name = "DAYS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Take the span as typed, or refuse it."""
        if isinstance(value, timedelta):
            return value
        found = _SPAN.fullmatch(value)
        if not found:
            self.fail(f"{value!r} is no number of days; write it as 30d.", param, ctx)
        return timedelta(days=int(found[1]))


def shown(facts: Mapping[str, object]) -> dict[str, object]:
    """Return named facts for people: amounts with their two decimals."""
    return {name: f"{value:.2f}" if isinstance(value, float) else value for name, value in facts.items()}


def euros(cents: int) -> float:
    """Return cents as the euros of a JSON document."""
    return float(Decimal(cents) / 100)
