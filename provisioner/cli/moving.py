"""`provision export` and `import`."""

from __future__ import annotations

from pathlib import Path

import click

from provisioner.cli.backup_keys import keys_of, opening_options, seal_of, sealing_options
from provisioner.cli.commands import Command
from provisioner.cli.session import Session, pass_session
from provisioner.service import moving as service


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--final", is_flag=True, help="Suspend the client first; it stays suspended.")
@sealing_options
@pass_session
def export(
    session: Session,
    /,
    id_: str,
    file: Path,
    final: bool,
    recipients: tuple[str, ...],
    passphrase_stdin: bool,
) -> None:
    """Write a client into one file, to be taken in by `import` on another host.

    The file is a backup: people, keys, documents, conversations, ledger, branding, domains, plan and own
    figures; no secret of this host. With `--final` nothing is done here meanwhile that would not come along.
    Encrypted like backups.

    \b
    Example:
        provision export dupont /mnt/usb/dupont.tar.gz --final
    """
    seal = seal_of(session, file.absolute().parent, recipients, passphrase_stdin=passphrase_stdin)
    written = service.export(session.context, id_, file, final=final, seal=seal)
    document = {
        "id": id_,
        "file": written.where,
        "taken_at": written.manifest.taken_at,
        "size": written.size,
        "encrypted": seal is not None,
        "suspended": final,
        "missing_originals": written.missing,
    }
    told = f" It is suspended; `provision resume {id_}` takes that back." if final else ""
    session.output.result(document, lambda: f"{id_} is in {written.where}.{told}")


@click.command("import", cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "as_id", metavar="ID", help="Another id here. [default: the one it had]")
@click.option("--port", type=int, help="Its loopback port. [default: the next free one]")
@opening_options
@pass_session
def import_(
    session: Session,
    /,
    file: Path,
    as_id: str | None,
    port: int | None,
    identity: Path | None,
    passphrase_stdin: bool,
) -> None:
    """Take in a client that `export` wrote on another host, and wait until it answers.

    Its people sign in with their passwords, its API keys go on opening it; sign-ins end. Port, host name
    and the keys of its `.env` are this host's. Refused when the id is taken, its plan is unknown here, or
    it is of a newer version.

    \b
    Example:
        provision import /mnt/usb/dupont.tar.gz
    """
    keys = keys_of(session, file, identity, passphrase_stdin=passphrase_stdin)
    imported = service.import_client(session.context, file, keys, as_id=as_id, port=port)
    spec, created = imported.created.spec, imported.created
    for key, (was, now) in imported.differing.items():
        session.output.say(f"WARNING: {key} was {was} there and is {now} here.")
    differing = {key: {"there": was, "here": now} for key, (was, now) in imported.differing.items()}
    document = {
        "id": spec.id,
        "name": spec.name,
        "plan": spec.plan,
        "port": spec.port,
        "hostname": spec.hostname,
        "url": created.url,
        "state": "running",
        "resumed": created.resumed,
        "from": imported.manifest.client_id,
        "taken_at": imported.manifest.taken_at,
        "differing_terms": differing,
    }
    session.output.result(document, lambda: f"{spec.name} is served here: {created.url}")
