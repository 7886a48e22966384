"""The operator's pages: sign-in and the clients. Everything works without JavaScript."""

from __future__ import annotations

from dataclasses import dataclass
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

from provisioner.dashboard import clients as listing
from provisioner.dashboard.guard import COOKIE_ENTRY, dashboard, is_our_own_form, signed_in
from provisioner.dashboard.operators import SignInRefused
from provisioner.dashboard.promises import told
from provisioner.dashboard.roles import Role

_HERE = Path(__file__).parent
LONGEST_SEARCH = 200

blueprint = Blueprint(
    "pages",
    __name__,
    template_folder=str(_HERE / "templates"),
    static_folder=str(_HERE / "static"),
    static_url_path="/admin/static",
)


@dataclass(frozen=True, slots=True)
class Column:
    """One sortable column; ``url`` sorts by it, or turns the order round.

    ``direction`` is what ``aria-sort`` says.
    """

    label: str
    numeric: bool
    direction: str
    url: str


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
    """Show every client, searched by ``q``, sorted by ``sort`` and ``order``."""
    words = request.args.get("q", "")[:LONGEST_SEARCH]
    sort = request.args.get("sort", "name")
    if sort not in listing.SORTS or (sort == "amount" and not g.actor.owns):
        sort = "name"
    descending = request.args.get("order") == "desc"
    everyone = dashboard().clients()
    shown = listing.ordered(listing.matching(everyone, words), sort, descending=descending)
    driver = dashboard().driver()
    return render_template(
        "clients.html",
        promises=told(driver.promises()),
        warned=bool(driver.notices()),
        clients=shown,
        totals=listing.totals(everyone),
        words=words,
        sort=sort,
        order="desc" if descending else "asc",
        columns=_columns(sort, descending=descending, words=words),
        month=dashboard().clock.now(),
    )


def _columns(sort: str, *, descending: bool, words: str) -> list[Column]:
    labels = {
        "name": gettext("Client"),
        "plan": gettext("Formule"),
        "state": gettext("État"),
        "requests": gettext("Requêtes"),
        "users": gettext("Utilisateurs"),
        "storage": gettext("Stockage"),
        "amount": gettext("Montant du mois"),
        "activity": gettext("Dernière activité"),
    }
    if not g.actor.owns:
        del labels["amount"]
    columns = []
    for key, label in labels.items():
        current = key == sort
        # Figures are first wanted largest first, names in alphabetical order.
        begins_descending = key not in ("name", "plan", "state")
        turned = not descending if current else begins_descending
        direction = ("descending" if descending else "ascending") if current else "none"
        order = "desc" if turned else "asc"
        url = url_for("pages.clients", sort=key, order=order, q=words or None)
        columns.append(Column(label, key == "amount", direction, url))
    return columns


@blueprint.app_context_processor
def _context() -> dict[str, object]:
    host = dashboard().host
    return {"vendor": host.vendor.name or "Tenantry", "version": current_app.config["ASSET_VERSION"]}
