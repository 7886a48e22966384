"""Builds the Flask application of one client."""

from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, Flask, request
from flask_babel import Babel
from flask_wtf.csrf import generate_csrf
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Rule

from tenant_app.accounts import link_routes as links
from tenant_app.accounts import role_routes, session_routes
from tenant_app.accounts import routes as accounts
from tenant_app.accounts.sessions import PAGE_LIFETIME
from tenant_app.api import cookies, cors, csrf, headers, health, openapi, operator, problems
from tenant_app.api.context import EXTENSION
from tenant_app.assistant import openai_routes
from tenant_app.assistant import routes as assistant
from tenant_app.billing import routes as billing
from tenant_app.cases import routes as cases
from tenant_app.cases.analyses import routes as analyses
from tenant_app.clock import Clock, SystemClock
from tenant_app.library import routes as library
from tenant_app.personal_data import routes as personal_data
from tenant_app.retrieval import routes as retrieval
from tenant_app.services import build_services
from tenant_app.settings import Settings
from tenant_app.web import routes as web
from tenant_app.web.language import TRANSLATIONS, choose_language

BLUEPRINTS: Final[tuple[Blueprint, ...]] = (
    health.blueprint,
    accounts.blueprint,
    role_routes.blueprint,
    session_routes.blueprint,
    personal_data.blueprint,
    links.blueprint,
    billing.blueprint,
    retrieval.blueprint,
    library.blueprint,
    assistant.blueprint,
    openai_routes.blueprint,
    cases.blueprint,
    analyses.blueprint,
    openapi.blueprint,
    operator.blueprint,
    web.blueprint,
)

LARGEST_JSON_BODY: Final = 1_000_000
"""Bytes; only an upload may be larger."""
UPLOADS: Final = frozenset(
    {"library.upload", "library.upload_version", "operator.ingest", "web.add_documents"}
)
FORM_OVERHEAD: Final = 1_000_000
"""Bytes around the file of an upload: the form's other fields and boundaries."""


class RowId(IntegerConverter):
    """An id in a path: what SQLite's integers can hold, so that anything else is simply not found."""

    regex = "[1-9][0-9]{0,17}"


class LateRule(Rule):
    """A route whose two builders of addresses are compiled when the first address is built.

    werkzeug compiles those of all routes in advance, which is most of what building the application costs,
    and whoever wakes an instance waits for it.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_now = super()._compile_builder
        compiled: list[Callable[..., tuple[str, str]]] = []

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            if not compiled:
                compiled.append(compile_now(append_unknown))
            return compiled[0](rule, **values)

        return build


def create_app(settings: Settings, clock: Clock | None = None) -> Flask:
    """Return the application; nothing is started and the database is not opened yet."""
    app = Flask("tenant_app", static_folder=None, template_folder=None)
    clock = clock or SystemClock()
    app.url_rule_class = LateRule
    app.extensions[EXTENSION] = build_services(settings, clock)
    _configure(app, settings)
    cookies.install(app, settings, clock)
    # nginx overwrites X-Forwarded-For, so exactly one hop is believed.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=0)  # type: ignore[method-assign]
    headers.install(app, settings)
    cors.install(app, settings)
    Babel(app, locale_selector=choose_language)
    problems.install(app)
    app.before_request(_limit_body)
    app.url_map.converters["int"] = RowId
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        TRUSTED_HOSTS=[*settings.hostnames, "127.0.0.1", "localhost"],
        MAX_CONTENT_LENGTH=settings.upload_bytes + FORM_OVERHEAD,
        SESSION_COOKIE_NAME="__Host-session" if settings.served_over_https else "session",
        SESSION_COOKIE_SECURE=settings.served_over_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=PAGE_LIFETIME,
        BABEL_DEFAULT_LOCALE="fr",
        BABEL_DEFAULT_TIMEZONE="Europe/Paris",
        BABEL_TRANSLATION_DIRECTORIES=str(TRANSLATIONS),
        WTF_CSRF_FIELD_NAME=csrf.FIELD,
        # The token lives as long as the cookie it is bound to: a page may stay open all day.
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_env.globals["csrf_token"] = generate_csrf


def _limit_body() -> None:
    """Let only uploads be large: whoever has no credential could make any other route read 100 MB."""
    if request.endpoint not in UPLOADS:
        request.max_content_length = LARGEST_JSON_BODY
