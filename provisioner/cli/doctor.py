"""`provision doctor`."""

from __future__ import annotations

from dataclasses import asdict

import click

from provisioner.cli.commands import Command
from provisioner.cli.convergence import FOUND
from provisioner.cli.session import Session, pass_session
from provisioner.service import doctor as service


@click.command(cls=Command)
@pass_session
def doctor(session: Session, /) -> int:
    """Look for what is not as it should be, and say how to mend it; exit code 3 when something is found.

    \b
    Example:
        provision doctor
    """
    findings = service.examine(session.context)
    lines = (f"{one.subject}: {one.problem}\n  → {one.mend}" for one in findings)
    session.output.result([asdict(one) for one in findings], lambda: "\n".join(lines) or "All is well.")
    return FOUND if findings else 0
