"""The kinds of commands: each takes `--json`, and is loaded when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final

import click

from provisioner.cli.session import Session


class Command(click.Command):
    """A command that accepts `--json` after its name as well, and shows its example in the help."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(
                ["--json"],
                is_flag=True,
                expose_value=False,
                callback=_take_json,
                help="Print one JSON document on standard output.",
            )
        )


class Group(click.Group):
    """A noun with its verbs."""

    command_class = Command


class LazyGroup(Group):
    """The root: maps each command to the module that holds it, so that one command loads one module."""

    modules: Final[Mapping[str, str]]

    def __init__(self, *args: Any, modules: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.modules = modules

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Every command, in the order of the map: as one would use them."""
        return list(self.modules)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the command."""
        place = self.modules.get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{place} is no command")
        return command


def _take_json(ctx: click.Context, _parameter: click.Parameter, given: bool) -> None:
    if given:
        ctx.ensure_object(Session).output.json = True
