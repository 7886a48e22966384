"""The operator's pages: sign-in and the clients. Everything works without JavaScript."""

from __future__ import annotations

from pathlib import Path

from flask import (
    Blueprint,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from pydantic import SecretStr

from provisioner.dashboard import client_list
from provisioner.dashboard.client_list import Query
from provisioner.dashboard.guard import COOKIE_ENTRY, dashboard, is_our_own_form, signed_in
from provisioner.dashboard.operators import SignInRefused
from provisioner.dashboard.promises import told
from provisioner.dashboard.roles import Role

_HERE = Path(__file__).parent

blueprint = Blueprint(
    "pages",
    __name__,
    template_folder=str(_HERE / "templates"),
    static_folder=str(_HERE / "static"),
    static_url_path="/admin/static",
)


@blueprint.get("/")
@blueprint.get("/admin/")
def home() -> ResponseReturnValue:
    """Lead to the only place there is."""
    return redirect(url_for("pages.clients"))


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """Tell the supervisor that requests are answered."""
    return {"status": "ok"}


@blueprint.route("/admin/login", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Show the form, or check it and lead to the clients."""
    if request.method == "GET":
        return render_template("sign_in.html", refusal=None, email="")
    email = request.form.get("email", "").strip()
    if not is_our_own_form():
        return _refused(403, email, gettext("Le formulaire a expiré ; essayez à nouveau."))
    if not dashboard().attempts.admit(request.remote_addr or ""):
        return _refused(429, email, too_many_attempts())
    try:
        opened = dashboard().operators.sign_in(email, SecretStr(request.form.get("password", "")), "page")
    except SignInRefused:
        return _refused(401, email, sign_in_refusal())
    session.clear()
    session.permanent = True
    session[COOKIE_ENTRY] = opened.secret.get_secret_value()
    return redirect(url_for("pages.clients"), 303)


def sign_in_refusal() -> str:
    """Say the same to everybody who may not sign in."""
    return str(
        gettext(
            "Adresse ou mot de passe incorrect, ou trop d’essais : "
            "après cinq échecs, attendez un quart d’heure."
        )
    )


def too_many_attempts() -> str:
    """Say that one address has tried too often."""
    return str(gettext("Trop d’essais depuis votre adresse ; attendez une minute."))


def _refused(status: int, email: str, refusal: str) -> ResponseReturnValue:
    return make_response(render_template("sign_in.html", refusal=refusal, email=email), status)


@blueprint.post("/admin/logout")
def sign_out() -> ResponseReturnValue:
    """End the sign-in; a forged request changes nothing."""
    if not is_our_own_form():
        return redirect(url_for("pages.clients"), 303)
    secret = session.get(COOKIE_ENTRY)
    if isinstance(secret, str):
        dashboard().operators.sign_out(secret)
    session.clear()
    return redirect(url_for("pages.sign_in"), 303)


@blueprint.get("/admin/clients")
@signed_in(Role.VIEWER)
def clients() -> ResponseReturnValue:
    """Show the clients that the address asks for: see ``client_list.Query``."""
    found = client_list.shown(dashboard(), Query.parsed(request.args, money=g.actor.owns))
    driver = dashboard().driver()
    return render_template(
        "clients.html",
        promises=told(driver.promises()),
        warned=bool(driver.notices()),
        found=found,
        query=found.query,
        columns=client_list.columns(found.query, money=g.actor.owns),
    )


@blueprint.app_context_processor
def _context() -> dict[str, object]:
    host = dashboard().host
    return {"vendor": host.vendor.name or "Tenantry", "version": current_app.config["ASSET_VERSION"]}
