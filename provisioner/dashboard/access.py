"""The owner's page of who may sign in, and with which tokens programs do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from pydantic import SecretStr

from provisioner import secrets
from provisioner.dashboard.guard import dashboard, is_our_own_form, signed_in
from provisioner.dashboard.roles import Role
from provisioner.errors import InvalidRequest, Refused

blueprint = Blueprint("access", __name__, url_prefix="/admin/access")
LIVES = (30, 90, 365)
"""How many days the page lets a token last."""


@dataclass(frozen=True, slots=True)
class Given:
    """What was just made for somebody, shown this once."""

    whom: str
    secret: SecretStr
    is_token: bool


@blueprint.get("")
@signed_in(Role.OWNER)
def page() -> ResponseReturnValue:
    """Show people and tokens."""
    return _shown()


@blueprint.post("/operators")
@signed_in(Role.OWNER)
def add_operator() -> ResponseReturnValue:
    """Let somebody sign in, with a password that is shown this once."""
    email, role = request.form.get("email", "").strip(), _role()
    password = secrets.password()
    refusal = _attempt(lambda: dashboard().operators.add(email, password, role))
    return refusal or _shown(Given(email, password, is_token=False))


@blueprint.post("/operators/remove")
@signed_in(Role.OWNER)
def remove_operator() -> ResponseReturnValue:
    """Let somebody sign in no longer."""
    refusal = _attempt(lambda: dashboard().operators.remove(request.form.get("email", "")))
    return refusal or redirect(url_for("access.page"), 303)


@blueprint.post("/tokens")
@signed_in(Role.OWNER)
def new_token() -> ResponseReturnValue:
    """Make a token that is shown this once."""
    name, role = request.form.get("name", "").strip(), _role()
    days = request.form.get("days", "")
    if days not in map(str, LIVES):
        abort(400)
    made: list[SecretStr] = []
    lasts = timedelta(days=int(days))
    refusal = _attempt(lambda: made.append(dashboard().tokens.new(name, role, g.actor.name, lasts)))
    return refusal or _shown(Given(name, made[0], is_token=True))


@blueprint.post("/tokens/revoke")
@signed_in(Role.OWNER)
def revoke_token() -> ResponseReturnValue:
    """End a token at once."""
    refusal = _attempt(lambda: dashboard().tokens.revoke(request.form.get("name", "")))
    return refusal or redirect(url_for("access.page"), 303)


def _role() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError:
        abort(400)


def _attempt(change: Callable[[], object]) -> ResponseReturnValue | None:
    """Make a change that one of our own forms asks for; return the page that says why not."""
    if not is_our_own_form():
        return _shown(refusal=gettext("Le formulaire a expiré ; essayez à nouveau."), status=403)
    try:
        change()
    except InvalidRequest as error:
        refusals = {
            "EMAIL": gettext("Cette adresse n’est pas valable, ou elle a déjà un accès."),
            "NAME": gettext(
                "Ce nom n’est pas valable, ou un jeton le porte déjà : une ligne de 60 caractères au plus."
            ),
        }
        return _shown(refusal=refusals[error.field], status=400)
    except Refused:
        refusal = gettext(
            "Rien n’a été changé : le dernier propriétaire ne peut pas être retiré, et ce qui n’existe plus "
            "non plus."
        )
        return _shown(refusal=refusal, status=409)
    return None


def _shown(given: Given | None = None, refusal: str = "", status: int = 200) -> ResponseReturnValue:
    text = render_template(
        "access.html",
        operators=dashboard().operators.all(),
        tokens=dashboard().tokens.all(),
        given=given,
        refusal=refusal,
        lives=LIVES,
    )
    return make_response(text, status)
