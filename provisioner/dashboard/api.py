"""The same for programs: a bearer token for an operator's password, then every client as JSON."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from provisioner.dashboard.clients import client_json, totals
from provisioner.dashboard.guard import dashboard, problem, with_token
from provisioner.dashboard.operators import LONGEST_PASSWORD, SignInRefused
from provisioner.dashboard.pages import sign_in_refusal, too_many_attempts
from provisioner.dashboard.roles import Role

blueprint = Blueprint("api", __name__, url_prefix="/admin/api")
RETRY_AFTER_SECONDS = 60


class Credentials(BaseModel):
    """Who signs in."""

    model_config = ConfigDict(extra="forbid", strict=True)

    email: Annotated[str, Field(min_length=1, max_length=254)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=LONGEST_PASSWORD)]


@blueprint.post("/login")
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
@with_token(Role.VIEWER)
def clients() -> ResponseReturnValue:
    """Every client with usage, storage and last activity, and the totals; money for owners only."""
    everyone = dashboard().clients()
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
