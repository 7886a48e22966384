"""Asks clients through nginx, as the world does, names of the asker's choice included."""

from __future__ import annotations

import http.client
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlencode

from provisioner.errors import ProvisionError
from provisioner.host import HostSettings

_SECONDS: Final = 30.0
_TOO_MANY: Final = 429
_TURN: Final = 70.0
_PAUSE: Final = 2.0
_FORM_TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0: nginx closed the connection, or refused to shake hands."""

    status: int
    body: bytes = b""
    cookies: str = ""


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """nginx on this host, over TLS where it serves TLS."""

    port: int
    tls: bool

    @classmethod
    def of(cls, host: HostSettings) -> Self:
        """Return the door of a host."""
        return cls(host.https_port if host.serves_tls else host.http_port, host.serves_tls)

    def ask(
        self,
        host: str,
        path: str,
        *,
        shown: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Ask once; `shown` is the name TLS is asked for where it is not the host."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_SECONDS)
        try:
            if self.tls:
                connection.connect()
                connection.sock = _unverified().wrap_socket(connection.sock, server_hostname=shown or host)
            given = {"Host": host, "Connection": "close", **(headers or {})}
            connection.request("GET" if body is None else "POST", path, body=body, headers=given)
            response = connection.getresponse()
            cookies = [line.partition(";")[0] for line in response.headers.get_all("Set-Cookie") or ()]
            return Answer(response.status, response.read(), "; ".join(cookies))
        except (OSError, http.client.HTTPException):
            return Answer(0)
        finally:
            connection.close()


def sign_in(door: FrontDoor, host: str, origin: str, email: str, password: str) -> str:
    """Sign in as a browser does, and return its cookie. Raises ProvisionError when that is refused.

    Ten sign-ins a minute are let in from one address: what comes after them waits for its turn.
    """
    deadline = time.monotonic() + _TURN
    while (entered := _enter(door, host, origin, email, password)).status == _TOO_MANY:
        if time.monotonic() >= deadline:
            break
        time.sleep(_PAUSE)
    if entered.status != 303 or not entered.cookies:
        raise ProvisionError(
            f"{host} did not let the proof's own account in ({entered.status}): that others refuse it would "
            "show nothing.",
            "429: too many sign-ins from this host, try again in a minute; else its log says more.",
        )
    return entered.cookies


def _enter(door: FrontDoor, host: str, origin: str, email: str, password: str) -> Answer:
    page = door.ask(host, "/login")
    form = _FORM_TOKEN.search(page.body.decode("utf-8", "replace"))
    fields = {"email": email, "password": password, "csrf_token": form[1] if form else ""}
    headers = {
        "Cookie": page.cookies,
        "Origin": origin,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return door.ask(host, "/login", headers=headers, body=urlencode(fields).encode())


def _unverified() -> ssl.SSLContext:
    """Trust nginx on this very host: whether the world trusts its certificate is another question."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
