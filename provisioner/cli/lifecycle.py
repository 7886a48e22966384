"""`provision start`, `stop`, `restart` and `logs`."""

from __future__ import annotations

from collections.abc import Callable

import click

from provisioner.cli.commands import Command
from provisioner.cli.session import Session, pass_session
from provisioner.service import lifecycle as service
from provisioner.service.context import Context


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@pass_session
def start(session: Session, /, id_: str) -> None:
    """Start a client and wait until it answers.

    \b
    Example:
        provision start dupont
    """
    _do(session, service.start, id_, "running")


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@pass_session
def stop(session: Session, /, id_: str) -> None:
    """Stop a client until `start`; requests under way get half a minute.

    \b
    Example:
        provision stop dupont
    """
    _do(session, service.stop, id_, "stopped")


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@pass_session
def restart(session: Session, /, id_: str) -> None:
    """Stop a client, then start it.

    \b
    Example:
        provision restart dupont
    """
    _do(session, service.restart, id_, "running")


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.option("--lines", "-n", type=click.IntRange(min=0), default=50, show_default=True, help="How many.")
@click.option("--follow", "-f", is_flag=True, help="Go on showing new lines, until Ctrl-C.")
@pass_session
def logs(session: Session, /, id_: str, lines: int, follow: bool) -> int:
    """Show the end of a client's log. It holds no question and no secret.

    \b
    Example:
        provision logs dupont --follow
    """
    context = session.context
    command = service.log_command(context, id_, lines=lines, follow=follow)
    if not session.output.json:
        return context.runner.show(command)
    shown = context.runner.run(command).stdout.splitlines()
    session.output.result({"id": id_, "lines": shown}, str)
    return 0


def _do(session: Session, act: Callable[[Context, str], None], id_: str, state: str) -> None:
    act(session.context, id_)
    session.output.result({"id": id_, "state": state}, lambda: f"{id_} is {state}.")
