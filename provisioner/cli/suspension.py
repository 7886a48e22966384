"""`provision suspend` and `resume`."""

from __future__ import annotations

import click

from provisioner.cli.commands import Command
from provisioner.cli.session import Session, pass_session
from provisioner.service import suspension as service


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.option("--reason", help="Why, one line: kept with the event, shown to no visitor.")
@pass_session
def suspend(session: Session, /, id_: str, reason: str | None) -> None:
    """Take a client out of service at once, with all that is open.

    Its sessions, tokens and keys open nothing any more and answers being given break off. nginx tells its
    visitors (503). Its data stays; nothing but `resume` brings it back.

    \b
    Example:
        provision suspend dupont --reason "invoice 2026-014 is overdue"
    """
    service.suspend(session.context, id_, reason)
    session.output.result({"id": id_, "state": "suspended"}, lambda: f"{id_} is suspended.")


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.option("--reason", help="Why, one line: kept with the event.")
@pass_session
def resume(session: Session, /, id_: str, reason: str | None) -> None:
    """Bring a suspended client back and wait until it answers.

    \b
    Example:
        provision resume dupont
    """
    service.resume(session.context, id_, reason)
    session.output.result({"id": id_, "state": "running"}, lambda: f"{id_} is running.")
