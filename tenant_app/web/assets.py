"""The pages' own files and the client's logo, under ``/static``; each address names its content's version."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Response, send_from_directory, url_for

from tenant_app.api.context import current_services
from tenant_app.branding import logo_file
from tenant_app.settings import Settings
from tenant_app.web import theme

STATIC = Path(__file__).parent / "static"
STATIC_SECONDS = 7 * 24 * 3600
THEME_SECONDS = 300


@lru_cache
def _version(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def asset_url(name: str) -> str:
    """Return the address of one of our files, which changes when the file does."""
    return url_for("web.static", name=name, v=_version(name))


def _logo(settings: Settings) -> Path | None:
    return logo_file(settings.data_dir, settings.client_logo)


def logo_url(settings: Settings) -> str | None:
    """Return the address of the client's logo, or None for the monogram."""
    logo = _logo(settings)
    return url_for("web.static", name=logo.name, v=int(logo.stat().st_mtime)) if logo else None


def static(name: str) -> Response:
    """Serve one of our files, or the client's logo when that is its name."""
    logo = _logo(current_services().settings)
    folder = logo.parent if logo is not None and logo.name == name else STATIC
    return send_from_directory(folder, name, max_age=STATIC_SECONDS)


def theme_css() -> Response:
    """Serve the client's colour as CSS properties: the policy allows no inline style."""
    answer = Response(theme.stylesheet(current_services().settings.client_color), mimetype="text/css")
    answer.headers["Cache-Control"] = f"private, max-age={THEME_SECONDS}"
    return answer
