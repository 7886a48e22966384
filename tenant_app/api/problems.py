"""Turns every error into the promised shape: RFC 9457 problems, or OpenAI's error object under ``/v1``."""

import structlog
from flask import Flask, Response, jsonify, request
from flask_babel import lazy_gettext
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from tenant_app.errors import TenantAppError, Text

log = structlog.get_logger(__name__)

_TITLES: dict[int, Text] = {
    400: lazy_gettext("Requête invalide"),
    404: lazy_gettext("Introuvable"),
    405: lazy_gettext("Méthode non autorisée"),
    413: lazy_gettext("Contenu trop volumineux"),
    415: lazy_gettext("Type de contenu non accepté"),
    500: lazy_gettext("Erreur interne"),
}
_DETAILS: dict[int, Text] = {
    400: lazy_gettext("La requête ne peut pas être comprise."),
    404: lazy_gettext("Il n'y a rien à cette adresse."),
    405: lazy_gettext("Cette adresse n'accepte pas cette méthode."),
    413: lazy_gettext("Le contenu envoyé dépasse la taille acceptée."),
    415: lazy_gettext("Le type du contenu envoyé n'est pas accepté."),
    500: lazy_gettext("Une erreur inattendue s'est produite ; elle a été enregistrée. Réessayez plus tard."),
}
_OPENAI_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


def install(app: Flask) -> None:
    """Register the handlers for this program's errors, Werkzeug's, and everything else."""
    app.register_error_handler(TenantAppError, problem)
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(Exception, _unexpected)


def problem(error: TenantAppError) -> Response:
    """Return the answer for one of this program's errors."""
    return _with_headers(_shape(error), error.status, error.retry_after)


def _shape(error: TenantAppError) -> Response:
    if _speaks_openai():
        return _openai(error.status, str(error.detail), error.code)
    members: dict[str, object] = {}
    if error.fields:
        members["errors"] = [
            {"field": field.field, "code": field.code, "message": field.message} for field in error.fields
        ]
    return _rfc9457(error.status, str(error.title), str(error.detail), error.code, members)


def _http_problem(error: HTTPException) -> Response:
    if error.response is not None and isinstance(error.response, Response):
        return error.response
    status = error.code or 500
    if status < 400:
        return Response(error.get_body(), status, error.get_headers())
    title = str(_TITLES.get(status, error.name))
    detail = str(_DETAILS.get(status, error.name))
    code = error.name.lower().replace(" ", "-")
    if isinstance(error, RequestEntityTooLarge):
        code = "too-large"
    answer = _openai(status, detail, code) if _speaks_openai() else _rfc9457(status, title, detail, code, {})
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            answer.headers.add(name, value)
    return _with_headers(answer, status, None)


def _unexpected(error: Exception) -> Response:
    log.error("unexpected_error", exc_info=error, route=request.endpoint)
    status = 500
    if _speaks_openai():
        return _with_headers(_openai(status, str(_DETAILS[status]), "internal-error"), status, None)
    shape = _rfc9457(status, str(_TITLES[status]), str(_DETAILS[status]), "internal-error", {})
    return _with_headers(shape, status, None)


def _rfc9457(status: int, title: str, detail: str, code: str, members: dict[str, object]) -> Response:
    shape = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
    answer = jsonify(shape | members)
    answer.content_type = "application/problem+json"
    return answer


def _openai(status: int, detail: str, code: str) -> Response:
    kind = _OPENAI_TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return jsonify({"error": {"message": detail, "type": kind, "param": None, "code": code}})


def _with_headers(answer: Response, status: int, retry_after: int | None) -> Response:
    answer.status_code = status
    if retry_after is not None:
        answer.headers["Retry-After"] = str(retry_after)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _speaks_openai() -> bool:
    return request.path == "/v1" or request.path.startswith("/v1/")
