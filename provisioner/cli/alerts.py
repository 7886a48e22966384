"""`provision alerts`."""

from __future__ import annotations

from typing import Any, Final

import click

from provisioner.alerting.book import Alert
from provisioner.cli.commands import Group
from provisioner.cli.output import error_document, table
from provisioner.cli.session import Session, pass_session
from provisioner.service import alerts as service

FAILED: Final = 1
FOUND: Final = 3


@click.group(cls=Group)
def alerts() -> None:
    """Be told when something is wrong: once when it begins, once a day, once when it is over.

    Who is told, by mail and by a webhook, stands under `alerts` in host.yaml.

    \b
    Example:
        provision alerts test
        provision alerts list
    """


@alerts.command()
@pass_session
def check(session: Session, /) -> int:
    """Look for what is wrong, tell whoever is to be told, and block a client that is abused.

    The host does so by itself every five minutes (systemd driver); with the local driver, have cron do it.
    Exit code 3: something is wrong; 1: it could not be told.

    \b
    Example:
        provision alerts check
    """
    checked = service.check(session.context)
    for error in checked.troubles:
        session.output.trouble("alerts", error)
    wrong = service.open_alerts(session.context)
    document = {
        "told": [one.document() for one in checked.told],
        "blocked": checked.blocked,
        "open": [_row(one) for one in wrong],
        "troubles": [error_document(error) for error in checked.troubles],
    }
    told = [f"{service.told_as(one.turn)}: {one.alert.condition.problem}" for one in checked.told]
    blocked = [f"{client} is suspended." for client in checked.blocked]
    session.output.result(document, lambda: "\n".join((*told, *blocked)) or "Nothing new.")
    if checked.troubles:
        return FAILED
    return FOUND if wrong else 0


@alerts.command(name="list")
@pass_session
def list_(session: Session, /) -> int:
    """List what is wrong as of the last check, the oldest first; exit code 3 when there is anything.

    \b
    Example:
        provision alerts list
    """
    rows = [_row(one) for one in service.open_alerts(session.context)]
    columns = ("since", "concern", "client", "problem", "mend")
    session.output.result(rows, lambda: table(rows, columns) if rows else "Nothing is wrong.")
    return FOUND if rows else 0


@alerts.command()
@pass_session
def test(session: Session, /) -> None:
    """Tell everybody who is to be told that this is a trial, now.

    \b
    Example:
        provision alerts test
    """
    ways = [way.value for way in service.try_ways(session.context)]
    session.output.result({"told_by": ways}, lambda: f"A trial was told by {' and '.join(ways)}.")


def _row(alert: Alert) -> dict[str, Any]:
    condition = alert.condition
    return {
        "key": condition.key,
        "since": alert.since,
        "concern": condition.concern.value,
        "client": condition.client_id,
        "problem": condition.problem,
        "mend": condition.mend,
        "told_at": alert.told_at,
    }
