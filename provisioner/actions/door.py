"""The socket behind which actions are done: who may knock, one line in, lines out, one after the other."""

from __future__ import annotations

import json
import os
import socket
import struct
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from provisioner.apply.interruption import Interruption

LARGEST_REQUEST: Final = 16 * 1024
_REQUEST_SECONDS: Final = 5.0
"""How long a peer may take to send its line: it has it ready when it connects."""
_BACKLOG: Final = 64
_HANDED_OVER: Final = 3
"""The descriptor of the first socket that systemd hands over: sd_listen_fds(3)."""
_CREDENTIALS: Final = struct.Struct("3i")

Perform = Callable[[bytes, Callable[[dict[str, Any]], None]], None]


def handed_over() -> socket.socket | None:
    """Return the listening socket systemd has opened for this process, if it has."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        return None
    return socket.socket(fileno=_HANDED_OVER)


def listen(path: Path) -> socket.socket:
    """Listen at a path, for its owner and the group of its folder; what an earlier process left goes."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    finally:
        os.umask(before)
    os.chown(path, -1, path.parent.stat().st_gid)
    path.chmod(0o660)
    listening.listen(_BACKLOG)
    return listening


def serve(
    listening: socket.socket, allowed: Collection[int], perform: Perform, idle: float | None = None
) -> None:
    """Do what is asked, one after the other, until a signal comes or nobody asks for `idle` seconds.

    Only processes of the users `allowed` are heard. An action that is under way is undone by a signal, as on
    the command line. Must be called in the main thread.
    """
    listening.settimeout(idle)
    with suppress(KeyboardInterrupt, TimeoutError), Interruption(at_once=True) as interruption:
        while not interruption.came:
            connection, _ = listening.accept()
            with connection:
                _answer(connection, allowed, perform)


def _answer(connection: socket.socket, allowed: Collection[int], perform: Perform) -> None:
    def tell(line: dict[str, Any]) -> None:
        # Whoever asked may be gone; what was begun is finished all the same.
        with suppress(OSError):
            connection.sendall(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    heard = peer(connection) in allowed
    line = _line(connection)  # a connection that is closed with something unread loses what it was told
    connection.settimeout(_REQUEST_SECONDS)  # who does not read what is told is told no more
    if not heard:
        tell(_refusal("not-allowed", "This user may not ask for actions."))
    elif line is None:
        tell(_refusal("bad-request", f"A request is one line of at most {LARGEST_REQUEST} bytes."))
    else:
        perform(line, tell)


def peer(connection: socket.socket) -> int:
    """Return the user id of the process at the other end, as the kernel noted it when it connected."""
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(told)[1])


def _line(connection: socket.socket) -> bytes | None:
    """Read one line, whole; None when it does not end in time or within its size."""
    received, deadline = b"", time.monotonic() + _REQUEST_SECONDS
    with suppress(OSError):
        while b"\n" not in received and len(received) <= LARGEST_REQUEST:
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
            more = connection.recv(LARGEST_REQUEST)
            if not more:
                break
            received += more
    line, newline, rest = received.partition(b"\n")
    return line if newline and not rest and len(line) <= LARGEST_REQUEST else None


def _refusal(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "mend": "", "refused": True}}
