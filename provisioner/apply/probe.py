"""Asks a client's public address until it answers."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable
from typing import Final

from provisioner.errors import ProvisionError
from provisioner.steps import Probe

_PAUSE: Final = 0.02
_ANSWER_TIME: Final = 5.0


class NoAnswer(ProvisionError):
    """Nothing answered 200 in time."""

    code = "no-answer"


def wait_for_answer(probe: Probe, check: Callable[[], None], trouble: Callable[[], str | None]) -> None:
    """Ask every 20 ms until the answer is 200; `check` is called in between and may raise.

    Raises NoAnswer with the last thing that was seen when `probe.timeout` seconds are over, or as soon
    as `trouble` names a reason why it never will; or when it does not go on for `probe.steady` seconds.
    """
    deadline = time.monotonic() + probe.timeout
    while (seen := _ask(probe)) != "200":
        check()
        if reason := trouble():
            raise NoAnswer(f"{probe.host} does not answer: {reason}.")
        if time.monotonic() >= deadline:
            raise NoAnswer(f"{probe.host} did not answer within {probe.timeout:g} s (last seen: {seen}).")
        time.sleep(_PAUSE)
    _see_it_go_on(probe, check)


def _see_it_go_on(probe: Probe, check: Callable[[], None]) -> None:
    end = time.monotonic() + probe.steady
    while time.monotonic() < end:
        check()
        time.sleep(_PAUSE)
        if (seen := _ask(probe)) != "200":
            raise NoAnswer(f"{probe.host} answered, and then did not go on (last seen: {seen}).")


def _ask(probe: Probe) -> str:
    """Return the status of one request, or what kept it from being answered."""
    connection = http.client.HTTPConnection("127.0.0.1", probe.port, timeout=_ANSWER_TIME)
    try:
        if probe.tls:
            connection.connect()
            connection.sock = _unverified().wrap_socket(connection.sock, server_hostname=probe.host)
        connection.request("GET", probe.path, headers={"Host": probe.host, "Connection": "close"})
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__ if not str(error) else str(error)
    finally:
        connection.close()


def _unverified() -> ssl.SSLContext:
    """Trust nginx on this very host: whether the world trusts its certificate is another question."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
