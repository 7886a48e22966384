"""Operates a client's running instance through its `/internal` routes, on its loopback port.

Every request carries a token that is good for a minute and for that client alone, signed with its
OPERATOR_KEY. Through nginx these routes do not exist.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from provisioner.clock import Clock
from provisioner.errors import ProvisionError, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

_TOKEN_SECONDS: Final = 60
_TIMEOUT: Final = 30.0
_UPLOAD_TIMEOUT: Final = 300.0


class InstanceUnreachable(ProvisionError):
    """The client's instance does not answer on its port."""

    code = "instance-unreachable"


class InstanceRefused(Refused):
    """The instance answered, and refused what it was asked."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class OperatorClient:
    """Speaks with one client's instance."""

    def __init__(self, client_id: str, port: int, operator_key: SecretStr, clock: Clock) -> None:
        self._client_id = client_id
        self._port = port
        self._key = operator_key
        self._clock = clock

    def administer(self, name: str, payload: SecretStr, timeout: float = _TIMEOUT) -> dict[str, Any]:
        """Run one operation with its JSON payload and return its answer, waiting `timeout` seconds at most.

        Raises InstanceRefused with the instance's own words, InstanceUnreachable when it does not answer.
        """
        content = payload.get_secret_value().encode()
        headers = {"Content-Type": "application/json"}
        return self._ask("POST", f"/internal/admin/{name}", content=content, headers=headers, timeout=timeout)

    def status(self) -> dict[str, Any]:
        """Return `{health, checks, active_streams, running_jobs}`."""
        return self._ask("GET", "/internal/status")

    def upload(self, name: str, stream: IO[bytes], folder: str = "") -> dict[str, Any]:
        """Send one document that lay in `folder` and return `{id, name, status}`; the file is streamed."""
        return self._ask(
            "POST",
            "/internal/documents",
            files={"file": (name, stream, "application/octet-stream")},
            data={"folder": folder},
            timeout=_UPLOAD_TIMEOUT,
        )

    def document(self, document_id: int) -> dict[str, Any]:
        """Return one document's state."""
        return self._ask("GET", f"/internal/documents/{document_id}")

    def _ask(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> dict[str, Any]:
        with self._session() as session:
            response = session.request(method, path, headers={**self._authority(), **(headers or {})}, **more)
        answer = _json(response)
        if response.status_code >= 400:
            raise _refusal(response.status_code, answer)
        return answer

    @contextmanager
    def _session(self) -> Iterator[httpx.Client]:
        import httpx  # noqa: PLC0415 - a tenth of a second that only these commands need

        base = f"http://127.0.0.1:{self._port}"
        try:
            # Nothing here speaks TLS, and reading the authorities one could trust takes 20 ms a request.
            nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            with httpx.Client(base_url=base, timeout=_TIMEOUT, trust_env=False, verify=nobody) as session:
                yield session
        except httpx.HTTPError as error:
            raise InstanceUnreachable(
                f"The instance of {self._client_id} does not answer on port {self._port} ({error}).",
                f"`provision status {self._client_id}` shows how it is.",
            ) from error

    def _authority(self) -> dict[str, str]:
        import jwt  # noqa: PLC0415 - loads cryptography

        now = int(self._clock.now().timestamp())
        claims = {"typ": "operator", "aud": self._client_id, "iat": now, "exp": now + _TOKEN_SECONDS}
        token = jwt.encode(claims, self._key.get_secret_value(), algorithm="HS256")
        return {"Authorization": f"Bearer {token}", "Accept-Language": "en"}


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except json.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _refusal(status: int, answer: Mapping[str, Any]) -> ProvisionError:
    """Turn an RFC 9457 problem, or an operation's own error object, into an error of ours."""
    error = answer.get("error")
    named = error if isinstance(error, dict) else answer
    message = str(named.get("message") or named.get("detail") or named.get("title") or f"status {status}")
    message += "".join(f" [{one['field']}: {one['message']}]" for one in _fields(answer))
    if status >= 500:
        return ProvisionError(f"The instance failed: {message}", "Its log says more.")
    return InstanceRefused(str(named.get("code", "refused")), f"The instance refuses: {message}")


def _fields(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what a problem says of single fields, where it has the shape it should."""
    errors = answer.get("errors")
    found = errors if isinstance(errors, list) else []
    return [one for one in found if isinstance(one, dict) and one.keys() >= {"field", "message"}]
