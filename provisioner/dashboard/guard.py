"""Who may see what: page sessions, bearer tokens, and requests forged by other sites."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar, cast

from flask import current_app, g, jsonify, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import validate_csrf
from werkzeug.wrappers import Response
from wtforms.validators import ValidationError

from provisioner.dashboard.context import Dashboard

P = ParamSpec("P")
R = TypeVar("R", bound=ResponseReturnValue)

EXTENSION: Final = "tenantry_dashboard"
COOKIE_ENTRY: Final = "sign_in"
CSRF_FIELD: Final = "csrf_token"
LOOPBACK: Final = ("127.0.0.1", "localhost")


def dashboard() -> Dashboard:
    """Return what the application answering this request works with."""
    return cast(Dashboard, current_app.extensions[EXTENSION])


def for_operators(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Show a page to signed-in operators only; others sign in first."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        secret = session.get(COOKIE_ENTRY)
        g.operator = dashboard().operators.who(secret, "page") if isinstance(secret, str) else None
        if g.operator is None:
            session.clear()
            return redirect(url_for("pages.sign_in"))
        return view(*args, **kwargs)

    return guarded


def for_tokens(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Answer programs that present a bearer token; a browser's cookie proves nothing here."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        operator = dashboard().operators.who(token, "api") if scheme.lower() == "bearer" and token else None
        if operator is None:
            answer = problem(
                401,
                gettext("Authentification requise"),
                gettext("Envoyez « Authorization: Bearer … », obtenu par POST /admin/api/login."),
            )
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        return view(*args, **kwargs)

    return guarded


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
