"""The dashboard's own database, ``<root>/admin/admin.sqlite3``: operators, sign-ins, failed attempts."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from provisioner.layout import Layout

_BUSY_SECONDS: Final = 10.0
_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS operators (
        email TEXT PRIMARY KEY, password_hash TEXT NOT NULL, created_at TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS sign_ins (
        digest TEXT PRIMARY KEY, email TEXT NOT NULL REFERENCES operators ON DELETE CASCADE,
        kind TEXT NOT NULL CHECK (kind IN ('page', 'api')), expires_at TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS failures (
        digest TEXT PRIMARY KEY, count INTEGER NOT NULL, last_at TEXT NOT NULL
    ) STRICT""",
    "CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
)


class Store:
    """Opens short transactions on the file; made, private to its owner, when it is missing."""

    def __init__(self, root: Path) -> None:
        """``root`` is the host's root. Raises OSError when its ``admin`` folder cannot be made or entered."""
        folder = Layout(root).admin
        folder.mkdir(mode=0o700, exist_ok=True)
        self._path = folder / "admin.sqlite3"
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        with self.change() as connection:
            for table in _TABLES:
                connection.execute(table)

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed at its end, undone by an error, invisible to others until then."""
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                yield connection
        finally:
            connection.close()

    def signing_key(self) -> str:
        """Return the key that signs this dashboard's cookies; made once."""
        with self.change() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO secrets VALUES ('signing_key', ?)", (secrets.token_hex(32),)
            )
            row = connection.execute("SELECT value FROM secrets WHERE name = 'signing_key'").fetchone()
            return str(row["value"])
