"""Who may see what: page sessions, bearer tokens, and requests forged by other sites."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec, TypeAlias, cast

from flask import abort, current_app, g, jsonify, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import validate_csrf
from werkzeug.wrappers import Response
from wtforms.validators import ValidationError

from provisioner.dashboard.context import Dashboard
from provisioner.dashboard.roles import Actor, Role
from provisioner.dashboard.tokens import PREFIX

P = ParamSpec("P")
View: TypeAlias = Callable[P, ResponseReturnValue]

EXTENSION: Final = "tenantry_dashboard"
COOKIE_ENTRY: Final = "sign_in"
CSRF_FIELD: Final = "csrf_token"
LOOPBACK: Final = ("127.0.0.1", "localhost")


def dashboard() -> Dashboard:
    """Return what the application answering this request works with."""
    return cast(Dashboard, current_app.extensions[EXTENSION])


def signed_in(role: Role) -> Callable[[View[P]], View[P]]:
    """Show a page only to signed-in people of at least a role; others sign in first, or are told 403."""

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            secret = session.get(COOKIE_ENTRY)
            g.actor = dashboard().operators.who(secret, "page") if isinstance(secret, str) else None
            if g.actor is None:
                session.clear()
                return redirect(url_for("pages.sign_in"))
            if not g.actor.may(role):
                abort(403)
            return view(*args, **kwargs)

        return guarded

    return guard


def with_token(role: Role) -> Callable[[View[P]], View[P]]:
    """Answer programs whose bearer token has at least a role; a browser's cookie proves nothing here."""

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            g.actor = _bearer()
            if g.actor is None:
                return _unknown_bearer()
            if not g.actor.may(role):
                return problem(403, gettext("Interdit"), gettext("Ce jeton n’a pas les droits nécessaires."))
            return view(*args, **kwargs)

        return guarded

    return guard


def _bearer() -> Actor | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    if token.startswith(PREFIX):
        return dashboard().tokens.who(token)
    return dashboard().operators.who(token, "api")


def _unknown_bearer() -> Response:
    answer = problem(
        401,
        gettext("Authentification requise"),
        gettext("Envoyez « Authorization: Bearer … » : un jeton d’accès, ou celui de POST /admin/api/login."),
    )
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def is_our_own_form() -> bool:
    """Say whether an unsafe page request comes from one of our pages: exact origin, and the form's token."""
    if request.headers.get("Origin") != _own_origin():
        return False
    try:
        validate_csrf(request.form.get(CSRF_FIELD))
    except ValidationError:
        return False
    return True


def _own_origin() -> str:
    """Return the origin of our pages: the public address, or the loopback one when no nginx stands before us.

    nginx hands over the host name without the port people typed, so ours comes from the settings.
    """
    if request.host.partition(":")[0] in LOOPBACK:
        return request.host_url.rstrip("/")
    host = dashboard().host
    return host.public_url(host.admin_name)


def problem(status: int, title: str, detail: str, **members: Any) -> Response:
    """Return an RFC 9457 problem."""
    answer = jsonify({"type": "about:blank", "title": title, "status": status, "detail": detail, **members})
    answer.status_code = status
    answer.content_type = "application/problem+json"
    return answer
