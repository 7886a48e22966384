"""Writes the generated parts of the documentation; a test compares them with what is committed.

- docs/operators/commands.md: from the command line's own help
- the floor pictures in docs/developers/architecture.md: from the import-linter contracts

Run it after changing a command or a contract: python -m scripts.write_docs
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from provisioner.cli.main import provision

CLONE = Path(__file__).resolve().parent.parent
REFERENCE = CLONE / "docs" / "operators" / "commands.md"
ARCHITECTURE = CLONE / "docs" / "developers" / "architecture.md"

_REFERENCE_HEAD = """\
# Commands

<!-- Written by scripts/write_docs.py from the commands' own help; a test compares them. -->

Exit codes: 0 done; 1 failed and undone, the message says what and the mend; 2 refused, nothing touched;
3 `diff` or `doctor` found something. With `--json` standard output holds exactly one JSON document and
logs go to standard error.
"""
_PICTURE = re.compile(r"<!-- floors: (\w+) -->\n(?:```text\n.*?```\n)?", re.DOTALL)


def generated() -> dict[Path, str]:
    """What every generated file should hold."""
    return {REFERENCE: command_reference(), ARCHITECTURE: with_floor_pictures(ARCHITECTURE.read_text())}


def command_reference() -> str:
    """The page of all commands, as Markdown."""
    return _REFERENCE_HEAD + "".join(_section(path, context) for path, context in commands())


def commands() -> Iterator[tuple[str, click.Context]]:
    """Every command by its full name, depth first, in the order its group lists them."""
    yield from _commands("provision", provision, None)


def _commands(
    path: str, command: click.Command, parent: click.Context | None
) -> Iterator[tuple[str, click.Context]]:
    settings = {**command.context_settings, "terminal_width": 96}
    context = click.Context(command, info_name=path.rsplit(" ", 1)[-1], parent=parent, **settings)
    yield path, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from _commands(f"{path} {name}", child, context)


def _section(path: str, context: click.Context) -> str:
    return f"\n## `{path}`\n\n```text\n{context.get_help()}\n```\n"


def with_floor_pictures(page: str) -> str:
    """The page with the picture after each `<!-- floors: package -->` made anew."""
    floors = _floors()
    return _PICTURE.sub(lambda found: _picture(found[1], floors[found[1]]), page)


def _floors() -> dict[str, list[str]]:
    """Each package's floors, highest first, as the contracts in pyproject.toml have them."""
    settings = tomllib.loads((CLONE / "pyproject.toml").read_text())
    contracts: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return {
        contract["containers"][0]: contract["layers"]
        for contract in contracts
        if contract["type"] == "layers"
    }


def _picture(package: str, floors: list[str]) -> str:
    width = max(map(len, floors))
    rows = "".join(f"│ {floor.center(width)} │\n" for floor in floors)
    picture = f"┌─{'─' * width}─┐\n{rows}└─{'─' * width}─┘\n"
    return f"<!-- floors: {package} -->\n```text\n{picture}```\n"


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
