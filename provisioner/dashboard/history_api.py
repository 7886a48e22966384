"""How a client did, for programs: its availability by month, and its errors by day."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from provisioner.clock import stamp
from provisioner.dashboard import api_shapes as shapes
from provisioner.dashboard.api import unknown_client
from provisioner.dashboard.client_errors import errors_of
from provisioner.dashboard.client_page import PROMISED
from provisioner.dashboard.guard import dashboard, with_token
from provisioner.dashboard.openapi import PREFIX, Described, described
from provisioner.dashboard.roles import Role

blueprint = Blueprint("history_api", __name__, url_prefix=PREFIX)


@blueprint.get("/clients/<client_id>/errors")
@described(Described("A client's errors by day and route", answer=shapes.ErrorsShape, errors=(404,)))
@with_token(Role.VIEWER)
def errors(client_id: str) -> ResponseReturnValue:
    """The answers of 500 and above of the last 30 days; never what was asked."""
    now = dashboard().now()
    if now.registry.find(client_id) is None:
        return unknown_client()
    found = errors_of(now, client_id)
    return jsonify(
        state=found.state,
        since=stamp(found.since) if found.since else None,
        days=[
            {
                "day": one.day.isoformat(),
                "count": one.count,
                "kinds": [kind.model_dump() for kind in one.kinds],
            }
            for one in found.days
        ],
        last=[one.model_dump() | {"at": stamp(one.at)} for one in found.last],
    )


@blueprint.get("/clients/<client_id>/availability")
@described(Described("A client's availability by month", answer=shapes.AvailabilityShape, errors=(404,)))
@with_token(Role.VIEWER)
def availability(client_id: str) -> ResponseReturnValue:
    """How often it was asked and ready, each month of the last 400 days, the newest first."""
    if dashboard().now().registry.find(client_id) is None:
        return unknown_client()
    months = dashboard().observations.availability(client_id)
    return jsonify(
        promised=PROMISED,
        months=[
            {"month": one.month, "asked": one.asked, "ready": one.ready, "share": one.share} for one in months
        ],
    )
