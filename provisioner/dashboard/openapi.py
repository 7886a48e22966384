"""The JSON interface described by itself: OpenAPI 3.1, made from what each route declares."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeVar

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from provisioner.dashboard.api_shapes import Problem

PREFIX: Final = "/admin/api"
_REFERENCE: Final = "#/components/schemas/{model}"
_ARGUMENT: Final = re.compile(r"<(?:(\w+):)?(\w+)>")
_SHAPES: Final[dict[str, dict[str, Any]]] = {
    "number": {"type": "integer", "minimum": 1},
    "client_id": {"type": "string", "pattern": "^[a-z][a-z0-9-]{1,30}$"},
}
_ATTRIBUTE: Final = "openapi_description"
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Described:
    """What a route promises. Without `errors` of its own it still may answer those of every route."""

    summary: str
    status: int = 200
    answer: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    errors: Sequence[int] = ()
    open: bool = False
    query: Sequence[dict[str, Any]] = ()


def described(promise: Described) -> Callable[[View], View]:
    """Declare what a route promises; the outermost decorator below the route's own."""

    def note(view: View) -> View:
        setattr(view, _ATTRIBUTE, promise)
        return view

    return note


def describe(app: Flask) -> dict[str, Any]:
    """Return the description of every declared route."""
    promises = [
        (rule, method, promise)
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
        if (promise := getattr(app.view_functions[rule.endpoint], _ATTRIBUTE, None))
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
    ]
    models: dict[type[BaseModel], None] = {Problem: None}
    for _, _, promise in promises:
        models |= {model: None for model in (promise.answer, promise.body) if model}
    modes: Any = [(model, "validation") for model in models]
    _, definitions = models_json_schema(modes, ref_template=_REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, promise in promises:
        paths.setdefault(_ARGUMENT.sub(r"{\2}", rule.rule), {})[method.lower()] = _operation(rule, promise)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tenantry", "version": "1", "description": "The vendor's clients"},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(rule: Rule, promise: Described) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _SHAPES[name]}
        for _, name in _ARGUMENT.findall(rule.rule)
    ]
    operation: dict[str, Any] = {
        "summary": promise.summary,
        "operationId": rule.endpoint,
        "security": [] if promise.open else [{"bearer": []}],
        "parameters": [*parameters, *promise.query],
        "responses": _responses(promise),
    }
    if promise.body is not None:
        required = any(field.is_required() for field in promise.body.model_fields.values())
        content = {"application/json": {"schema": _reference(promise.body)}}
        operation["requestBody"] = {"required": required, "content": content}
    return operation


def _responses(promise: Described) -> dict[str, Any]:
    good: dict[str, Any] = {"description": HTTPStatus(promise.status).phrase}
    schema = _reference(promise.answer) if promise.answer else {"type": "object"}
    good["content"] = {"application/json": {"schema": schema}}
    if promise.status == HTTPStatus.ACCEPTED:
        good["headers"] = {"Location": {"schema": {"type": "string"}, "description": "The job"}}
    bad = {"application/problem+json": {"schema": _reference(Problem)}}
    usual = {400} if promise.open else {400, 401, 403}
    errors = sorted({*usual, *promise.errors})
    return {str(promise.status): good} | {
        str(status): {"description": HTTPStatus(status).phrase, "content": bad} for status in errors
    }


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}
