"""Which port a new client gets."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping
from typing import Final

from provisioner.errors import InvalidRequest, PortUnavailable
from provisioner.host import HostSettings

_FIRST: Final = 1024
"""Ports below belong to root; clients are not root."""
_LAST: Final = 65535


def choose(asked: int | None, booked: Mapping[int, str], host: HostSettings) -> int:
    """Return the port asked for or, when none is, the first of the range that is neither booked nor in use.

    Raises InvalidRequest when no client can have the port asked for; PortUnavailable when it is not free, or
    when no port of the range is.
    """
    if asked is not None:
        _check(asked, booked, host)
        return asked
    for port in range(host.port_range.first, host.port_range.last + 1):
        if port not in booked and port != host.http_port and not in_use(port):
            return port
    raise PortUnavailable(
        f"No port of {host.port_range} is free.", "Widen `port_range` in host.yaml, or purge a client."
    )


def in_use(port: int) -> bool:
    """Say whether some process listens on this port, on loopback or everywhere."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise
    return False


def _check(port: int, booked: Mapping[int, str], host: HostSettings) -> None:
    mend = "Give another `--port`, or none to have one chosen."
    if not _FIRST <= port <= _LAST:
        raise InvalidRequest("--port", f"{port} is not between {_FIRST} and {_LAST}.", mend)
    if port in booked:
        raise PortUnavailable(f"Port {port} is booked by {booked[port]!r}.", mend)
    if port == host.http_port:
        raise PortUnavailable(f"Port {port} is nginx's own.", mend)
    if in_use(port):
        raise PortUnavailable(f"Port {port} is in use by a process that is no client of ours.", mend)
