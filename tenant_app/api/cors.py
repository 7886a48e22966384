"""Lets pages on other sites, those of ``ALLOWED_ORIGINS``, read the API: CORS, as the Fetch standard has it.

They prove who they are with a key or a token. No answer ever bears ``Access-Control-Allow-Credentials``: what
a visitor's cookie opens stays unreadable elsewhere, and ``protect_cookie_request`` goes on refusing to act.
"""

from collections.abc import Collection, Mapping
from typing import Final

from flask import Flask, Response, request

from tenant_app.settings import Settings

_API_PATHS: Final = ("/api/", "/v1/")
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_READ_HEADERS: Final = ("Authorization", "Content-Type", "X-API-Key", "X-Request-ID")
_OPENAI_HEADERS: Final = (
    "X-Stainless-Arch",
    "X-Stainless-Helper-Method",
    "X-Stainless-Lang",
    "X-Stainless-OS",
    "X-Stainless-Package-Version",
    "X-Stainless-Retry-Count",
    "X-Stainless-Runtime",
    "X-Stainless-Runtime-Version",
    "X-Stainless-Timeout",
)
"""What OpenAI's JavaScript client adds to each request: unread here, but a browser wants leave for it."""
_SHOWN_HEADERS: Final = ("Content-Disposition", "Retry-After", "X-Request-ID")
_PREFLIGHT_SECONDS: Final = 7200
"""For how long a browser need not ask again; Chromium does after two hours in any case."""


def cors_headers(origin: str | None, allowed: Collection[str], *, preflight: bool) -> Mapping[str, str]:
    """Return what an answer says to a page of ``origin``: nothing unless it is one of those allowed."""
    if origin is None or origin not in allowed:
        return {}
    if not preflight:
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": ", ".join(_SHOWN_HEADERS),
        }
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": ", ".join(_METHODS),
        "Access-Control-Allow-Headers": ", ".join((*_READ_HEADERS, *_OPENAI_HEADERS)),
        "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
    }


def install(app: Flask, settings: Settings) -> None:
    """Answer what a browser asks beforehand, and mark what the API answers, refusals included."""
    allowed = frozenset(settings.allowed_origins)
    if not allowed:
        return

    @app.before_request
    def answer_preflight() -> Response | None:
        origin = request.headers.get("Origin")
        return Response(status=204) if origin in allowed and _is_preflight() else None

    @app.after_request
    def tell_browsers(answer: Response) -> Response:
        if request.path.startswith(_API_PATHS):
            answer.vary.add("Origin")
            origin = request.headers.get("Origin")
            answer.headers.update(cors_headers(origin, allowed, preflight=_is_preflight()))
        return answer


def _is_preflight() -> bool:
    return (
        request.method == "OPTIONS"
        and request.path.startswith(_API_PATHS)
        and "Access-Control-Request-Method" in request.headers
    )
