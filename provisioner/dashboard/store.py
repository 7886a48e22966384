"""The dashboard's own database, ``<root>/admin/admin.sqlite3``: who may sign in, and what it is doing."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from provisioner.errors import InvalidConfiguration
from provisioner.layout import Layout
from provisioner.private_database import make, transaction

#: What each version added; a file of an earlier one is brought here when it is opened.
_CHANGES: Final = (
    (
        # Files were written before versions were counted.
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
    ),
    (
        # Whoever could sign in saw everything: they are owners.
        """ALTER TABLE operators ADD COLUMN role TEXT NOT NULL DEFAULT 'owner'
            CHECK (role IN ('viewer', 'operator', 'owner'))""",
        """CREATE TABLE tokens (
            name TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE,
            role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'owner')),
            made_by TEXT NOT NULL, made_at TEXT NOT NULL, expires_at TEXT NOT NULL, last_used_at TEXT
        ) STRICT""",
    ),
    (
        """CREATE TABLE jobs (
            id INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL, client TEXT NOT NULL,
            who TEXT NOT NULL, began_at TEXT NOT NULL, ended_at TEXT,
            state TEXT NOT NULL CHECK (state IN ('running', 'done', 'refused', 'failed', 'lost')),
            told TEXT NOT NULL DEFAULT '{}'
        ) STRICT""",
        "CREATE UNIQUE INDEX one_at_a_time ON jobs (client) WHERE state = 'running'",
    ),
    (
        """CREATE TABLE health_days (
            client TEXT NOT NULL, day TEXT NOT NULL, asked INTEGER NOT NULL, ready INTEGER NOT NULL,
            PRIMARY KEY (client, day)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE usage_days (
            client TEXT NOT NULL, day TEXT NOT NULL, requests INTEGER NOT NULL, analyses INTEGER NOT NULL,
            documents INTEGER NOT NULL, storage_bytes INTEGER NOT NULL, PRIMARY KEY (client, day)
        ) STRICT, WITHOUT ROWID""",
    ),
)


class Store:
    """Opens short transactions on the file; made, private to its owner, when it is missing."""

    def __init__(self, root: Path) -> None:
        """``root`` is the host's root.

        Raises OSError when its ``admin`` folder cannot be made or entered, and InvalidConfiguration for a
        file of a newer version.
        """
        folder = Layout(root).admin
        folder.mkdir(mode=0o700, exist_ok=True)
        self._path = folder / "admin.sqlite3"
        self._turn = threading.Lock()
        make(self._path)
        with self.change() as connection:
            self._bring_up_to_date(connection)

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed at its end, undone by an error, invisible to others until then.

        Threads take turns here: SQLite's own waiting is no queue, and may let one of many wait for ever.
        """
        with self._turn, transaction(self._path) as connection:
            yield connection

    def _bring_up_to_date(self, connection: sqlite3.Connection) -> None:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > len(_CHANGES):
            raise InvalidConfiguration(
                str(self._path), "it was written by a newer Tenantry.", "Use that version, or a newer one."
            )
        for change in _CHANGES[version:]:
            for statement in change:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(_CHANGES)}")

    def signing_key(self) -> str:
        """Return the key that signs this dashboard's cookies; made once."""
        with self.change() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO secrets VALUES ('signing_key', ?)", (secrets.token_hex(32),)
            )
            row = connection.execute("SELECT value FROM secrets WHERE name = 'signing_key'").fetchone()
            return str(row["value"])
