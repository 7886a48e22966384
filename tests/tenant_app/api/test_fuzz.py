"""Whatever is sent to a described route, it is never a mistake of ours, and the answer is as described."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tenant_app.api.context import EXTENSION
from tenant_app.api.openapi import describe
from tenant_app.factory import create_app
from tenant_app.settings import Settings
from tests.tenant_app.environment import PUBLIC_URL, environment

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


Operation = schemathesis.schemas.APIOperation[Any, Any, Any, Any]


def described_operations() -> list[Operation]:
    app = create_app(Settings.model_validate(environment(Path("/nowhere"))))
    app.extensions[EXTENSION].close()
    schema = schemathesis.openapi.from_dict(describe(app))
    found = list(schema.get_all_operations())
    operations = [operation.ok() for operation in found if isinstance(operation, Ok)]
    assert len(operations) == len(found)
    return operations


@pytest.mark.parametrize("operation", described_operations(), ids=lambda operation: operation.label)
def test_no_request_breaks_a_route(operation: Operation, app: Flask, admin: dict[str, str]) -> None:
    @given(operation.as_strategy())
    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    def send(case: schemathesis.Case[Any]) -> None:
        # The description offers a key as well as a token; two credentials at once are refused elsewhere.
        case.headers.pop("X-API-Key", None)
        answer = case.call(app=app, base_url=PUBLIC_URL, headers=admin)
        case.validate_response(answer, checks=CHECKS)

    send()
