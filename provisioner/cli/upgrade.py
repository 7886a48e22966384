"""`provision upgrade`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from provisioner.cli.commands import Command
from provisioner.cli.output import error_document
from provisioner.cli.session import Session, pass_session
from provisioner.installation import PRESENT
from provisioner.service import upgrade as service
from provisioner.service.convergence import Ending

FAILED = 1


@click.command(cls=Command)
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--canary", metavar="ID", help="The client that goes first; else the one that pays least.")
@click.option("--batch", type=click.IntRange(min=1), default=5, show_default=True, help="Clients at a time.")
@click.option(
    "--watch",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    help="Seconds to watch it.",
)
@click.option("--dry-run", is_flag=True, help="Print the steps of each change-over, and run none.")
@pass_session
def upgrade(
    session: Session, /, id_: str | None, canary: str | None, batch: int, watch: float, dry_run: bool
) -> int:
    """Bring one client, or all, to the version of Tenantry this command is of.

    Install the new version beside the old one and run its `provision upgrade`. Each client is backed up, and
    the backup tried with the new version, before it changes over; no request is lost under systemd. One that
    does not answer afterwards goes back, program and data, by itself, and the rest are not begun.

    \b
    Example:
        provision upgrade --canary demo
        provision upgrade dupont --dry-run
    """
    if dry_run:
        session.output.steps(service.rehearse(session.context, id_, canary=canary))
        return 0
    outcomes = service.upgrade(session.context, id_, canary=canary, batch=batch, watch=watch)
    documents = [_document(one) for one in outcomes]
    session.output.result(documents, lambda: _lines(outcomes) or f"Every client runs {PRESENT} already.")
    for one in outcomes:
        if one.error:
            session.output.trouble(one.tenant_id, one.error)
    return 0 if all(one.ending == Ending.DONE for one in outcomes) else FAILED


def _document(one: service.Upgraded) -> dict[str, object]:
    return {
        "id": one.tenant_id,
        "outcome": one.ending,
        "before": one.before.version if one.before else None,
        "version": PRESENT.version,
        "backup": str(one.backup) if one.backup else None,
        "error": error_document(one.error) if one.error else None,
    }


def _lines(outcomes: Sequence[service.Upgraded]) -> str:
    return "\n".join(f"{one.ending:<12} {one.tenant_id}{_told(one)}" for one in outcomes)


def _told(one: service.Upgraded) -> str:
    if one.ending != Ending.DONE:
        return ""
    return f": {one.before or 'an earlier version'} → {PRESENT}, backed up in {one.backup}"
