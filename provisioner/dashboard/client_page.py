"""One client's page: how it is, what was done to it, and what can be done."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from provisioner.dashboard.guard import dashboard, signed_in
from provisioner.dashboard.roles import Role
from provisioner.errors import UnknownTenant
from provisioner.service.reports import events

blueprint = Blueprint("client", __name__, url_prefix="/admin/clients/<client_id>")
SHOWN_EVENTS = 20
SHOWN_JOBS = 5


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
    return render_template(
        "client.html",
        client=client,
        plans={name: plan.title for name, plan in now.catalogue.plans.items()},
        jobs=dashboard().jobs.of_client(client_id, SHOWN_JOBS),
        events=events(now, client_id, SHOWN_EVENTS)[::-1],
        refusal=refusal,
    )
