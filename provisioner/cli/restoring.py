"""`provision restore` and `clone`."""

from __future__ import annotations

from pathlib import Path

import click

from provisioner.cli.backup_keys import keys_of, opening_options
from provisioner.cli.commands import Command
from provisioner.cli.new import created_document, created_text
from provisioner.cli.session import Session, pass_session
from provisioner.service import restoring as service
from provisioner.service.backup_keys import seal_for
from provisioner.service.backup_target import fetched


@click.command(cls=Command)
@click.argument("archive")
@click.option(
    "--as", "as_id", metavar="ID", help="The id of a new client. [default: the backup's own client]"
)
@click.option("--port", type=int, help="A new client's loopback port. [default: the next free one]")
@opening_options
@pass_session
def restore(
    session: Session,
    /,
    archive: str,
    as_id: str | None,
    port: int | None,
    identity: Path | None,
    passphrase_stdin: bool,
) -> None:
    """Give a client the data of a backup, or make a new client of it.

    The backup is read to its end first; one byte that is not as it was written refuses it. In place, the
    client goes on serving until its data are exchanged; plan, settings and secrets stay, everybody signs in
    again, and the data it had are kept beside until the next `restore`. One that has lost its data, or its
    whole folder, is there again in the state it was in; a lost `.env` gets new keys. A new client has
    secrets, port and host name of its own.

    \b
    Example:
        provision restore /srv/backups/dupont-20260131T090507Z.tar.gz --as dupont-test
    """
    with fetched(session.context, archive) as file:
        keys = keys_of(session, file, identity, passphrase_stdin=passphrase_stdin)
        restored = service.restore(session.context, file, as_id=as_id, port=port, keys=keys)
    _show(session, restored)


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.argument("new_id", metavar="NEW_ID")
@click.option("--port", type=int, help="The new client's loopback port. [default: the next free one]")
@pass_session
def clone(session: Session, /, id_: str, new_id: str, port: int | None) -> None:
    """Make a new client with a copy of another's data, while that one goes on working.

    It has secrets, port and host name of its own; keys and sign-ins of the first do not open it, its people's
    passwords do.

    \b
    Example:
        provision clone dupont dupont-test
    """
    seal = seal_for(session.context)
    _show(session, service.clone(session.context, id_, new_id, port=port, seal=seal))


def _show(session: Session, restored: service.Restored) -> None:
    taken_at = restored.manifest.taken_at
    origin = {"from": restored.manifest.client_id, "taken_at": taken_at}
    if restored.created is not None:
        created = restored.created
        document = {**created_document(created), **origin}
        session.output.result(document, lambda: created_text(created))
        return
    document = {"id": restored.tenant_id, **origin, "set_aside": restored.set_aside}
    has = f"{restored.tenant_id} has its data of {taken_at:%Y-%m-%d %H:%M:%S} UTC."
    before = f" Those it had before are in {restored.set_aside}." if restored.set_aside else ""
    session.output.result(document, lambda: f"{has}{before}")
