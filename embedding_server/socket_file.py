"""The listening unix socket: who may reach it, and what to do with one left by a killed server."""

from __future__ import annotations

import fcntl
import grp
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedding_server.errors import ConfigurationError, SocketInUse

_MODE = 0o660
_BACKLOG = 256


@contextmanager
def listening_socket(path: Path, group: str | None) -> Iterator[socket.socket]:
    """A bound, listening socket at `path` (mode 0660, owned by `group` if given), removed at the end.

    A lock beside it, held for life, decides who serves: a socket file found while we hold the lock and
    on which nobody answers was left by a killed server and is replaced.

    Raises `SocketInUse`, `ConfigurationError`.
    """
    gid = _group_id(group)
    with _lock(path):
        _remove_stale(path)
        listener = _bind(path)
        try:
            if gid is not None:
                os.chown(path, -1, gid)
            listener.listen(_BACKLOG)
            yield listener
        finally:
            listener.close()
            path.unlink(missing_ok=True)


def _group_id(group: str | None) -> int | None:
    if group is None:
        return None
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise ConfigurationError(f"There is no group {group!r} to give the socket to.") from None


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    lock_path = path.with_name(path.name + ".lock")
    try:
        descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"Cannot create {lock_path}: {error.strerror}."
            " The socket's folder must exist and be ours to write."
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SocketInUse(f"Another embedding server holds {lock_path}; stop it first.") from None
        yield
    finally:
        os.close(descriptor)


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ConfigurationError(
            f"{path} is there and is not a socket; it is left alone. Give another --socket."
        )
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise SocketInUse(f"Another process listens on {path}; stop it first.")


def _bind(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    # The file is born with its final mode: a chmod afterwards would leave a moment open to everybody.
    # The program has one thread at this point, so the process-wide umask disturbs nobody.
    before = os.umask(0o777 & ~_MODE)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise ConfigurationError(f"Cannot listen on {path}: {error}.") from error
    finally:
        os.umask(before)
    return listener
