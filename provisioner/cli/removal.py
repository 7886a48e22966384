"""`provision remove` and `purge`."""

from __future__ import annotations

import click

from provisioner.cli.commands import Command
from provisioner.cli.session import Session, pass_session
from provisioner.service import removal as service


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@pass_session
def remove(session: Session, /, id_: str) -> None:
    """Stop serving a client and keep everything it had in an archive.

    Its id stays taken and its port is free again. The archive holds its keys: it is readable by its owner
    only. `purge` erases it.

    \b
    Example:
        provision remove dupont
    """
    archive = service.remove(session.context, id_)
    document = {"id": id_, "state": "archived", "archive": str(archive)}
    session.output.result(document, lambda: f"{id_} is no longer served; everything it had is in {archive}.")


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def purge(session: Session, /, id_: str, yes: bool) -> None:
    """Erase a client for good: documents, accounts, keys, archives, system user. There is no way back.

    Asks for the id unless `--yes` is given. The events that name the client stay, and a certificate of
    erasure is written that can be given to it.

    \b
    Example:
        provision purge dupont
    """
    service.require_purgeable(session.context, id_)
    if not yes:
        typed = click.prompt(f"Everything of {id_} will be erased. Type its id to go on", err=True)
        if typed != id_:
            raise click.Abort
    certificate = service.purge(session.context, id_)
    document = {"id": id_, "state": "purged", "certificate": str(certificate)}
    session.output.result(document, lambda: f"Nothing of {id_} is left; {certificate} says what was erased.")
