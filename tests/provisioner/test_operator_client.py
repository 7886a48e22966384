"""The operator's requests to an instance: signed for a minute, refused in the instance's own words."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import jwt
import pytest
from pydantic import SecretStr

from provisioner.errors import ProvisionError
from provisioner.operator_client import InstanceRefused, InstanceUnreachable, OperatorClient
from tests.provisioner.clock import FixedClock
from tests.provisioner.local_root import free_ports

KEY = SecretStr("k" * 64)


class Instance(BaseHTTPRequestHandler):
    """Answers whatever it was told to, and remembers what it was asked."""

    status: ClassVar[int] = 200
    body: ClassVar[bytes] = b"{}"
    asked: ClassVar[list[tuple[str, str, str, bytes]]] = []

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        authority = self.headers["Authorization"]
        self.asked.append((self.command, self.path, authority, self.rfile.read(length)))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    do_POST = do_GET  # noqa: N815 - the server's own naming

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    Instance.status, Instance.body = 200, b"{}"
    Instance.asked.clear()
    with HTTPServer(("127.0.0.1", 0), Instance) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def client(port: int) -> OperatorClient:
    return OperatorClient("dupont", port, KEY, FixedClock(datetime.now(UTC)))


def test_a_request_carries_a_token_good_for_a_minute_and_this_client(port: int) -> None:
    Instance.body = b'{"users": []}'
    assert client(port).administer("user-list", SecretStr('{"a": 1}')) == {"users": []}
    method, path, authority, body = Instance.asked[0]
    assert (method, path, body) == ("POST", "/internal/admin/user-list", b'{"a": 1}')
    claims = jwt.decode(
        authority.removeprefix("Bearer "), KEY.get_secret_value(), algorithms=["HS256"], audience="dupont"
    )
    assert claims["exp"] - claims["iat"] == 60
    assert claims["typ"] == "operator"


def test_its_status_and_documents_are_asked_for(port: int) -> None:
    client(port).status()
    client(port).document(3)
    client(port).upload("a.txt", io.BytesIO(b"hello"), "Pieces")
    assert [asked[1] for asked in Instance.asked] == [
        "/internal/status", "/internal/documents/3", "/internal/documents",
    ]  # fmt: skip
    assert b'filename="a.txt"' in Instance.asked[2][3]
    assert b'name="folder"\r\n\r\nPieces' in Instance.asked[2][3]


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b'{"error": {"code": "taken", "message": "Already there."}}', "taken", "Already there."),
        (b'{"title": "Conflit", "detail": "Existe.", "code": "conflict"}', "conflict", "Existe."),
        (b"[]", "refused", "status 409"),
        (b"<html>", "refused", "status 409"),
    ],
)
def test_a_refusal_is_told_in_its_words(port: int, body: bytes, code: str, words: str) -> None:
    Instance.status, Instance.body = 409, body
    with pytest.raises(InstanceRefused) as caught:
        client(port).status()
    assert (caught.value.code, caught.value.exit_code) == (code, 2)
    assert words in caught.value.message


def test_a_failure_of_the_instance_is_no_refusal(port: int) -> None:
    Instance.status = 500
    with pytest.raises(ProvisionError, match="The instance failed") as caught:
        client(port).status()
    assert caught.value.exit_code == 1


def test_an_instance_that_does_not_answer_is_told() -> None:
    with pytest.raises(InstanceUnreachable, match="does not answer on port"):
        client(free_ports(1)).status()
