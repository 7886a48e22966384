"""A program run as another system user, with all of that user's groups."""

from __future__ import annotations

from pydantic import SecretStr

from provisioner.commands.command import Command


def run_as(user: str | None, argv: tuple[str, ...], stdin: SecretStr) -> Command:
    """Run a program with a user's rights and no others; None: as whoever runs this."""
    who = ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--inh-caps=-all", "--")
    return Command((*(who if user else ()), *argv), stdin=stdin, timeout=120)
