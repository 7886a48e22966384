"""Writes docs/operators/commands.md from the command line's own help; `--check` only compares.

Run it with the project's interpreter after changing a command: .venv/bin/python scripts/command_reference.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from provisioner.cli.main import main as provision

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "operators" / "commands.md"

_HEAD = """\
# Commands

<!-- Written by scripts/command_reference.py from the commands' own help; a test compares them. -->

Exit codes: 0 done; 1 failed and undone, the message says what and the mend; 2 refused, nothing touched;
3 `diff` or `doctor` found something. With `--json` standard output holds exactly one JSON document and
logs go to standard error.
"""


def reference() -> str:
    """The whole page, as Markdown."""
    return _HEAD + "".join(_section(path, context) for path, context in _commands("provision", provision))


def _commands(
    path: str, command: click.Command, parent: click.Context | None = None
) -> Iterator[tuple[str, click.Context]]:
    """Every command, depth first, in the order its group lists them."""
    context = click.Context(command, info_name=path.rsplit(" ", 1)[-1], parent=parent, max_content_width=96)
    yield path, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from _commands(f"{path} {name}", child, context)


def _section(path: str, context: click.Context) -> str:
    return f"\n## `{path}`\n\n```text\n{context.get_help()}\n```\n"


def main() -> None:
    """Write the page, or end with 1 when it is out of date and `--check` was given."""
    text = reference()
    if "--check" not in sys.argv[1:]:
        REFERENCE.write_text(text, encoding="utf-8")
    elif REFERENCE.read_text(encoding="utf-8") != text:
        sys.exit(f"{REFERENCE.name} is out of date; run scripts/command_reference.py")


if __name__ == "__main__":
    main()
