"""The options that encrypt a backup, and those that open one.

No key is ever an argument: files hold it, or standard input.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from provisioner.backups.sealing import Keys, Seal
from provisioner.cli.secret_input import read_password
from provisioner.cli.session import Session
from provisioner.service.backup_keys import keys_for, seal_for

_F = TypeVar("_F", bound=Callable[..., Any])
_FROM_STDIN: Final = "--passphrase-stdin"


def sealing_options(command: _F) -> _F:
    """Give a command the options that encrypt what it writes."""
    recipient = click.option(
        "--recipient",
        "recipients",
        multiple=True,
        metavar="AGE",
        help="Encrypt to this age public key (age1…); may be given several times.",
    )
    passphrase = click.option(
        _FROM_STDIN, is_flag=True, help="Encrypt with the passphrase on standard input."
    )
    return recipient(passphrase(command))


def opening_options(command: _F) -> _F:
    """Give a command the options that open an encrypted backup."""
    identity = click.option(
        "--identity",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The age identity file that opens an encrypted backup.",
    )
    passphrase = click.option(
        _FROM_STDIN, is_flag=True, help="Open an encrypted backup with the passphrase on standard input."
    )
    return identity(passphrase(command))


def seal_of(
    session: Session, to: Path | None, recipients: tuple[str, ...], *, passphrase_stdin: bool
) -> Seal | None:
    """Return how to encrypt; None when neither the options nor host.yaml ask for it."""
    passphrase = read_password(_FROM_STDIN) if passphrase_stdin else None
    return seal_for(session.context, to, recipients, passphrase)


def keys_of(session: Session, archive: Path, identity: Path | None, *, passphrase_stdin: bool) -> Keys:
    """Return what may open a backup."""
    passphrase = read_password(_FROM_STDIN) if passphrase_stdin else None
    return keys_for(session.context, archive, identity, passphrase)
