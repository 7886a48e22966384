"""What encrypts and opens backups: from host.yaml, files the operator names, and standard input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from provisioner.backups.sealing import IDENTITY_PREFIX, Keys, Seal, check_identity, check_recipient, new_seal
from provisioner.drivers.protocol import Finding
from provisioner.errors import InvalidConfiguration, InvalidRequest
from provisioner.service.context import Context
from provisioner.service.private_files import LARGEST, private_text


def seal_for(
    context: Context,
    to: Path | None = None,
    recipients: Sequence[str] = (),
    passphrase: SecretStr | None = None,
) -> Seal | None:
    """Return how to encrypt a backup that goes to a folder: as asked, as host.yaml says, or not at all.

    Raises InvalidRequest for a recipient that is none, InvalidConfiguration for the passphrase's file.
    """
    if not recipients and passphrase is None:
        folders = (*_backup_folders(context), *((to,) if to else ()))
        recipients, passphrase = context.host.backup_recipients, _host_passphrase(context, folders)
    for one in recipients:
        try:
            check_recipient(one)
        except ValueError as error:
            raise InvalidRequest("--recipient", f"{error}.") from error
    return new_seal(recipients, passphrase) if recipients or passphrase else None


def keys_for(context: Context, archive: Path, identity: Path | None, passphrase: SecretStr | None) -> Keys:
    """Return what may open a backup: what the operator gives, and the passphrase of host.yaml.

    Raises InvalidRequest for an identity file that others can read, or that lies where backups do.
    """
    folders = (archive.absolute().parent, *_backup_folders(context))
    identities: tuple[SecretStr, ...] = ()
    if identity is not None:
        try:
            identities = _identities(private_text(identity, folders))
        except ValueError as error:
            raise InvalidRequest("--identity", f"{identity}: {error}.", _MEND) from error
    return Keys(identities, passphrase or _host_passphrase(context, folders))


_MEND: Final = "An age identity file, of mode 600, somewhere that backups are not."


def _host_passphrase(context: Context, away_from: Sequence[Path]) -> SecretStr | None:
    file = context.host.backup_passphrase_file
    if file is None:
        return None
    try:
        lines = private_text(file, away_from).splitlines()
        if len(lines) != 1 or not lines[0]:
            raise ValueError("it holds something else than one line")
    except ValueError as error:
        mend = "One line with the passphrase; `chmod 600`; somewhere that backups are not."
        raise InvalidConfiguration("backup_passphrase_file", f"{file}: {error}.", mend) from error
    return SecretStr(lines[0])


def _backup_folders(context: Context) -> tuple[Path, ...]:
    return (context.backups, context.layout.backups, context.layout.host_backups)


def _identities(text: str) -> tuple[SecretStr, ...]:
    """Return the identities of a file as `age-keygen` writes it; ValueError when there is none."""
    lines = [line.strip() for line in text.splitlines()]
    found = tuple(check_identity(line) for line in lines if line and not line.startswith("#"))
    if not found:
        raise ValueError("it holds no age identity")
    return found


def keys_beside(context: Context) -> Iterator[Finding]:
    """Tell of age identities that lie among the backups, which whoever takes these would take with them."""
    for folder in dict.fromkeys(_backup_folders(context)):
        for file in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
            if file.stat().st_size <= LARGEST and IDENTITY_PREFIX.encode() in file.read_bytes():
                yield Finding("host", f"{file} holds a key that opens backups, beside them.", "Move it away.")
