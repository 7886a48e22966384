"""One command at a time per root: a file lock that says who holds it and since when.

The kernel frees the lock when its holder ends, however it ends; what is written inside only serves
the message to those who wait.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from provisioner.clock import Clock, stamp
from provisioner.errors import LockHeld

_PAUSE: Final = 0.05
_LONGEST_HOLDER: Final = 4096


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock: process id, what it was asked to do, since when (UTC)."""

    pid: int
    command: str
    since: str

    def __str__(self) -> str:
        return f"`provision {self.command}` (process {self.pid}, since {self.since})"


@contextmanager
def held(
    path: Path, command: str, clock: Clock, *, wait: float, waiting: Callable[[str], None]
) -> Iterator[None]:
    """Hold the lock at `path` for the length of a `with` block.

    When another command holds it, `waiting` is called once with a sentence that says who, and the lock
    is tried again for up to `wait` seconds. Raises LockHeld after that.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
    try:
        _take(descriptor, wait, waiting)
        with _signed(descriptor, Holder(os.getpid(), command, stamp(clock.now()))):
            yield
    finally:
        os.close(descriptor)


def holder(path: Path) -> int | None:
    """Return the process that holds the lock now, 0 when that is not known yet; None when nobody does.

    For commands that only look. Raises OSError when the file may not be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        found = _read(descriptor)
        return found.pid if found else 0
    finally:
        os.close(descriptor)
    return None


def _take(descriptor: int, wait: float, waiting: Callable[[str], None]) -> None:
    if _try(descriptor):
        return
    waiting(f"Waiting for {_name_of(descriptor)} to end (for up to {wait:g} s).")
    deadline = time.monotonic() + wait
    while not _try(descriptor):
        if time.monotonic() >= deadline:
            raise LockHeld(
                f"Nothing was done: {_name_of(descriptor)} is at work on this root.",
                "Try again when it has ended; `--lock-wait SECONDS` waits longer.",
            )
        time.sleep(_PAUSE)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _signed(descriptor: int, holder: Holder) -> Iterator[None]:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(asdict(holder)).encode(), 0)
    try:
        yield
    finally:
        os.ftruncate(descriptor, 0)


def _name_of(descriptor: int) -> str:
    """Say who holds the lock; between taking and signing there is a moment when nobody knows."""
    found = _read(descriptor)
    return str(found) if found else "another command"


def _read(descriptor: int) -> Holder | None:
    with contextlib.suppress(ValueError, TypeError):
        return Holder(**json.loads(os.pread(descriptor, _LONGEST_HOLDER, 0)))
    return None
