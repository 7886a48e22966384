"""The API described by itself: OpenAPI 3.1, and a page to read it, with nothing from elsewhere."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Flask, Response, current_app, jsonify, render_template
from flask_babel import get_locale
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from tenant_app.api.context import current_services
from tenant_app.api.documentation import Documentation, documentation_of, documented

blueprint = Blueprint("openapi", __name__, template_folder="templates")

DESCRIPTION = "tenantry_description"
_REFERENCE = "#/components/schemas/{model}"
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
_ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")
_UPLOAD_FIELDS: Final[dict[str, dict[str, Any]]] = {
    "file": {"type": "string", "contentMediaType": "application/octet-stream"},
    "case_id": {"type": "integer", "minimum": 1, "description": "Its case; none: the whole firm"},
    "folder": {"type": "string", "maxLength": 500, "description": "Where the file lay, for people to see"},
}


class FieldProblem(BaseModel):
    """One refused field."""

    field: str
    code: str
    message: str


class Problem(BaseModel):
    """An error, as RFC 9457 says (application/problem+json); ``code`` does not change with the language."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldProblem] | None = None


class OpenAIErrorDetail(BaseModel):
    """What went wrong, as OpenAI's clients read it."""

    message: str
    type: str
    param: str | None
    code: str


class OpenAIError(BaseModel):
    """An error under /v1."""

    error: OpenAIErrorDetail


class StreamedEvent(BaseModel):
    """One event of a streamed answer; ``data`` is JSON, or ``[DONE]`` at the end of an OpenAI stream."""

    event: str | None = None
    data: str


@blueprint.get("/api/openapi.json")
@documented(summary="Cette description, en OpenAPI 3.1", open=True)
def description() -> Response:
    """Return the description of every documented route."""
    return jsonify(describe(current_app._get_current_object()))  # type: ignore[attr-defined]


@blueprint.get("/api/docs")
@documented(summary="Cette description, à lire", media_type="text/html", open=True)
def page() -> str:
    """Return the same description as a page."""
    described = describe(current_app._get_current_object())  # type: ignore[attr-defined]
    settings = current_services().settings
    return render_template(
        "docs.html", description=described, settings=settings, language=get_locale().language
    )


def describe(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI 3.1 description of the application's documented routes, made once."""
    if DESCRIPTION not in app.extensions:
        app.extensions[DESCRIPTION] = _described(app)
    described: dict[str, Any] = app.extensions[DESCRIPTION]
    return described


def _described(app: Flask) -> dict[str, Any]:
    promises = list(_promises(app))
    models: list[type[BaseModel]] = [Problem, OpenAIError, StreamedEvent]
    for _, _, promise in promises:
        models += [model for model in (promise.body, promise.query, promise.answer) if model]
    modes = [(model, "validation") for model in dict.fromkeys(models)]
    _, definitions = models_json_schema(modes, ref_template=_REFERENCE)  # type: ignore[arg-type]
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, promise in promises:
        path = _ARGUMENT.sub(r"{\2}", rule.rule)
        paths.setdefault(path, {})[method.lower()] = _operation(rule, method, promise)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tenantry", "version": "1", "description": "Assistant documentaire"},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }


def _promises(app: Flask) -> Iterator[tuple[Rule, str, Documentation]]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        promise = documentation_of(app.view_functions[rule.endpoint])
        if promise is not None:
            for method in sorted((rule.methods or set()) & _METHODS):
                yield rule, method, promise


def _operation(rule: Rule, method: str, promise: Documentation) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": promise.summary,
        "operationId": f"{rule.endpoint}.{method.lower()}",
        "tags": [rule.endpoint.split(".")[0]],
        "security": [] if promise.open else [{"bearer": []}, {"key": []}],
        "parameters": [*_path_parameters(rule), *_query_parameters(promise)],
        "responses": _responses(rule, promise),
    }
    if promise.description:
        operation["description"] = promise.description
    if (body := _body(promise)) is not None:
        operation["requestBody"] = {"required": True, "content": body}
    return operation


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    kinds = {"int": {"type": "integer", "minimum": 1, "exclusiveMaximum": 10**18}}
    return [
        {"name": name, "in": "path", "required": True, "schema": kinds.get(kind, {"type": "string"})}
        for kind, name in _ARGUMENT.findall(rule.rule)
    ]


def _query_parameters(promise: Documentation) -> list[dict[str, Any]]:
    if promise.query is None:
        return []
    schema = promise.query.model_json_schema(ref_template=_REFERENCE)
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": shape}
        for name, shape in schema["properties"].items()
    ]


def _body(promise: Documentation) -> dict[str, Any] | None:
    if promise.upload:
        fields = {name: _UPLOAD_FIELDS[name] for name in promise.upload}
        shape = {"type": "object", "properties": fields, "required": ["file"]}
        return {"multipart/form-data": {"schema": shape}}
    if promise.body is None:
        return None
    return {"application/json": {"schema": _reference(promise.body)}}


def _responses(rule: Rule, promise: Documentation) -> dict[str, Any]:
    good: dict[str, Any] = {"description": HTTPStatus(promise.status).phrase}
    if promise.answer is not None:
        good["content"] = {promise.media_type: {"schema": _reference(promise.answer)}}
    elif promise.media_type != "application/json":
        good["content"] = {promise.media_type: {}}
    if promise.streams:
        good["content"]["text/event-stream"] = {"schema": _reference(StreamedEvent)}
    if rule.rule.startswith("/v1/"):
        bad = {"application/json": {"schema": _reference(OpenAIError)}}
    else:
        bad = {"application/problem+json": {"schema": _reference(Problem)}}
    expected = sorted({*promise.errors, *_implied(promise)})
    errors = {str(status): {"description": HTTPStatus(status).phrase, "content": bad} for status in expected}
    return {str(promise.status): good} | errors


def _implied(promise: Documentation) -> Iterator[int]:
    """Yield the statuses that go without saying: of what must be JSON, and of the tenant's full minute."""
    if promise.body is not None:
        yield from (400, 415)
    if not promise.open:
        yield 429


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}
