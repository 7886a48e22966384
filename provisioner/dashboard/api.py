"""The dashboard for programs: a bearer token, then clients, events and invoices as JSON."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, current_app, g, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from provisioner.clock import stamp
from provisioner.dashboard import api_shapes as shapes
from provisioner.dashboard.clients import client_json, totals
from provisioner.dashboard.guard import dashboard, problem, with_token
from provisioner.dashboard.openapi import PREFIX, Described, describe, described
from provisioner.dashboard.operators import LONGEST_PASSWORD, SignInRefused
from provisioner.dashboard.pages import sign_in_refusal, too_many_attempts
from provisioner.dashboard.roles import Role
from provisioner.errors import UnknownTenant
from provisioner.registry.registry import Event
from provisioner.service import invoices as billing
from provisioner.service import reports

blueprint = Blueprint("api", __name__, url_prefix=PREFIX)
RETRY_AFTER_SECONDS = 60
MOST_EVENTS = 500
_LIMIT = {
    "name": "limit",
    "in": "query",
    "required": False,
    "schema": {"type": "integer", "minimum": 1, "maximum": MOST_EVENTS, "default": 50},
}


class Credentials(BaseModel):
    """Who signs in."""

    model_config = ConfigDict(extra="forbid", strict=True)

    email: Annotated[str, Field(min_length=1, max_length=254)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=LONGEST_PASSWORD)]


@blueprint.get("/openapi.json")
@described(Described("This description, as OpenAPI 3.1", open=True))
def description() -> ResponseReturnValue:
    """Describe every route."""
    return jsonify(describe(current_app._get_current_object()))  # type: ignore[attr-defined]


@blueprint.post("/login")
@described(
    Described(
        "A token for an operator's address and password",
        answer=shapes.AccessToken,
        body=Credentials,
        errors=(401, 413, 429),
        open=True,
    )
)
def login() -> ResponseReturnValue:
    """``{email, password}`` → ``{access_token, token_type, expires_in}``; 400, 401 or 429 as problems."""
    if not dashboard().attempts.admit(request.remote_addr or ""):
        answer = problem(
            429,
            gettext("Trop d’essais"),
            too_many_attempts(),
        )
        answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return answer
    try:
        credentials = Credentials.model_validate_json(request.get_data())
    except ValidationError:
        return problem(
            400, gettext("Requête invalide"), gettext("Envoyez un objet JSON avec email et password.")
        )
    try:
        opened = dashboard().operators.sign_in(credentials.email, credentials.password, "api")
    except SignInRefused:
        return problem(401, gettext("Connexion refusée"), sign_in_refusal())
    token = opened.secret.get_secret_value()
    return jsonify(access_token=token, token_type="Bearer", expires_in=opened.expires_in)  # noqa: S106


@blueprint.get("/clients")
@described(Described("Every client, and sums over them", answer=shapes.Clients))
@with_token(Role.VIEWER)
def clients() -> ResponseReturnValue:
    """Every client with usage, storage and last activity, and the totals; money for owners only."""
    reader = dashboard().reader
    everyone = reader.with_health(reader.all())
    sums, money = totals(everyone), g.actor.owns
    return jsonify(
        clients=[client_json(client, money=money) for client in everyone],
        totals={
            "clients": sums.clients,
            "monthly_recurring_revenue": sums.revenue_cents / 100 if money else None,
            "requests": sums.requests,
            "storage_bytes": sums.storage_bytes,
            "unreadable": sums.unknown,
        },
    )


@blueprint.get("/clients/<client_id>")
@described(Described("One client", answer=shapes.ClientShape, errors=(404,)))
@with_token(Role.VIEWER)
def client(client_id: str) -> ResponseReturnValue:
    """One client, in the shape the list has."""
    try:
        found = dashboard().reader.one(client_id)
    except UnknownTenant:
        return unknown_client()
    return jsonify(client_json(found, money=g.actor.owns))


@blueprint.get("/clients/<client_id>/events")
@described(Described("What was done to a client", answer=shapes.Events, errors=(404,), query=(_LIMIT,)))
@with_token(Role.VIEWER)
def events(client_id: str) -> ResponseReturnValue:
    """The last ``limit`` events of a client, oldest first; those of a purged one are still there."""
    text = request.args.get("limit", "50")
    if not text.isascii() or not text.isdigit() or len(text) > 3 or not 1 <= int(text) <= MOST_EVENTS:
        return problem(400, gettext("Requête invalide"), gettext("limit est un nombre de 1 à 500."))
    now = dashboard().now()
    found = reports.events(now, client_id, int(text))
    if not found and now.registry.find(client_id) is None:
        return unknown_client()
    return jsonify(events=[_event(one) for one in found])


@blueprint.get("/clients/<client_id>/invoices")
@described(Described("A client's invoices (owners)", answer=shapes.Invoices, errors=(404,)))
@with_token(Role.OWNER)
def invoices(client_id: str) -> ResponseReturnValue:
    """The client's invoices and credit notes, by number; those of a purged one are still there."""
    now = dashboard().now()
    found = billing.rows(now, client_id)
    if not found and now.registry.find(client_id) is None:
        return unknown_client()
    return jsonify(invoices=[_invoice(one) for one in found])


def unknown_client() -> ResponseReturnValue:
    """Say that there is no client of that name."""
    return problem(404, gettext("Inconnu"), gettext("Il n’y a pas de client de ce nom."))


def _event(event: Event) -> dict[str, object]:
    return {
        "at": stamp(event.at),
        "command": event.command,
        "operator": event.operator,
        "outcome": event.outcome,
        "detail": event.detail,
    }


def _invoice(row: billing.Row) -> dict[str, object]:
    value, now = row.invoice, row.standing
    return {
        "number": value.number,
        "kind": value.kind,
        "issued_on": value.issued_on.isoformat(),
        "due_on": value.due_on.isoformat(),
        "month": value.month,
        "net": value.net_cents / 100,
        "vat": value.vat_cents / 100,
        "gross": value.gross_cents / 100,
        "paid": now.paid / 100,
        "balance": now.balance / 100,
        "status": now.status,
        "corrects": value.corrects.number if value.corrects else None,
    }
