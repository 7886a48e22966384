"""System users and groups, by the shadow tools every Linux has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from provisioner.commands.command import Command

_NO_SHELL = "/usr/sbin/nologin"


def create_group(name: str) -> Command:
    """Create a system group."""
    return Command(("groupadd", "--system", name))


def remove_group(name: str) -> Command:
    """Remove a group that is nobody's own."""
    return Command(("groupdel", name))


def create_user(name: str, home: Path, groups: Sequence[str]) -> Command:
    """Create a system user that nobody can sign in as, with a group of its own name."""
    also = ("--groups", ",".join(groups)) if groups else ()
    who = ("--system", "--user-group", "--no-create-home", "--home-dir", str(home), "--shell", _NO_SHELL)
    return Command(("useradd", *who, *also, name))


def remove_user(name: str) -> Command:
    """Remove a user and the group of its name; its files are not touched."""
    return Command(("userdel", name))
