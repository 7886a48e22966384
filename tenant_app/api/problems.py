"""Turns every error into the promised shape: RFC 9457 problems, or OpenAI's error object under ``/v1``."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from flask import Flask, Response, current_app, jsonify, request
from flask_babel import lazy_gettext
from werkzeug.exceptions import HTTPException

from tenant_app.errors import (
    FieldError,
    InvalidInput,
    NotFound,
    TenantAppError,
    Text,
    TooLarge,
    UnsupportedType,
)
from tenant_app.logs import get_log

ErrorPage = Callable[[int, str, str], Response]
ERROR_PAGE = "tenantry_error_page"
"""The extension that shows an error to a person: ``(status, title, detail) -> Response``."""
_PROGRAM_PATHS = ("/api/", "/v1/", "/internal/", "/healthz", "/readyz")

log = get_log(__name__)

_TEXTS: dict[int, tuple[Text, Text]] = {
    400: (InvalidInput.title, lazy_gettext("La requête ne peut pas être comprise.")),
    404: (NotFound.title, lazy_gettext("Il n'y a rien à cette adresse.")),
    405: (lazy_gettext("Méthode non autorisée"), lazy_gettext("Cette adresse n'accepte pas cette méthode.")),
    413: (TooLarge.title, lazy_gettext("Le contenu envoyé dépasse la taille acceptée.")),
    415: (UnsupportedType.title, lazy_gettext("Le type du contenu envoyé n'est pas accepté.")),
    500: (
        TenantAppError.title,
        lazy_gettext("Une erreur inattendue s'est produite ; elle est enregistrée. Réessayez plus tard."),
    ),
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
    shape = Problem(error.status, str(error.title), str(error.detail), error.code, error.fields)
    answer = _written(shape)
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


@dataclass(frozen=True)
class Problem:
    """What is told of an error, in the reader's language, whichever way it is written."""

    status: int
    title: str
    detail: str
    code: str
    fields: tuple[FieldError, ...] = ()


def _http_problem(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return Response(error.get_body(), status, error.get_headers())
    title, detail = _TEXTS.get(status, (error.name, error.name))
    answer = _written(Problem(status, str(title), str(detail), error.name.lower().replace(" ", "-")))
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            answer.headers[name] = value
    return answer


def _unexpected(error: Exception) -> Response:
    log.error("unexpected_error", error=error, endpoint=request.endpoint)
    title, detail = _TEXTS[500]
    return _written(Problem(500, str(title), str(detail), TenantAppError.default_code))


def _written(problem: Problem) -> Response:
    answer = _in_the_callers_shape(problem)
    answer.status_code = problem.status
    if problem.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _in_the_callers_shape(problem: Problem) -> Response:
    if request.path.startswith("/v1/"):
        return _openai(problem)
    page: ErrorPage | None = current_app.extensions.get(ERROR_PAGE)
    if page is not None and _asked_by_a_person():
        return page(problem.status, problem.title, problem.detail)
    return _rfc9457(problem)


def _rfc9457(problem: Problem) -> Response:
    members: dict[str, Any] = {"type": "about:blank", **asdict(problem)}
    fields = members.pop("fields")
    if fields:
        members["errors"] = fields
    answer = jsonify(members)
    answer.content_type = "application/problem+json"
    return answer


def _openai(problem: Problem) -> Response:
    otherwise = "server_error" if problem.status >= 500 else "invalid_request_error"
    kind = _OPENAI_TYPES.get(problem.status, otherwise)
    return jsonify(error={"message": problem.detail, "type": kind, "param": None, "code": problem.code})


def _asked_by_a_person() -> bool:
    return not request.path.startswith(_PROGRAM_PATHS) and request.accept_mimetypes.accept_html
