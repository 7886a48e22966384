"""One client's page: how it is, what it used, what was done to it, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from flask import Blueprint, abort, g, render_template
from flask.typing import ResponseReturnValue

from provisioner.dashboard.client_errors import SHOWN_DAYS, errors_of
from provisioner.dashboard.guard import dashboard, signed_in
from provisioner.dashboard.observations import Day
from provisioner.dashboard.roles import Role
from provisioner.errors import UnknownTenant
from provisioner.registry.registry import Event
from provisioner.service import invoices
from provisioner.service.context import Context
from provisioner.service.reports import events
from provisioner.usage_files import UnreadableUsage, UsageRecord, read_usage

blueprint = Blueprint("client", __name__, url_prefix="/admin/clients/<client_id>")
PROMISED: Final = 0.99
"""The availability that every plan promises for a month (the vendor's terms)."""
SHOWN_EVENTS: Final = 20
SHOWN_JOBS: Final = 5
SHOWN_BACKUPS: Final = 5
SHOWN_MONTHS: Final = 12
SHOWN_ERRORS: Final = 10
SHOWN_KINDS: Final = 5
_READ_EVENTS: Final = 500
"""How many events are looked through for backups and failures."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month's usage record; None for one that is damaged."""

    month: str
    usage: UsageRecord | None


@dataclass(frozen=True, slots=True)
class Deeds:
    """What was done to a client, the newest first: the last events; of many more, backups and failures."""

    last: Sequence[Event]
    backups: Sequence[Event]
    failures: Sequence[Event]


@blueprint.get("")
@signed_in(Role.VIEWER)
def page(client_id: str) -> ResponseReturnValue:
    """Show one client."""
    return shown(client_id)


def shown(client_id: str, refusal: str = "") -> str:
    """Return the page of one client, with why an action was refused; 404 when there is none."""
    now = dashboard().now()
    try:
        client = dashboard().reader.one(client_id)
    except UnknownTenant:
        abort(404)
    today = now.clock.now().date()
    days = dashboard().observations.days(client_id, today, SHOWN_DAYS)
    return render_template(
        "client.html",
        client=client,
        plans={name: plan.title for name, plan in now.catalogue.plans.items()},
        jobs=dashboard().jobs.of_client(client_id, SHOWN_JOBS),
        days=days,
        known=[one for one in days if _is_known(one)],
        months=_months(now, client_id, today),
        availability=dashboard().observations.availability(client_id)[:SHOWN_MONTHS],
        errors=errors_of(now, client_id),
        deeds=_deeds(now, client_id),
        invoices=invoices.rows(now, client_id)[::-1] if g.actor.owns else [],
        promised=PROMISED,
        shown_errors=SHOWN_ERRORS,
        shown_kinds=SHOWN_KINDS,
        month=f"{today:%Y-%m}",
        refusal=refusal,
    )


def _is_known(day: Day) -> bool:
    return day.requests is not None


def _deeds(now: Context, client_id: str) -> Deeds:
    found = events(now, client_id, _READ_EVENTS)[::-1]
    return Deeds(
        last=found[:SHOWN_EVENTS],
        backups=[one for one in found if one.command.split()[0] == "backup"][:SHOWN_BACKUPS],
        failures=[one for one in found if one.outcome == "failed"],
    )


def _months(now: Context, client_id: str, today: date) -> list[Month]:
    """Return the last months of which there is a usage file, the newest first."""
    folder, found = now.layout.root / f"client-{client_id}", []
    number = today.year * 12 + today.month - 1
    for one in range(number, number - SHOWN_MONTHS, -1):
        month = f"{one // 12:04}-{one % 12 + 1:02}"
        try:
            usage = read_usage(folder, client_id, month)
        except UnreadableUsage:
            found.append(Month(month, None))
        else:
            found += [Month(month, usage)] if usage else []
    return found
