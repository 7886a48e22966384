"""Which language a person reads: their choice, else their browser's, else the client's."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from flask import current_app, request

from tenant_app.settings import Settings

TRANSLATIONS: Final = Path(__file__).parent / "translations"
LANGUAGES = {"fr": "Français", "en": "English"}
COOKIE = "language"
COOKIE_SECONDS = 365 * 24 * 3600


def choose_language() -> str:
    """Return ``fr`` or ``en`` for the current request."""
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return chosen
    settings: Settings = current_app.extensions["tenantry"].settings
    return request.accept_languages.best_match(list(LANGUAGES), settings.language_default)


def local_path(target: str | None, otherwise: str) -> str:
    """Return ``target`` when it is a path of this site, else ``otherwise``: nobody is sent elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return otherwise
    if any(ord(character) < 0x20 for character in target):
        return otherwise
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else otherwise
