"""One JSON line per event, a library's too, and never a secret."""

import io
import json
import logging
import secrets
from collections.abc import Iterator

import pytest

from tenant_app.logs import SecretInLog, configure_logs, get_log, request_id


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs("dupont", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def test_an_event_is_one_line_with_its_fields(lines: io.StringIO) -> None:
    get_log("tenant_app.library").info("indexed", document_id=3, name="Été\n2024")
    (line,) = lines.getvalue().splitlines()
    event = json.loads(line)
    assert (event["event"], event["document_id"], event["name"]) == ("indexed", 3, "Été\n2024")
    assert (event["client_id"], event["level"]) == ("dupont", "info")


def test_a_line_says_which_request_it_belongs_to(lines: io.StringIO) -> None:
    token = request_id.set("0" * 32)
    get_log("tenant_app").warning("slow")
    request_id.reset(token)
    assert json.loads(lines.getvalue())["request_id"] == "0" * 32


def test_a_traceback_shows_where_but_not_the_values(lines: io.StringIO) -> None:
    typed = secrets.token_hex(8)

    def fail(password: str) -> None:
        raise RuntimeError(f"refused after {len(password)} characters")

    try:
        fail(typed)
    except RuntimeError as error:
        get_log("tenant_app").error("unexpected", error=error)
    event = json.loads(lines.getvalue())
    assert "in fail" in event["exception"]
    assert typed not in event["exception"]


@pytest.mark.parametrize("field", ["password", "token", "question", "answer", "cookie"])
def test_a_secret_field_is_a_mistake_in_the_program(lines: io.StringIO, field: str) -> None:
    with pytest.raises(SecretInLog, match=field):
        get_log("tenant_app").info("event", **{field: "value"})
    assert lines.getvalue() == ""


def test_a_librarys_message_is_a_json_line_too(lines: io.StringIO) -> None:
    logging.getLogger("some.library").warning("%d things", 3)
    assert json.loads(lines.getvalue())["event"] == "3 things"
