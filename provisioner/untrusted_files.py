"""Reads a file in a client's directory, whose process may put anything there: a link, a pipe, gigabytes."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack
from pathlib import Path
from typing import Final

_DIRECTORY: Final = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a named pipe would wait for somebody to write to it.
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read_untrusted(client_directory: Path, *names: str, largest: int) -> bytes:
    """Return the bytes of a regular file; `names` lead to it, and none of them is followed as a link.

    Raises OSError as the system gave it; ValueError says what is wrong with a file larger than `largest`
    bytes, or with what is no file.
    """
    with ExitStack() as opened:

        def open_at(name: str | Path, flags: int, directory: int | None) -> int:
            descriptor = os.open(name, flags, dir_fd=directory)
            opened.callback(os.close, descriptor)
            return descriptor

        folder = open_at(client_directory, _DIRECTORY, None)
        for name in names[:-1]:
            folder = open_at(name, _DIRECTORY, folder)
        file = open_at(names[-1], _FILE, folder)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise ValueError("is not a regular file")
        with os.fdopen(file, "rb", closefd=False) as stream:
            content = stream.read(largest + 1)
    if len(content) > largest:
        raise ValueError(f"is larger than {largest // 1024} KB")
    return content
