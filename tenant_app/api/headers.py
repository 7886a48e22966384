"""What every answer carries: a request id, and headers that leave a browser nothing it does not need."""

import re
import secrets
import time

from flask import Flask, Response, g, request

from tenant_app.api.failures import note_server_error
from tenant_app.logs import get_log, request_id
from tenant_app.settings import Settings

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: browsers would then send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_ONE_YEAR_SECONDS = 31_536_000
_REQUEST_ID = re.compile(r"[0-9a-f]{32}")
_HEALTH = frozenset({"health.alive", "health.ready"})

log = get_log("tenant_app.access")


def install(app: Flask, settings: Settings) -> None:
    """Number each request, log it once without what it asks, and protect each answer."""

    @app.before_request
    def number_request() -> None:
        proposed = request.headers.get("X-Request-ID", "")
        g.request_id = proposed if _REQUEST_ID.fullmatch(proposed) else secrets.token_hex(16)
        g.started_at = time.perf_counter()
        request_id.set(g.request_id)

    @app.after_request
    def protect(answer: Response) -> Response:
        for name, value in _HEADERS.items():
            answer.headers.setdefault(name, value)
        if settings.served_over_https:
            answer.headers.setdefault("Strict-Transport-Security", f"max-age={_ONE_YEAR_SECONDS}")
        if request.endpoint != "web.static":
            answer.headers.setdefault("Cache-Control", "no-store")
        answer.headers["X-Request-ID"] = g.request_id
        _log_access(answer)
        if answer.status_code >= 500 and request.endpoint not in _HEALTH:
            note_server_error(answer.status_code)
        return answer


def _log_access(answer: Response) -> None:
    if request.endpoint in _HEALTH and answer.status_code < 400:
        return
    actor = g.get("actor")
    log.info(
        "request",
        method=request.method,
        # The rule, not the path: an unknown path may hold anything.
        route=request.url_rule.rule if request.url_rule else None,
        status=answer.status_code,
        milliseconds=round((time.perf_counter() - g.started_at) * 1000),
        address=request.remote_addr,
        credential=actor.credential if actor else None,
        user_id=actor.user_id if actor else None,
        key_id=actor.key_id if actor else None,
    )
