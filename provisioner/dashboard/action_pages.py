"""The pages that act on clients: the form of a new one, what each form asks for, and how it goes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, cast, get_args

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from provisioner.actions.requests import ARGUMENTS, ActionName, Arguments
from provisioner.dashboard import client_page
from provisioner.dashboard.guard import dashboard, is_our_own_form, signed_in
from provisioner.dashboard.jobs import Busy, UnknownJob
from provisioner.dashboard.roles import Role
from provisioner.errors import InvalidRequest, UnknownTenant
from provisioner.naming import parse_tenant_id

blueprint = Blueprint("actions", __name__, url_prefix="/admin")
CONFIRMED: Final = frozenset({"plan", "suspend", "rotate"})
"""What a client notices at once: its form names the client once more."""
_ON_ONE: Final = frozenset(get_args(ActionName)) - {"create"}


@blueprint.get("/clients/new")
@signed_in(Role.OPERATOR)
def new_client() -> ResponseReturnValue:
    """Show the form of a new client."""
    return _form()


@blueprint.post("/clients/new")
@signed_in(Role.OPERATOR)
def create() -> ResponseReturnValue:
    """Have a new client made and lead to how it goes."""
    if not is_our_own_form():
        return _form(_expired(), 403)
    client = request.form.get("id", "")
    try:
        parse_tenant_id(client)
        job = dashboard().jobs.begin("create", client, arguments_of("create", request.form), g.actor)
    except (InvalidRequest, ValidationError):
        return _form(
            gettext(
                "L’identifiant compte 2 à 31 lettres minuscules, chiffres ou tirets, commence par une lettre "
                "et n’est pas un mot réservé ; un essai dure de 1 à 366 jours ; chaque autre champ tient en "
                "une ligne de 200 caractères."
            ),
            400,
        )
    except Busy:
        return _form(_busy(), 409)
    return redirect(url_for("actions.job", number=job.id), 303)


@blueprint.post("/clients/<client_id>/<action>")
@signed_in(Role.OPERATOR)
def act(client_id: str, action: str) -> ResponseReturnValue:
    """Have something done to a client and lead to how it goes."""
    if action not in _ON_ONE:
        abort(404)
    name = cast(ActionName, action)
    try:
        dashboard().now().registry.get(client_id)
    except UnknownTenant:
        abort(404)
    if not is_our_own_form():
        return make_response(client_page.shown(client_id, _expired()), 403)
    if name in CONFIRMED and request.form.get("confirm") != client_id:
        return make_response(client_page.shown(client_id, gettext("Confirmez cette action.")), 400)
    try:
        job = dashboard().jobs.begin(name, client_id, arguments_of(name, request.form), g.actor)
    except ValidationError:
        refusal = gettext("Chaque champ tient en une ligne de 200 caractères au plus.")
        return make_response(client_page.shown(client_id, refusal), 400)
    except Busy:
        return make_response(client_page.shown(client_id, _busy()), 409)
    return redirect(url_for("actions.job", number=job.id), 303)


@blueprint.get("/jobs/<int:number>")
@signed_in(Role.VIEWER)
def job(number: int) -> ResponseReturnValue:
    """Show how an action goes and, once it has ended, what came of it."""
    try:
        found = dashboard().jobs.get(number, g.actor)
    except UnknownJob:
        abort(404)
    return render_template("job.html", job=found)


def arguments_of(action: ActionName, form: MultiDict[str, str]) -> Arguments:
    """Return what a form tells an action; an empty field is one that is not given. Raises ValidationError."""
    model = ARGUMENTS[action]
    given: dict[str, object] = {}
    for name, field in model.model_fields.items():
        if field.annotation is bool:
            given[name] = name in form
        elif text := form.get(name, "").strip():
            given[name] = _READ.get(name, str)(text)
    return model.model_validate(given)


def _days(text: str) -> object:
    """Return a number of days; what is none stays as it is, to be refused as such."""
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text) else text


_READ: Final[dict[str, Callable[[str], object]]] = {"trial_days": _days, "domains": str.split}
"""How what is typed into a field becomes its argument, where that is no text."""


def _expired() -> str:
    return str(gettext("Le formulaire a expiré ; essayez à nouveau."))


def _busy() -> str:
    return str(gettext("Une action est déjà en cours pour ce client ; attendez qu’elle se termine."))


def _form(refusal: str = "", status: int = 200) -> ResponseReturnValue:
    plans = {name: plan.title for name, plan in dashboard().now().catalogue.plans.items()}
    text = render_template("new_client.html", plans=plans, given=request.form, refusal=refusal)
    return make_response(text, status)
