"""Users × roles × every route: what nobody may do is refused, what is not there is not found.

The routes are read from the application, so a new one is in the table as soon as it exists.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tenant_app.accounts.roles import ROLES
from tenant_app.api.authentication import PERMISSION_ATTRIBUTE
from tenant_app.api.context import EXTENSION
from tenant_app.api.documentation import Documentation, documentation_of
from tenant_app.factory import create_app
from tenant_app.settings import Settings
from tests.tenant_app.environment import environment

ARGUMENT = re.compile(r"<(?:\w+:)?\w+>")
NOT_THERE = "987654321"
Headers = dict[str, str]


@dataclass(frozen=True)
class Route:
    """One verb of one route, filled with an id that does not exist."""

    method: str
    rule: str
    promise: Documentation
    permission: str | None

    @property
    def path(self) -> str:
        return ARGUMENT.sub(NOT_THERE, self.rule)

    @property
    def bears_an_id(self) -> bool:
        return "<" in self.rule

    def call(self, client: FlaskClient, headers: Headers) -> TestResponse:
        if self.promise.upload:
            files = {"file": (io.BytesIO(b"Un texte."), "note.txt")}
            return client.open(self.path, method=self.method, data=files, headers=headers)
        if self.promise.body is None:
            return client.open(self.path, method=self.method, headers=headers)
        schema = self.promise.body.model_json_schema()
        body = {name: sample(schema, schema["properties"][name]) for name in schema.get("required", [])}
        return client.open(self.path, method=self.method, json=body, headers=headers)


def sample(root: dict[str, Any], schema: dict[str, Any]) -> Any:
    """Return the smallest value a JSON schema accepts."""
    if "$ref" in schema:
        return sample(root, root["$defs"][schema["$ref"].split("/")[-1]])
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        return sample(root, schema["anyOf"][0])
    if schema["type"] == "object":
        return {name: sample(root, schema["properties"][name]) for name in schema.get("required", [])}
    if schema["type"] == "array":
        return [sample(root, schema["items"])] * schema.get("minItems", 0)
    if schema.get("format") == "date":
        return "2025-02-01"
    return {"string": "x" * max(1, schema.get("minLength", 0)), "integer": 1, "number": 1, "boolean": True}[
        schema["type"]
    ]


def guarded_routes() -> list[Route]:
    app = create_app(Settings.model_validate(environment(Path("/nowhere"))))
    try:
        return list(_routes(app))
    finally:
        app.extensions[EXTENSION].close()


def _routes(app: Flask) -> Iterator[Route]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view = app.view_functions[rule.endpoint]
        promise = documentation_of(view)
        if promise is None or promise.open:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Route(method, rule.rule, promise, getattr(view, PERMISSION_ATTRIBUTE))


ROUTES = guarded_routes()
named = pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.rule}")


@named
def test_without_a_credential_nothing_is_answered(client: FlaskClient, route: Route) -> None:
    assert route.call(client, {}).status_code == 401


@named
def test_with_a_bad_token_nothing_is_answered(client: FlaskClient, route: Route) -> None:
    assert route.call(client, {"Authorization": "Bearer bad"}).status_code == 401
    assert route.call(client, {"X-API-Key": "sk_professional_bad"}).status_code == 403


@named
@pytest.mark.parametrize("role", [*ROLES, "api_key"])
def test_a_role_may_do_what_its_permissions_say_and_no_more(
    client: FlaskClient, route: Route, role: str, request: pytest.FixtureRequest
) -> None:
    headers: Headers = request.getfixturevalue(role)
    held = ROLES["member" if role == "api_key" else role]
    if route.permission is not None and route.permission not in held:
        assert route.call(client, headers).status_code == 403
    elif route.bears_an_id:
        assert route.call(client, headers).status_code == 404
    else:
        answer = route.call(client, headers)
        assert answer.status_code in {200, 201, 202, 204, 400, 403, 415}
        # A route may have its own reason to refuse (a wrong password, say), but not the role.
        assert "Votre rôle ne permet pas".encode() not in answer.get_data()


def test_the_operators_routes_refuse_every_user(app: Flask, client: FlaskClient, admin: Headers) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/internal/")]
    assert rules
    for rule in rules:
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            path = ARGUMENT.sub("1", rule.rule)
            assert client.open(path, method=method).status_code == 401
            assert client.open(path, method=method, headers=admin).status_code == 401


@pytest.mark.parametrize("identifier", ["0", "-1", "1.5", "abc", "1%00", "1;DROP", "../1", "9" * 40])
def test_an_id_of_another_shape_is_simply_not_found(
    client: FlaskClient, admin: Headers, identifier: str
) -> None:
    for route in ROUTES:
        if route.bears_an_id and route.method == "GET":
            path = ARGUMENT.sub(identifier, route.rule)
            assert client.get(path, headers=admin).status_code == 404, path
    assert client.delete(f"/api/users/{identifier}", headers=admin).status_code == 404
    assert client.delete(f"/api/keys/{identifier}", headers=admin).status_code == 404
