"""Tries what it is told to, from wherever it was put: a program of its own, with Python's library alone.

Reads `{"attempts": [{"kind", "target"}], "words": [...]}` on standard input and answers
`{"answers": [{"reached", "found", "how"}]}`, in the same order. It changes nothing: it opens to read, sends
no byte over a connection, and no signal but 0. What a kind does is in `attempts.py`. An attempt that ends
otherwise than by the system's refusal ends the program: that is no wall.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import socket
import sys
from pathlib import Path

_LONGEST = 1 << 20
_PATIENCE = 2.0
_PTRACE_SEIZE, _PTRACE_DETACH = 0x4206, 17


def read(target: str) -> bytes:
    """Read the beginning of a file, or the names in a folder."""
    path = Path(target)
    if path.is_dir():
        return b"\n".join(os.fsencode(name) for name in os.listdir(path))  # noqa: PTH208 - names, not paths
    with path.open("rb") as stream:
        return stream.read(_LONGEST)


def see(target: str) -> bytes:
    """Look whether something is there."""
    os.lstat(target)
    return b""


def unix(target: str) -> bytes:
    """Connect to a unix socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_PATIENCE)
        connection.connect(target)
    return b""


def tcp(target: str) -> bytes:
    """Connect over TCP."""
    with socket.socket(socket.AF_INET) as connection:
        connection.settimeout(_PATIENCE)
        connection.connect(_address(target))
    return b""


def udp(target: str) -> bytes:
    """Find a way to an address; connecting a datagram socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.connect(_address(target))
    return b""


def signal(target: str) -> bytes:
    """Ask whether this process might send a signal."""
    os.kill(int(target), 0)
    return b""


def trace(target: str) -> bytes:
    """Take hold of a process without stopping it, and let go of it."""
    system = ctypes.CDLL(None, use_errno=True)
    if system.ptrace(_PTRACE_SEIZE, int(target), 0, 0) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return b""


def netns(_target: str) -> bytes:
    """Name the network this process is in."""
    return os.fsencode(os.readlink("/proc/self/ns/net"))  # noqa: PTH115 - the link's own text


KINDS = {one.__name__: one for one in (read, see, unix, tcp, udp, signal, trace, netns)}


def attempt(kind: str, target: str, words: list[bytes]) -> dict[str, object]:
    """Try one thing and say what came of it."""
    try:
        seen = KINDS[kind](target)
    except OSError as error:
        return {"reached": False, "found": False, "how": _name(error)}
    how = os.fsdecode(seen) if kind == "netns" else "reached"
    return {"reached": True, "found": any(word in seen for word in words), "how": how}


def main() -> None:
    """Answer what standard input asks."""
    asked = json.load(sys.stdin)
    words = [word.encode() for word in asked["words"]]
    answers = [attempt(one["kind"], one["target"], words) for one in asked["attempts"]]
    json.dump({"answers": answers}, sys.stdout)


def _address(target: str) -> tuple[str, int]:
    host, _, port = target.rpartition(":")
    return host, int(port)


def _name(error: OSError) -> str:
    """The system's own word; a connection that is not answered in time has none."""
    return errno.errorcode.get(error.errno or 0, type(error).__name__)


if __name__ == "__main__":
    main()
