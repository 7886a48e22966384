"""`provision key`: one client's API keys."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from provisioner.cli.amounts import Day
from provisioner.cli.commands import Group
from provisioner.cli.output import listing, table
from provisioner.cli.session import Session, pass_session
from provisioner.service import keys as service

_COLUMNS = (
    "id",
    "name",
    "hint",
    "scopes",
    "expires_on",
    "requests_monthly",
    "requests_per_minute",
    "last_used_at",
    "ends_at",
)


@click.group(cls=Group)
def key() -> None:
    """Make, list, replace and revoke one client's API keys.

    \b
    Example:
        provision key new dupont intranet
    """


@key.command()
@click.argument("id_", metavar="ID")
@click.argument("name", required=False)
@click.option("--name", "named", help="The same as NAME. [default: the day it is made]")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(("chat", "documents", "read-only")),
    multiple=True,
    help="What it may do, once for each. [default: all that a member may]",
)
@click.option("--expires", type=Day(), help="Its last day, in UTC.")
@click.option("--requests-monthly", type=click.IntRange(1), help="A quota of its own, beside the plan's.")
@click.option("--requests-per-minute", type=click.IntRange(1), help="A pace of its own, beside the plan's.")
@pass_session
def new(
    session: Session,
    /,
    id_: str,
    name: str | None,
    named: str | None,
    expires: date | None,
    **limits: object,
) -> None:
    """Make an API key. It is shown once; only its digest is kept.

    \b
    chat       asks questions, also as OpenAI's clients do
    documents  reads, adds, changes and searches documents
    read-only  reads documents, cases and usage, and searches

    \b
    Example:
        provision key new dupont intranet
        provision key new dupont website --scope chat --expires 2027-01-31 --requests-monthly 500
    """
    if name and named:
        raise click.UsageError("the name is given twice.", click.get_current_context())
    today = f"{session.context.clock.now():%Y-%m-%d}"
    limits |= {"expires_on": expires.isoformat() if expires else None}
    answer = service.new(session.context, id_, name or named or today, limits)
    session.output.result(answer, lambda: listing(answer))


@key.command("list")
@click.argument("id_", metavar="ID")
@pass_session
def list_(session: Session, /, id_: str) -> None:
    """Show the client's keys by number and name, never the keys themselves.

    \b
    Example:
        provision key list dupont
    """
    keys = service.all_of(session.context, id_)
    session.output.result(keys, lambda: table([_row(key) for key in keys], _COLUMNS))


@key.command()
@click.argument("id_", metavar="ID")
@click.argument("key_id", metavar="KEY", type=int)
@click.option(
    "--overlap",
    type=click.IntRange(0, 720),
    default=24,
    show_default=True,
    metavar="HOURS",
    help="How long the old key goes on; 0 ends it at once.",
)
@pass_session
def rotate(session: Session, /, id_: str, key_id: int, overlap: int) -> None:
    """Make a key in the place of another, which goes on for a day so that programs can be changed over.

    The new key has the old one's name, is shown once, and needs no room of its own in the plan.

    \b
    Example:
        provision key rotate dupont 3
        provision key rotate dupont 3 --overlap 72
    """
    answer = service.rotate(session.context, id_, key_id, overlap)
    session.output.result(answer, lambda: listing(answer))


@key.command()
@click.argument("id_", metavar="ID")
@click.argument("key_id", metavar="KEY", type=int)
@pass_session
def revoke(session: Session, /, id_: str, key_id: int) -> None:
    """End a key at once, by its number in `key list`.

    \b
    Example:
        provision key revoke dupont 3
    """
    service.revoke(session.context, id_, key_id)
    session.output.result({"id": key_id, "state": "revoked"}, lambda: f"Key {key_id} is revoked.")


def _row(key: dict[str, Any]) -> dict[str, Any]:
    return key | {"scopes": " ".join(key["scopes"])}
