"""`provision backup`, `backups` and `verify-backup`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from provisioner.backups.sealing import Seal
from provisioner.cli.backup_keys import keys_of, opening_options, seal_of, sealing_options
from provisioner.cli.commands import Command
from provisioner.cli.output import table
from provisioner.cli.session import Session, pass_session
from provisioner.service import backups as service
from provisioner.service import verification
from provisioner.service.backup_target import fetched
from provisioner.service.host_backup import backup_host

_COLUMNS = ("client", "taken_at", "size", "verified", "file")


@click.command(cls=Command)
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--host", "of_host", is_flag=True, help="Of the host's own files instead of a client.")
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    help="A folder. [default: host.yaml's `backup_target`, else <root>/backups]",
)
@click.option(
    "--keep", type=click.IntRange(min=1), metavar="N", help="Keep the N newest there, this one included."
)
@sealing_options
@pass_session
def backup(
    session: Session,
    /,
    id_: str | None,
    of_host: bool,
    to: Path | None,
    keep: int | None,
    recipients: tuple[str, ...],
    passphrase_stdin: bool,
) -> None:
    """Take a backup of a client while it goes on working, and read it back.

    One file, readable by its owner only, with its SHA-256 beside it: the database as it was at one moment,
    the documents it names, the logo and the usage records. It holds no key of the client's `.env`; passwords
    are in it as hashes.

    With `--host`, of what the host needs to be built anew beside its clients' backups: registry, host.yaml,
    plans.yaml, hooks, certificates of erasure, invoices, and the TLS certificates with their keys.

    It is encrypted with age when host.yaml says so (`backup_recipients`, `backup_passphrase_file`), or as the
    options say instead.

    \b
    Example:
        provision backup dupont --keep 7
        provision backup --host --keep 7
    """
    if of_host == bool(id_):
        raise click.UsageError("Name a client, or give --host.")
    seal = seal_of(session, to, recipients, passphrase_stdin=passphrase_stdin)
    if id_ is None:
        _back_up_host(session, to, keep, seal)
        return
    written = service.backup(session.context, id_, to=to, keep=keep, seal=seal)
    manifest = written.manifest
    document = {
        "id": id_,
        "file": written.where,
        "taken_at": manifest.taken_at,
        "size": written.size,
        "files": len(manifest.members),
        "schema_revision": manifest.schema_revision,
        "verified": True,
        "encrypted": seal is not None,
        "missing_originals": written.missing,
        "removed": list(written.removed),
    }
    if written.missing:
        session.output.say(
            f"WARNING: {written.missing} documents have no original any more; all else is in it."
        )
    gone = _gone(written.removed)
    session.output.result(document, lambda: f"{id_} is backed up in {written.where}.{gone}")


def _back_up_host(session: Session, to: Path | None, keep: int | None, seal: Seal | None) -> None:
    written = backup_host(session.context, to=to, keep=keep, seal=seal)
    document = {
        "file": written.where,
        "size": written.size,
        "encrypted": seal is not None,
        "names": list(written.names),
        "removed": list(written.removed),
    }
    gone = _gone(written.removed)
    session.output.result(document, lambda: f"The host's own files are in {written.where}.{gone}")


def _gone(removed: Sequence[str]) -> str:
    return f" {len(removed)} older removed." if removed else ""


@click.command(cls=Command)
@click.argument("id_", metavar="[ID]", required=False)
@click.option(
    "--quick", is_flag=True, help="Do not read them to their end; whether they are whole stays open."
)
@pass_session
def backups(session: Session, /, id_: str | None, quick: bool) -> None:
    """List the backups here and in the store, of one client or of all, and whether each is as it was written.

    Encrypted ones too, without a key: by their SHA-256.

    \b
    Example:
        provision backups dupont
    """
    found = list(service.kept(session.context, id_, check=not quick))
    documents = [
        {
            "id": one.client_id,
            "file": one.where,
            "taken_at": one.taken_at,
            "size": one.size,
            "verified": one.verified,
            "encrypted": one.encrypted,
            "problem": one.problem,
        }
        for one in found
    ]
    session.output.result(documents, lambda: _table(found))


@click.command("verify-backup", cls=Command)
@click.argument("archive")
@opening_options
@pass_session
def verify_backup(session: Session, /, archive: str, identity: Path | None, passphrase_stdin: bool) -> int:
    """Restore a backup into a throwaway client, ask it what its documents say, and remove it.

    Nobody else can see or reach it: it has no port, no site and no entry in the registry. Exit code 1 when
    something of the backup is missing or damaged, or a sentence of its own documents is not found.

    \b
    Example:
        provision verify-backup /srv/backups/dupont-20260131T090507Z.tar.gz
    """
    with fetched(session.context, archive) as file:
        keys = keys_of(session, file, identity, passphrase_stdin=passphrase_stdin)
        report = verification.verify_backup(session.context, file, keys)
    document = {
        "file": archive,
        "id": report.manifest.client_id,
        "taken_at": report.manifest.taken_at,
        "ok": report.ok,
        "documents": report.documents,
        "asked": report.asked,
        "found": report.found,
        "problems": list(report.problems),
    }
    session.output.result(document, lambda: "\n".join(_told(archive, report)))
    return 0 if report.ok else 1


def _told(archive: str, report: verification.Report) -> Iterator[str]:
    answered = f"{report.found} of {report.asked} questions answered from them"
    yield f"{archive}: {report.documents} documents; {answered}."
    yield from report.problems
    yield "It can be restored." if report.ok else "Something of it is missing or damaged; use another backup."


def _table(found: list[service.Kept]) -> str:
    if not found:
        return "No backup yet. `provision backup ID` takes one."
    words = {True: "yes", False: "NO", None: ""}
    rows = [
        {
            "client": one.client_id,
            "taken_at": one.taken_at,
            "size": f"{one.size / 1_000_000:.1f} MB",
            "verified": words[one.verified],
            "file": one.where,
        }
        for one in found
    ]
    return table(rows, _COLUMNS)
