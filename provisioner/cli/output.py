"""What the operator sees: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import click

from provisioner.errors import ProvisionError
from provisioner.steps import Step


@dataclass
class Output:
    """How to speak: for people or, with `--json`, one JSON document on standard output."""

    json: bool = False
    verbose: bool = False

    def result(self, document: object, text: Callable[[], str]) -> None:
        """Show the result of a command: `document` as JSON, or what `text` makes of it."""
        shown = json.dumps(document, ensure_ascii=False, indent=2, default=_plain) if self.json else text()
        if shown:
            click.echo(shown)

    def say(self, message: str) -> None:
        """Tell something that is not the result."""
        click.echo(message, err=True)

    def error(self, error: ProvisionError) -> None:
        """Tell why the command failed or was refused."""
        if self.json:
            click.echo(json.dumps({"error": error_document(error)}, ensure_ascii=False, indent=2))
        self.trouble("provision", error)

    def trouble(self, subject: str, error: ProvisionError) -> None:
        """Tell people what went wrong, about whom, and the mend; no result is shown by it."""
        self.say(f"{subject}: {error.message}")
        if error.mend:
            self.say(f"  → {error.mend}")

    def steps(self, steps: Sequence[Step]) -> None:
        """Show what a dry run would do."""
        document = {"steps": [{"kind": type(step).__name__, "step": step.describe()} for step in steps]}
        self.result(
            document, lambda: "\n".join(step.describe() for step in steps) or "Nothing would be done."
        )

    # What the executor tells while it works (provisioner.apply.executor.Observer).

    def begins(self, number: int, count: int, step: Step) -> None:
        """Show the step that is being done; a terminal's line is written over by the next."""
        if self._overwrites(sys.stderr):
            line = f"[{number}/{count}] {step.describe()}"
            click.echo(f"\r\x1b[K{line[: _width() - 1]}", err=True, nl=False)

    def ends(self, number: int, count: int, step: Step) -> None:
        """Show a finished step, when asked for all of them."""
        if self.verbose:
            click.echo(f"[{number}/{count}] {step.describe()}", err=True)
        elif number == count and self._overwrites(sys.stderr):
            click.echo("\r\x1b[K", err=True, nl=False)

    def undoes(self, step: Step) -> None:
        """Show a step that is being taken back."""
        click.echo(f"undoing: {step.describe()}", err=True)

    def _overwrites(self, stream: TextIO) -> bool:
        return stream.isatty() and not self.verbose


def error_document(error: ProvisionError) -> dict[str, str]:
    """Return an error as it stands in JSON."""
    return {"code": error.code, "message": error.message, "mend": error.mend}


def table(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> str:
    """Lay rows out under headings, each column as wide as its widest cell; "" for what is None."""
    cells = [[_cell(row[column]) for column in columns] for row in rows]
    titles = [column.upper() for column in columns]
    widths = [max(len(line[place]) for line in (titles, *cells)) for place in range(len(columns))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (titles, *cells)
    )
    return "\n".join(lines)


def listing(facts: Mapping[str, object]) -> str:
    """Lay named facts out, one a line; None and empty ones are left out."""
    shown = {name: _cell(value) for name, value in facts.items() if value not in (None, "", (), [], {})}
    width = max((len(name) for name in shown), default=0)
    return "\n".join(f"{name.replace('_', ' '):<{width}}  {value}" for name, value in shown.items())


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_cell(part) or 'unlimited'}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value))
    return str(value)


def _plain(value: Any) -> object:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _width() -> int:
    return shutil.get_terminal_size().columns
