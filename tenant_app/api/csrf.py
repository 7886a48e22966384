"""Keeps other sites, sibling subdomains included, from acting with a visitor's cookie."""

from flask import request
from flask_babel import lazy_gettext
from flask_wtf.csrf import validate_csrf
from wtforms.validators import ValidationError

from tenant_app.api.context import current_services
from tenant_app.errors import Forbidden

HEADER = "X-CSRF-Token"
FIELD = "csrf_token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def protect_cookie_request() -> None:
    """Refuse an unsafe request that the page in the visitor's browser may not have sent itself.

    Its ``Origin`` must be exactly one of this instance's (``SameSite`` does not tell sibling subdomains
    apart), and it must carry the token of the visitor's cookie, in the header or in the form. Raises
    Forbidden.
    """
    if request.method in _SAFE_METHODS:
        return
    if request.headers.get("Origin") not in current_services().settings.origins:
        raise Forbidden(lazy_gettext("Cette requête vient d'un autre site."), code="wrong-origin")
    try:
        validate_csrf(request.headers.get(HEADER) or request.form.get(FIELD))
    except ValidationError as error:
        raise Forbidden(
            lazy_gettext("Le formulaire a expiré ; rechargez la page puis réessayez."), code="csrf"
        ) from error
