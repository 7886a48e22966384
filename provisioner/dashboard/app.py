"""Builds the dashboard's Flask application."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Final

from flask import Flask, Response, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel, get_locale, gettext
from flask_wtf.csrf import generate_csrf
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from provisioner.actions.asking import ask
from provisioner.dashboard import (
    access,
    action_api,
    action_pages,
    api,
    client_page,
    formats,
    history_api,
    metrics,
    package_pages,
    pages,
)
from provisioner.dashboard.attempts import Attempts
from provisioner.dashboard.context import Dashboard
from provisioner.dashboard.guard import CSRF_FIELD, EXTENSION, LOOPBACK, problem
from provisioner.dashboard.jobs import Jobs
from provisioner.dashboard.observations import Observations
from provisioner.dashboard.operators import LIFETIMES, Operators
from provisioner.dashboard.reading import Reader
from provisioner.dashboard.store import Store
from provisioner.dashboard.tokens import Tokens
from provisioner.host import HostSettings
from provisioner.service.context import Context

LANGUAGES: Final = ("fr", "en")
ATTEMPTS_PER_MINUTE: Final = 10
PATIENCE_SECONDS: Final = 20.0
"""How long a page waits for an answer of the program that acts: it may be at work for somebody else."""
LARGEST_BODY: Final = 16 * 1024
_HERE: Final = Path(__file__).parent
_BLUEPRINTS: Final = (
    pages.blueprint,
    client_page.blueprint,
    action_pages.blueprint,
    package_pages.blueprint,
    access.blueprint,
    api.blueprint,
    history_api.blueprint,
    action_api.blueprint,
    metrics.blueprint,
)
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def create_app(context: Context) -> Flask:
    """Return the dashboard of one host; it reads the registry and the usage files, and writes neither.

    Raises OSError when ``<root>/admin`` cannot be made or opened.
    """
    host, clock = context.host, context.clock
    store = Store(context.root)
    app = Flask("provisioner.dashboard", static_folder=None, template_folder=None)
    app.extensions[EXTENSION] = Dashboard(
        host=host,
        clock=clock,
        operators=Operators(store, clock),
        tokens=Tokens(store, clock),
        attempts=Attempts(clock, ATTEMPTS_PER_MINUTE),
        reader=Reader(context),
        observations=Observations(store),
        driver=lambda: replace(context).driver,
        jobs=Jobs(store, clock, lambda request: ask(replace(context).driver.actions.socket, request)),
        question=lambda request: ask(replace(context).driver.actions.socket, request, PATIENCE_SECONDS),
        now=lambda: replace(context),
    )
    _configure(app, host, store.signing_key())
    # nginx overwrites X-Forwarded-For, so exactly one hop is believed.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=0)  # type: ignore[method-assign]
    Babel(app, locale_selector=_language)
    app.register_error_handler(HTTPException, _http_error)
    app.after_request(_protect)
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
    for name in ("number", "size", "euros", "moment", "day", "percent"):
        app.jinja_env.filters[name] = getattr(formats, name)
    app.jinja_env.globals.update(
        get_locale=get_locale, share=formats.share, level=formats.level, bars=formats.bars, csrf=generate_csrf
    )
    return app


def _configure(app: Flask, host: HostSettings, signing_key: str) -> None:
    app.config.update(
        SECRET_KEY=signing_key,
        TRUSTED_HOSTS=[host.admin_name, *LOOPBACK],
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        SESSION_COOKIE_NAME="tenantry-admin",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=host.serves_tls,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=LIFETIMES["page"],
        WTF_CSRF_FIELD_NAME=CSRF_FIELD,
        WTF_CSRF_TIME_LIMIT=None,
        BABEL_DEFAULT_LOCALE=host.language_default,
        BABEL_DEFAULT_TIMEZONE="Europe/Paris",
        BABEL_TRANSLATION_DIRECTORIES=str(_HERE / "translations"),
        ASSET_VERSION=_asset_version(),
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]


def _asset_version() -> str:
    content = b"".join(path.read_bytes() for path in sorted((_HERE / "static").iterdir()))
    return hashlib.sha256(content).hexdigest()[:12]


def _language() -> str | None:
    return request.accept_languages.best_match(LANGUAGES)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    """Say what went wrong as a page to people and as a problem to programs."""
    status = error.code or 500
    known = {
        400: gettext("Cette requête ne peut pas être comprise."),
        403: gettext("Votre rôle ne permet pas d’ouvrir cette page."),
        404: gettext("Il n’y a rien à cette adresse."),
        405: gettext("Cette adresse n’accepte pas cette méthode."),
        413: gettext("Le contenu envoyé est trop volumineux."),
    }
    title = known.get(status, gettext("Une erreur inattendue s’est produite ; elle a été enregistrée."))
    # A request for a host that is not ours has no addresses to put in a page.
    if status == 400 or request.path.startswith(api.blueprint.url_prefix or ""):
        return problem(status, error.name, title)
    return make_response(render_template("error.html", title=title), status)


def _protect(answer: Response) -> Response:
    for name, value in _HEADERS.items():
        answer.headers.setdefault(name, value)
    if request.endpoint != "pages.static":
        answer.headers.setdefault("Cache-Control", "no-store")
    if current_app.config["SESSION_COOKIE_SECURE"]:
        answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return answer
