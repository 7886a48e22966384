"""Building the application does not compile the addresses that nobody has asked for yet."""

from typing import Any

import pytest
from flask import url_for
from werkzeug.routing import Rule

from tenant_app.api.context import EXTENSION
from tenant_app.factory import create_app
from tenant_app.settings import Settings


def test_a_route_s_addresses_are_compiled_when_the_first_one_is_built(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[str] = []
    original: Any = Rule._compile_builder

    def observed(rule: Rule, append_unknown: bool = True) -> Any:
        compiled.append(rule.rule)
        return original(rule, append_unknown)

    monkeypatch.setattr(Rule, "_compile_builder", observed)
    app = create_app(settings)
    assert compiled == []
    with app.test_request_context("/"):
        built = [url_for("web.document", document_id=number, page=2) for number in (7, 8)]
    assert built == ["/documents/7?page=2", "/documents/8?page=2"]
    assert compiled == ["/documents/<int:document_id>"]
    app.extensions[EXTENSION].close()
