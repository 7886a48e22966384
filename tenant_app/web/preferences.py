"""What somebody chose for their browser, kept in cookies: the language, and light or dark."""

from collections.abc import Collection

from flask import current_app, redirect, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as BaseResponse

from tenant_app.api.csrf import protect_cookie_request
from tenant_app.errors import InvalidInput, Text
from tenant_app.web import language
from tenant_app.web.language import COOKIE_SECONDS, LANGUAGES, local_path

THEMES = ("system", "light", "dark")
THEME_COOKIE = "theme"


def chosen_theme() -> str:
    """Return ``light``, ``dark``, or ``system`` for whoever chose nothing."""
    chosen = request.cookies.get(THEME_COOKIE)
    return chosen if chosen in THEMES else "system"


def theme_names() -> dict[str, str]:
    """Return what each theme is called."""
    return {
        "system": gettext("Comme mon appareil"),
        "light": gettext("Clair"),
        "dark": gettext("Sombre"),
    }


def set_language() -> BaseResponse:
    """Remember the language somebody chose, and show the same page in it."""
    return _remembered(
        language.COOKIE, "language", LANGUAGES, lazy_gettext("Cette langue n’est pas proposée.")
    )


def set_theme() -> BaseResponse:
    """Remember whether somebody wants the pages light, dark, or as their system is."""
    return _remembered(THEME_COOKIE, "theme", THEMES, lazy_gettext("Cet affichage n’est pas proposé."))


def _remembered(cookie: str, field: str, offered: Collection[str], refusal: Text) -> BaseResponse:
    """Keep the form's choice and lead back; raises Forbidden when forged, InvalidInput when not offered."""
    protect_cookie_request()
    chosen = request.form.get(field, "")
    if chosen not in offered:
        raise InvalidInput(refusal)
    answer = redirect(local_path(request.form.get("next"), url_for("web.assistant")), 303)
    answer.set_cookie(
        cookie,
        chosen,
        max_age=COOKIE_SECONDS,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return answer
