"""Every example in the documentation is a command that exists, with options that exist.

In a ```console block a line that begins with `$ ` is something to type.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from provisioner.cli.main import provision

CLONE = Path(__file__).resolve().parents[2]
PAGES = sorted([CLONE / "README.md", *CLONE.glob("docs/**/*.md")])
_BLOCK = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?://)([^)#]+)(?:#[^)]*)?\)")


def typed_lines(page: Path) -> list[str]:
    """The lines to type, with continued lines joined and comments dropped."""
    text = "\n".join(_BLOCK.findall(page.read_text(encoding="utf-8"))).replace("\\\n", " ")
    return [line[2:] for line in text.splitlines() if line.startswith("$ ")]


def typed_commands() -> list[tuple[str, list[str]]]:
    """Every simple command to type, as (page, words); a pipe makes two."""
    return [
        (page.name, words)
        for page in PAGES
        for line in typed_lines(page)
        for part in line.split(" | ")
        if (words := shlex.split(part, comments=True))
    ]


def test_there_are_examples_to_check() -> None:
    assert sum(words[0].endswith("provision") for _, words in typed_commands()) >= 10


@pytest.mark.parametrize(
    ("page", "words"),
    typed_commands(),
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_an_example_can_be_typed(page: str, words: list[str]) -> None:
    program = words[0]
    if Path(program).name == "provision":
        parse(provision, words[1:])
    elif "/" in program:
        assert (CLONE / program).is_file(), f"{page}: no {program} in the clone"
    else:
        assert program in {"git", "cd", "sudo", "curl", "journalctl", "systemctl", "less", "tail"}, page


def parse(command: click.Command, words: list[str], parent: click.Context | None = None) -> None:
    """Let click parse the words without running anything; wrong ones raise its own error."""
    context = command.make_context(command.name, list(words), parent=parent)
    if isinstance(command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, child, remaining = command.resolve_command(context, rest)
        assert child is not None, name
        parse(child, remaining, context)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    missing = [
        target
        for target in _LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]

    assert missing == []
