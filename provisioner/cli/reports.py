"""`provision usage` and `events`."""

from __future__ import annotations

from dataclasses import asdict

import click

from provisioner.cli.commands import Command
from provisioner.cli.output import table
from provisioner.cli.session import Session, pass_session
from provisioner.service import reports as service
from provisioner.usage_files import as_json

_USAGE = ("client_id", "month", "requests_used", "requests_limit", "documents", "users_active", "total_due")
_EVENTS = ("at", "tenant_id", "command", "operator", "outcome", "detail")


@click.command(cls=Command)
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--month", metavar="YYYY-MM", help="[default: this month, UTC]")
@pass_session
def usage(session: Session, /, id_: str | None, month: str | None) -> int:
    """Show what one client, or all, used in a month, and what is due.

    Exit code 1 when some client's figures cannot be read; the others are shown.

    \b
    Example:
        provision usage dupont --month 2026-01
    """
    used = service.usage(session.context, id_, month)
    found = [as_json(record) for record in used.known]
    session.output.result(found, lambda: table(found, _USAGE) if found else "Nothing was used yet.")
    for one in used.unknown:
        session.output.say(f"provision: {one.message}\n  → {one.mend}")
    return 1 if used.unknown else 0


@click.command(cls=Command)
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--limit", "-n", type=click.IntRange(min=1), default=50, show_default=True, help="How many.")
@pass_session
def events(session: Session, /, id_: str | None, limit: int) -> None:
    """Show who did what to one client, or to all, and how it ended; oldest first.

    \b
    Example:
        provision events dupont
    """
    found = [asdict(event) for event in service.events(session.context, id_, limit)]
    session.output.result(found, lambda: table(found, _EVENTS) if found else "Nothing was done yet.")
