"""Goes through directories as deep as a client cares to make them.

Neither the call stack nor the open files nor the longest path the system takes bounds the depth: one
descriptor moves down by name and up by `..`. Links are never followed.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Place:
    """A directory that was entered.

    `descriptor` is open only during the call it is given to; `path` is relative to the top and empty for the
    top itself; `others` are the names in it that are no directories, sorted.
    """

    descriptor: int
    path: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Level:
    name: str
    path: str
    identity: tuple[int, int]
    directories: list[str]


def walk(top: Path, enter: Callable[[Place], None], leave: Callable[[int, str], None]) -> None:
    """Call `enter` for every directory, parents first, and `leave` when all below one was gone through.

    `leave` is given its parent's descriptor and its name, and is not called for the top. Raises OSError as
    the system gave it, NotADirectoryError for a link in place of the top.
    """
    here = os.open(top, _DIRECTORY)
    try:
        levels = [_entered(here, "", "", enter)]
        while levels:
            level = levels[-1]
            if level.directories:
                name = level.directories.pop()
                here = _moved(here, name)
                path = f"{level.path}/{name}" if level.path else name
                levels.append(_entered(here, name, path, enter))
                continue
            levels.pop()
            if levels:
                here = _moved(here, "..")
                _require(here, levels[-1])
                leave(here, level.name)
    finally:
        os.close(here)


def _entered(here: int, name: str, path: str, enter: Callable[[Place], None]) -> _Level:
    with os.scandir(here) as entries:
        found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    enter(Place(here, path, tuple(other for other, directory in found if not directory)))
    # Taken from the end, so the last comes first.
    return _Level(name, path, _identity(here), [one for one, directory in reversed(found) if directory])


def _moved(here: int, name: str) -> int:
    there = os.open(name, _DIRECTORY, dir_fd=here)
    os.close(here)
    return there


def _require(here: int, level: _Level) -> None:
    """A directory that was moved meanwhile leads up to somewhere else."""
    if _identity(here) != level.identity:
        raise OSError(errno.ESTALE, "A directory was moved while it was gone through", level.path)


def _identity(descriptor: int) -> tuple[int, int]:
    now = os.fstat(descriptor)
    return now.st_dev, now.st_ino
