"""Small SQLite files of this host's own, private to their owner: one door to their transactions."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_BUSY_SECONDS: Final = 10.0


def make(path: Path) -> None:
    """Have the file there, mode 0600 when it is new; follows no link. Raises OSError."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))


@contextmanager
def transaction(path: Path, *, overwrites: bool = False) -> Iterator[sqlite3.Connection]:
    """One transaction: committed, on disk, at its end, undone by an error, invisible to others until then.

    With `overwrites` what is erased is written over in the file as well. Raises sqlite3.Error.
    """
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        if overwrites:
            connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN IMMEDIATE")
        with connection:
            yield connection
    finally:
        connection.close()
