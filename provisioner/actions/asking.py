"""Asks for an action through the socket, and hands on what is told of it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from provisioner.actions.requests import Request
from provisioner.errors import ProvisionError

_CONNECT_SECONDS = 10.0


class NobodyActs(ProvisionError):
    """The program that does actions cannot be reached, or ended before it had answered."""

    code = "nobody-acts"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The program that acts on clients {reason}.",
            "`provision host init` starts it; `provision events` says what was done.",
        )


def ask(path: Path, request: Request, patience: float | None = None) -> Iterator[dict[str, Any]]:
    """Ask for an action and return each line that is told of it, the last with ``done`` or ``error``.

    Nothing is asked before the first line is wanted. `patience` is how many seconds a line may take: an
    action may have to wait for others, then work for hours. Raises NobodyActs.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_CONNECT_SECONDS)
        try:
            connection.connect(str(path))
            connection.sendall(request.model_dump_json().encode() + b"\n")
        except OSError as error:
            raise NobodyActs(f"cannot be reached ({error.strerror or error})") from error
        connection.settimeout(patience)
        yield from _told(connection)


def _told(connection: socket.socket) -> Iterator[dict[str, Any]]:
    try:
        with connection.makefile("rb") as lines:
            for line in lines:
                told: dict[str, Any] = json.loads(line)
                yield told
                if "done" in told or "error" in told:
                    return
    except TimeoutError as error:
        raise NobodyActs("is at work on something else") from error
    except (OSError, ValueError) as error:
        raise NobodyActs("broke off") from error
    raise NobodyActs("ended before it had answered")
