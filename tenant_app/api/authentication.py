"""Who sends a request: exactly one credential, checked afresh each time."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import g, request, session
from flask_babel import lazy_gettext

from tenant_app.accounts.actor import Actor
from tenant_app.accounts.keys import PREFIX as KEY_PREFIX
from tenant_app.accounts.roles import permissions_of
from tenant_app.accounts.scopes import scopes_granting
from tenant_app.api.context import current_actor, current_services
from tenant_app.api.csrf import protect_cookie_request
from tenant_app.errors import Forbidden, InvalidInput, Unauthenticated

P = ParamSpec("P")
R = TypeVar("R")

_COOKIE_ENTRY = "sign_in"
PERMISSION_ATTRIBUTE = "__required_permission__"


def requires(permission: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a view run only for an actor who holds ``permission``; ``current_actor()`` then tells who.

    Raises InvalidInput for two credentials, Unauthenticated for none or a bad one, Forbidden for an unknown
    API key, a missing permission or scope, or a cookie request that another site may have forged.
    """

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            g.actor = _admitted()
            if not current_actor().may(permission):
                raise not_allowed(current_actor(), permission)
            return view(*args, **kwargs)

        setattr(guarded, PERMISSION_ATTRIBUTE, permission)
        return guarded

    return guard


def not_allowed(actor: Actor, permission: str) -> Forbidden:
    """Return the refusal of what an actor may not do: for want of a scope, which it names, or by the role."""
    if not actor.scopes or permission not in permissions_of(actor.role):
        return Forbidden(lazy_gettext("Votre rôle ne permet pas cette action."))
    held = ", ".join(sorted(actor.scopes))
    granting = scopes_granting(permission)
    if not granting:
        detail = lazy_gettext(
            "Cette clé d'API est limitée (%(held)s) ; cette action demande une clé sans limite de portée.",
            held=held,
        )
    else:
        detail = lazy_gettext(
            "Il manque une portée à cette clé d'API : %(missing)s (elle a : %(held)s).",
            missing=" / ".join(granting),
            held=held,
        )
    return Forbidden(detail, code="out-of-scope")


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Let a view run for any actor, whatever the role; raises like ``requires``."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        g.actor = _admitted()
        return view(*args, **kwargs)

    setattr(guarded, PERMISSION_ATTRIBUTE, None)
    return guarded


def _admitted() -> Actor:
    """Return who asks if the tenant's minute has room; raises RateLimited, and what ``requires`` does."""
    actor = authenticate()
    services = current_services()
    services.accounts.calls_rate.count(services.settings.client_id)
    return actor


def authenticate() -> Actor:
    """Return who sends the current request; raises like ``requires``, the permission aside."""
    bearer = _bearer()
    key = request.headers.get("X-API-Key")
    cookie = page_session_secret()
    presented = [credential for credential in (bearer, key, cookie) if credential is not None]
    if not presented:
        raise Unauthenticated(lazy_gettext("Connectez-vous, ou envoyez un jeton ou une clé d'API."))
    if len(presented) > 1:
        raise InvalidInput(
            lazy_gettext("La requête porte plusieurs preuves d'identité ; n'en envoyez qu'une."),
            code="several-credentials",
        )
    if cookie is not None:
        protect_cookie_request()
        return current_services().accounts.sessions.actor_of_cookie(cookie)
    if key is not None or presented[0].startswith(KEY_PREFIX):
        return _actor_of_key(presented[0])
    return current_services().accounts.sessions.actor_of_token(presented[0])


def _actor_of_key(secret: str) -> Actor:
    accounts = current_services().accounts
    try:
        return accounts.keys.actor_of(secret)
    except Forbidden as refusal:
        accounts.security.note("key-misuse", refusal.code)
        raise


def start_page_session(secret: str) -> None:
    """Hand a browser the secret ``Sessions.open_page`` returned; whatever the cookie held is dropped."""
    session.clear()
    session.permanent = True
    session[_COOKIE_ENTRY] = secret


def end_page_session() -> None:
    """Empty the browser's cookie; the sign-in itself is closed with ``Sessions.close``."""
    session.clear()


def page_session_secret() -> str | None:
    """Return the secret of the browser session the request carries, if any."""
    secret = session.get(_COOKIE_ENTRY)
    return secret if isinstance(secret, str) else None


def _bearer() -> str | None:
    """Return the bearer token; raises Unauthenticated for an Authorization header of another kind."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(lazy_gettext("L'en-tête Authorization doit être « Bearer <jeton> »."))
    return token
