"""Asks many instances at once whether they are ready."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_PATIENCE: Final = 2.0
_READ: Final = 4096
_AT_ONCE: Final = 200


class Health(StrEnum):
    """How an instance answers `GET /readyz` on its own port."""

    OK = "ok"
    DEGRADED = "degraded"
    """It answers, but not with 200, or not in time."""
    DOWN = "down"
    UNKNOWN = "unknown"
    """Nobody asked: it is not meant to run now."""


@dataclass(slots=True)
class _Question:
    """One request under way; `head` is what came back so far."""

    name: str
    request: bytes
    head: bytes = b""


def ask_all(addresses: Mapping[str, tuple[int, str]]) -> dict[str, Health]:
    """Ask `(port, host name)` of each name, side by side, and return each one's health within 2 s."""
    names = list(addresses)
    found: dict[str, Health] = {}
    for first in range(0, len(names), _AT_ONCE):
        batch = names[first : first + _AT_ONCE]
        found |= _ask_batch({name: addresses[name] for name in batch})
    return found


def _ask_batch(addresses: Mapping[str, tuple[int, str]]) -> dict[str, Health]:
    found: dict[str, Health] = {}
    deadline = time.monotonic() + _PATIENCE
    with selectors.DefaultSelector() as selector:
        for name, (port, host) in addresses.items():
            _connect(selector, name, port, host)
        while selector.get_map() and (left := deadline - time.monotonic()) > 0:
            for key, events in selector.select(left):
                health = _advance(selector, key, events)
                if health:
                    found[key.data.name] = health
                    _close(selector, key)
        for key in list(selector.get_map().values()):
            found[key.data.name] = Health.DEGRADED
            _close(selector, key)
    return found


def _connect(selector: selectors.BaseSelector, name: str, port: int, host: str) -> None:
    connection = socket.socket()
    connection.settimeout(0)
    with suppress(BlockingIOError, ConnectionRefusedError):
        connection.connect(("127.0.0.1", port))
    request = f"GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    selector.register(connection, selectors.EVENT_WRITE, _Question(name, request))


def _advance(selector: selectors.BaseSelector, key: selectors.SelectorKey, events: int) -> Health | None:
    """Go one step on with one question; return the health once it is known."""
    connection, question = key.fileobj, key.data
    if not isinstance(connection, socket.socket):
        raise TypeError("only sockets are registered")
    try:
        if events & selectors.EVENT_WRITE:
            connection.sendall(question.request)
            selector.modify(connection, selectors.EVENT_READ, question)
            return None
        received = connection.recv(_READ)
    except OSError:
        return Health.DOWN
    question.head += received
    if b"\r\n" not in question.head and received:
        return None
    return Health.OK if b" 200 " in question.head.split(b"\r\n")[0] else Health.DEGRADED


def _close(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    selector.unregister(key.fileobj)
    if isinstance(key.fileobj, socket.socket):
        key.fileobj.close()
