"""`provision package` and `packages`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from provisioner.cli.amounts import Span
from provisioner.cli.backup_keys import seal_of, sealing_options
from provisioner.cli.commands import Command
from provisioner.cli.output import listing, table
from provisioner.cli.session import Session, pass_session
from provisioner.service import package_making
from provisioner.service import packages as service
from provisioner.service.package_folder import Kept

_COLUMNS = ("client", "made_at", "key_hint", "key_name", "replaced_at", "size", "file")


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.option("--to", type=click.Path(path_type=Path), metavar="DIR", help="Put a copy into this folder too.")
@click.option("--key-name", metavar="NAME", help="What its API key is called. [default: with today's date]")
@click.option(
    "--replace", is_flag=True, help="End the last package's key, or the client's only one, once this is made."
)
@pass_session
def package(session: Session, /, id_: str, to: Path | None, key_name: str | None, replace: bool) -> None:
    """Make the interface a client installs on its own computers, as a ZIP with an API key of its own.

    It holds the Streamlit interface in the client's colours, its settings with the key, instructions in
    French and English, and a licence; nothing of this host's. It is kept in <root>/packages, readable by its
    owner only; `purge` erases it.

    \b
    Example:
        provision package dupont
        provision package dupont --replace --to /mnt/deliveries
    """
    made = package_making.make(session.context, id_, to=to, key_name=key_name, replace=replace)
    document = {
        **_row(made.package),
        "url": made.address,
        "copy": made.copy,
        "replaced_key": made.replaced,
    }
    session.output.result(document, lambda: listing(document))


@click.command(cls=Command)
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--clean-older-than", "age", type=Span(), help="Remove older ones, such as 30d. Keys go on.")
@click.option("--backup", "file", type=click.Path(path_type=Path), metavar="FILE", help="Archive them all.")
@sealing_options
@pass_session
def packages(
    session: Session,
    /,
    id_: str | None,
    age: timedelta | None,
    file: Path | None,
    recipients: tuple[str, ...],
    passphrase_stdin: bool,
) -> None:
    """List the packages made for one client, or for all; remove old ones; write all into one archive.

    The archive holds clients' keys: it is readable by its owner only. It is encrypted when host.yaml has
    backups encrypted, or as the options say.

    \b
    Example:
        provision packages dupont
        provision packages --clean-older-than 30d
        provision packages --backup /mnt/safe/packages.tar.gz
    """
    if (file and (id_ or age)) or (not file and (recipients or passphrase_stdin)):
        raise click.UsageError(
            "--backup takes all packages; --recipient and --passphrase-stdin belong to it."
        )
    if file:
        seal = seal_of(session, file.parent, recipients, passphrase_stdin=passphrase_stdin)
        count = service.back_up(session.context, file, seal)
        document = {"file": file, "packages": count, "encrypted": seal is not None}
        session.output.result(document, lambda: f"{count} packages are in {file}.")
    elif age is not None:
        removed = service.clean(session.context, id_, age)
        session.output.result(
            {"removed": list(removed)}, lambda: f"{len(removed)} packages were removed; their keys go on."
        )
    else:
        found = [_row(one) for one in service.kept(session.context, id_)]
        session.output.result(found, lambda: _table(found))


def _row(one: Kept) -> dict[str, Any]:
    record = one.record
    return {
        "id": record.client_id,
        "file": one.file,
        "made_at": record.made_at,
        "size": one.size,
        "key_id": record.key_id,
        "key_name": record.key_name,
        "key_hint": record.key_hint,
        "replaced_at": record.replaced_at,
    }


def _table(found: list[dict[str, Any]]) -> str:
    if not found:
        return "No package yet. `provision package ID` makes one."
    rows = [{**one, "client": one["id"], "size": f"{one['size'] / 1000:.0f} kB"} for one in found]
    return table(rows, _COLUMNS)
