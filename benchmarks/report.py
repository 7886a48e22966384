"""What every benchmark prints: the machine it ran on, and tables."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime

import psutil


def machine() -> str:
    """Date, cores, memory, load and versions: without them a figure means nothing."""
    gigabytes = psutil.virtual_memory().total / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, {gigabytes:.0f} GiB, "
        f"load {os.getloadavg()[0]:.1f} at the start, Linux {platform.release()}, "
        f"Python {platform.python_version()}"
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table; the first column is left-aligned, the others right."""
    print(_line(head))
    print(_line(["---", *["---:"] * (len(head) - 1)]))
    for row in rows:
        print(_line(row))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def seconds(samples: Sequence[float]) -> list[str]:
    """Median, smallest and largest of some durations, for a table's row."""
    return [f"{value:.2f} s" for value in (statistics.median(samples), min(samples), max(samples))]


def milliseconds(samples: Sequence[float]) -> list[str]:
    """Median, smallest and largest of some durations in seconds, as milliseconds, for a table's row."""
    return [f"{value * 1000:.1f} ms" for value in (statistics.median(samples), min(samples), max(samples))]


def at_least(value: float, target: float, unit: str) -> str:
    """`0.95 × (target 0.9 ×: met)`."""
    return f"{value:.2f} {unit} (target {target:g} {unit}: {'met' if value >= target else 'MISSED'})"


def against_target(value: float, target: float, unit: str) -> str:
    """`2.10 s (target 3 s: met)`."""
    return f"{value:.2f} {unit} (target {target:g} {unit}: {'met' if value <= target else 'MISSED'})"
