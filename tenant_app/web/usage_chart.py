"""A month's units as they add up, against their limit: a drawing made here, coloured by the style sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

WIDTH: Final = 480
HEIGHT: Final = 200
LEFT: Final = 48
RIGHT: Final = 8
TOP: Final = 16
BOTTOM: Final = 28
_STEPS: Final = 4
_LABELLED_DAYS: Final = (1, 8, 15, 22)


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis, in the drawing's units."""

    at: float
    value: int


@dataclass(frozen=True)
class Chart:
    """What is drawn: ``curve`` and ``foreseen`` are points of lines, ``limit`` a height, if there is one."""

    area: str
    curve: str
    foreseen: str | None
    limit: float | None
    levels: tuple[Tick, ...]
    days: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def draw(units: Sequence[int], today: date | None, limit: int | None, foreseen: int | None) -> Chart:
    """Return the chart of a month whose days used ``units`` each, first to last.

    With ``today``, only days up to it are drawn, and what is foreseen for the month's end beyond.
    """
    known = units if today is None else units[: today.day]
    sums = [0]
    for count in known:
        sums.append(sums[-1] + count)
    levels = _levels(max(sums[-1], limit or 0, foreseen or 0, 1))
    top = levels[-1]

    def x(day: int) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * day / len(units), 1)

    def y(value: int) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top, 1)

    curve = " ".join(f"{x(day)},{y(value)}" for day, value in enumerate(sums))
    last = len(known)
    ahead = None
    if foreseen is not None and last < len(units):
        ahead = f"{x(last)},{y(sums[-1])} {x(len(units))},{y(foreseen)}"
    shown = (*_LABELLED_DAYS, len(units))
    return Chart(
        area=f"{x(0)},{y(0)} {curve} {x(last)},{y(0)}",
        curve=curve,
        foreseen=ahead,
        limit=None if limit is None else y(limit),
        levels=tuple(Tick(y(value), value) for value in levels),
        days=tuple(Tick(round((x(day - 1) + x(day)) / 2, 1), day) for day in shown),
    )


def _levels(highest: int) -> list[int]:
    """Return round values from 0 to at least ``highest``, evenly apart."""
    magnitude = 1
    while magnitude * 10 * _STEPS <= highest:
        magnitude *= 10
    step = next(size * magnitude for size in (1, 2, 5, 10) if size * magnitude * _STEPS >= highest)
    return [step * number for number in range(-(-highest // step) + 1)]
