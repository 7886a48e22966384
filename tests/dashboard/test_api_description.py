"""Whatever is sent to a described route, the answer is one that is described, and never a mistake of ours."""

import json
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from provisioner.dashboard.openapi import describe
from provisioner.dashboard.roles import Role
from provisioner.dashboard.store import Store
from provisioner.dashboard.tokens import Tokens
from provisioner.host import HostSettings
from tests.dashboard.clock import FixedClock
from tests.dashboard.conftest import EMAIL, AddClient
from tests.dashboard.test_clients_api import bearer

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
Operation = schemathesis.schemas.APIOperation[Any, Any, Any, Any]


def described_operations(app: Flask) -> list[Operation]:
    schema = schemathesis.openapi.from_dict(describe(app))
    found = list(schema.get_all_operations())
    operations = [operation.ok() for operation in found if isinstance(operation, Ok)]
    assert len(operations) == len(found) == 16
    return operations


@pytest.fixture
def owner(app: Flask, host: HostSettings, clock: FixedClock) -> dict[str, str]:
    secret = Tokens(Store(host.root), clock).new("fuzz", Role.OWNER, EMAIL)
    return bearer(secret.get_secret_value())


def test_no_request_is_answered_otherwise_than_described(
    app: Flask, owner: dict[str, str], add_client: AddClient
) -> None:
    add_client("dupont", "Dupont", usage={})
    for operation in described_operations(app):

        @given(operation.as_strategy())
        @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
        def send(case: schemathesis.Case[Any]) -> None:
            answer = case.call(app=app, base_url="http://localhost", headers=owner)
            case.validate_response(answer, checks=CHECKS)
            if "client_id" in (case.path_parameters or {}):
                case.path_parameters["client_id"] = "dupont"
                known = case.call(app=app, base_url="http://localhost", headers=owner)
                case.validate_response(known, checks=CHECKS)

        send()


def test_who_may_what_is_held_on_every_route(
    app: Flask, visitor: FlaskClient, host: HostSettings, clock: FixedClock
) -> None:
    tokens = Tokens(Store(host.root), clock)
    viewer = bearer(tokens.new("sees", Role.VIEWER, EMAIL).get_secret_value())
    description = visitor.get("/admin/api/openapi.json").get_json()
    changing = [path for path, methods in description["paths"].items() if "post" in methods]
    assert len(changing) == 8
    for path in changing:
        if not path.endswith("/login"):
            real = path.replace("{client_id}", "dupont")
            assert visitor.post(real, json={}).status_code == 401
            assert visitor.post(real, json={}, headers=viewer).status_code == 403
    assert visitor.get("/admin/api/clients/dupont/invoices", headers=viewer).status_code == 403


def test_arguments_that_are_not_known_are_refused(
    visitor: FlaskClient, owner: dict[str, str], add_client: AddClient
) -> None:
    add_client("dupont", "Dupont")
    for action, body in (
        ("suspend", {"force": True}),
        ("suspend", {"reason": "a\nb"}),
        ("rotate", {"at_once": "yes"}),
        ("plan", {}),
        ("backup", {"to": "/etc"}),
    ):
        answer = visitor.post(f"/admin/api/clients/dupont/{action}", data=json.dumps(body), headers=owner)
        assert answer.status_code == 400, (action, answer.get_json())
    assert visitor.post("/admin/api/clients/dupont/purge", json={}, headers=owner).status_code == 404
    for more in (
        {"trial_days": 0},
        {"trial_days": 367},
        {"trial_days": "30"},
        {"domains": "aide.dupont.fr"},
        {"domains": ["a\nb"]},
    ):
        new: dict[str, object] = {"id": "neuf", "plan": "starter", **more}
        assert visitor.post("/admin/api/clients", json=new, headers=owner).status_code == 400
    for client_id in ("list", "A", "a--b", "../x"):
        new = {"id": client_id, "plan": "starter"}
        assert visitor.post("/admin/api/clients", json=new, headers=owner).status_code == 400
