"""What surrounds every page: who the client is, who is reading, where they may go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, ParamSpec

from flask import Response, g, make_response, redirect, render_template, request, url_for
from flask.globals import request_ctx
from flask_babel import get_locale, gettext
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response as BaseResponse

from tenant_app.accounts.actor import Actor
from tenant_app.api.authentication import authenticate, end_page_session
from tenant_app.api.context import current_services
from tenant_app.billing.warnings import LimitWarning, warnings_of
from tenant_app.errors import Forbidden, Unauthenticated
from tenant_app.settings import Settings
from tenant_app.web.assets import asset_url, logo_url
from tenant_app.web.formats import initials
from tenant_app.web.language import LANGUAGES
from tenant_app.web.limits import what_is_limited
from tenant_app.web.preferences import chosen_theme

P = ParamSpec("P")
_WORTH_RETRYING: Final = frozenset({429, 500, 502, 503})


@dataclass(frozen=True)
class Client:
    """How the client is shown; ``logo`` is an address, or None for the monogram."""

    name: str
    initials: str
    logo: str | None


@dataclass(frozen=True)
class Place:
    """One entry of the main navigation."""

    label: str
    url: str
    here: bool


def page(permission: str | None) -> Callable[[Callable[P, BaseResponse | str]], Callable[P, BaseResponse]]:
    """Let a page show only to somebody signed in who holds ``permission``; others sign in first, then return.

    None lets in everybody who is signed in.

    Raises Forbidden when the role does not allow it, and what ``authenticate`` raises for a forged request.
    """

    def guard(view: Callable[P, BaseResponse | str]) -> Callable[P, BaseResponse]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> BaseResponse:
            try:
                g.actor = authenticate()
            except Unauthenticated:
                end_page_session()
                return redirect(url_for("web.sign_in", next=_wanted()))
            if permission is not None and not g.actor.may(permission):
                if request.path == url_for("web.assistant"):
                    # Where signing in leads to; a role of the firm's own may not ask questions.
                    return redirect(_places(g.actor)[0].url)
                raise Forbidden(gettext("Votre rôle ne permet pas d’ouvrir cette page."))
            return make_response(view(*args, **kwargs))

        return guarded

    return guard


def _wanted() -> str | None:
    wanted = request.full_path.rstrip("?")
    return None if wanted == "/" else wanted


def error_page(status: int, title: str, detail: str) -> Response:
    """Return a whole page that says what went wrong, in the reader's language."""
    if request_ctx.url_adapter is None:
        # The host is not ours: there are no addresses to put in a page.
        return make_response(f"{title}. {detail}", status, {"Content-Type": "text/plain; charset=utf-8"})
    retry = request.full_path.rstrip("?") if request.method == "GET" and status in _WORTH_RETRYING else None
    return make_response(
        render_template("error.html", status=status, title=title, detail=detail, retry_url=retry), status
    )


def template_context() -> dict[str, Any]:
    """Return what every template may use."""
    settings = current_services().settings
    actor: Actor | None = g.get("actor")
    return {
        "settings": settings,
        "client": Client(settings.client_name, initials(settings.client_name), logo_url(settings)),
        "support_contact": settings.support_contact,
        "legal_pages": _legal_pages(settings),
        "actor": actor,
        "places": _places(actor) if actor else (),
        "language": str(get_locale()),
        "languages": LANGUAGES,
        "theme": chosen_theme(),
        "asset": asset_url,
        "csrf": generate_csrf,
        "role_name": role_name,
        "limit_alerts": _limit_alerts,
        "what_is_limited": what_is_limited,
    }


def legal_title(page: str) -> str:
    """Return what one of the legal texts is called."""
    titles = {
        "cgv": gettext("Conditions générales"),
        "mentions-legales": gettext("Mentions légales"),
        "confidentialite": gettext("Confidentialité"),
    }
    return str(titles[page])


def _legal_pages(settings: Settings) -> tuple[Place, ...]:
    """The legal texts that the vendor has given, in the order they are read."""
    return tuple(
        Place(legal_title(page), url_for("web.legal", page=page), here=False)
        for page in ("mentions-legales", "cgv", "confidentialite")
        if page in settings.legal_texts
    )


def _limit_alerts() -> Sequence[LimitWarning]:
    """Return what an administrator is warned of on every page, but where it is shown at length."""
    actor: Actor | None = g.get("actor")
    if actor is None or not actor.may("users.manage") or request.endpoint == "web.usage":
        return ()
    services = current_services()
    return warnings_of(services.billing.export.latest(), services.settings)


def role_name(role: str) -> str:
    """Return what a role is called in the pages; a role of the client's own keeps its name."""
    names = {
        "admin": gettext("Administrateur"),
        "member": gettext("Membre"),
        "viewer": gettext("Lecture seule"),
    }
    return str(names.get(role, role))


def _places(actor: Actor) -> tuple[Place, ...]:
    known = (
        ("chat", gettext("Assistant"), "web.assistant"),
        ("cases.read", gettext("Dossiers"), "web.cases"),
        ("documents.read", gettext("Documents"), "web.documents"),
        ("documents.read", gettext("Recherche"), "web.search"),
        ("usage.read", gettext("Consommation"), "web.usage"),
        ("users.manage", gettext("Utilisateurs"), "web.users"),
        (None, gettext("Paramètres"), "web.settings"),
    )
    return tuple(
        Place(label, url_for(endpoint), request.path.startswith(_root_of(endpoint)))
        for permission, label, endpoint in known
        if permission is None or actor.may(permission)
    )


def _root_of(endpoint: str) -> str:
    """Return the path all pages of one place begin with."""
    return "/conversations" if endpoint == "web.assistant" and request.path != "/" else url_for(endpoint)
