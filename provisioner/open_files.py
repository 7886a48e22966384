"""Which processes have which files open, and which listen on which ports, as far as this user may see."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

FileId = tuple[int, int]
"""A file by its device and inode: the same for a process that has its directory mounted elsewhere."""

_PROCESSES: Final = Path("/proc")
_LISTENING: Final = "0A"
_SOCKET: Final = re.compile(r"socket:\[(\d+)\]")


def file_id(path: Path) -> FileId | None:
    """Return what a file is known by; None when there is none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def holders(files: Iterable[FileId]) -> dict[FileId, set[int]]:
    """Return the processes that have each of these files open; one pass over all of them."""
    wanted = set(files)
    found: dict[FileId, set[int]] = {}
    for pid in _pids():
        for descriptor in _descriptors(pid):
            try:
                status = descriptor.stat()
            except OSError:
                continue  # closed meanwhile
            one = (status.st_dev, status.st_ino)
            if one in wanted:
                found.setdefault(one, set()).add(pid)
    return found


def listeners(ports: Iterable[int]) -> dict[int, set[int]]:
    """Return the processes that listen on each of these TCP ports, on any address; none known: an empty set.

    Only ports on which somebody listens are in it. An heir of the socket is one of its listeners.
    """
    inodes = _listening_inodes(set(ports))
    found: dict[int, set[int]] = {port: set() for port in inodes.values()}
    for pid in _pids():
        for descriptor in _descriptors(pid):
            try:
                socket = _SOCKET.fullmatch(str(descriptor.readlink()))
            except OSError:
                continue  # closed meanwhile
            if socket and int(socket[1]) in inodes:
                found[inodes[int(socket[1])]].add(pid)
    return found


def listening_addresses(port: int) -> frozenset[str]:
    """Return the IPv4 addresses on which anybody listens on a TCP port; `0.0.0.0` stands for all."""
    return frozenset(
        ".".join(map(str, reversed(bytes.fromhex(one.address))))
        for one in _listening((_PROCESSES / "net" / "tcp",))
        if one.port == port
    )


def heads(pids: set[int]) -> set[int]:
    """Return those that no other of them has started: a process with its children counts once."""
    return {pid for pid in pids if not pids & set(_ancestors(pid))}


def command(pid: int) -> str:
    """Return what a process is called; empty when it has ended."""
    try:
        return (_PROCESSES / str(pid) / "comm").read_text().strip()
    except OSError:
        return ""


def _ancestors(pid: int) -> Iterator[int]:
    while pid > 1:
        try:
            status = (_PROCESSES / str(pid) / "stat").read_text()
        except OSError:
            return
        # The name before it may hold anything, brackets too.
        pid = int(status.rpartition(")")[2].split()[1])
        yield pid


def _pids() -> Iterator[int]:
    yield from (int(name) for name in os.listdir(_PROCESSES) if name.isdigit())  # noqa: PTH208 - names


def _descriptors(pid: int) -> list[Path]:
    folder = _PROCESSES / str(pid) / "fd"
    try:
        return list(folder.iterdir())
    except OSError:
        return []  # it has ended, or is another user's


class _Listener(NamedTuple):
    """A listening socket; its address is hexadecimal, the bytes of each word in the host's order."""

    address: str
    port: int
    inode: int


def _listening_inodes(ports: set[int]) -> Mapping[int, int]:
    tables = (_PROCESSES / "net" / "tcp", _PROCESSES / "net" / "tcp6")
    return {one.inode: one.port for one in _listening(tables) if one.port in ports}


def _listening(tables: Iterable[Path]) -> Iterator[_Listener]:
    for table in tables:
        lines = table.read_text().splitlines()[1:] if table.exists() else []
        for fields in map(str.split, lines):
            address, _, port = fields[1].rpartition(":")
            if fields[3] == _LISTENING:
                yield _Listener(address, int(port, 16), int(fields[9]))
