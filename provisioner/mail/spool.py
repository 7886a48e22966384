"""The spool, `<root>/mail/spool.sqlite3`: letters that wait for a mail server, and what became of the others.

A letter is in it before the command that wrote it says so, and leaves it by being sent, given up or too late;
its text is erased then. Two commands may send at once: each letter is claimed by one of them.
"""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from provisioner.clock import Clock, stamp
from provisioner.errors import InvalidRequest
from provisioner.filesystem import make_directory
from provisioner.mail.letter import Kind, Letter
from provisioner.mail.retries import next_attempt
from provisioner.private_database import make, transaction

CLAIMED_FOR: Final = timedelta(minutes=10)
"""After which a letter whose sender was cut off is anybody's again."""
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS letters (
    number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    client_id TEXT NOT NULL, recipient TEXT NOT NULL, subject TEXT NOT NULL, text TEXT,
    written_at TEXT NOT NULL, expires_at TEXT, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    next_at TEXT NOT NULL, ended_at TEXT, trouble TEXT NOT NULL DEFAULT ''
) STRICT
"""


class LetterState(StrEnum):
    """Where a letter is."""

    WAITING = "waiting"
    SENT = "sent"
    """A mail server has taken it."""
    FAILED = "failed"
    """A mail server refused it for good, or none took it for days."""
    EXPIRED = "expired"
    """It was not sent before it was worth nothing any more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A letter in the spool; its text is None once it is erased."""

    number: int
    key: str
    kind: str
    client_id: str
    recipient: str
    subject: str
    text: SecretStr | None
    written_at: datetime
    expires_at: datetime | None
    state: LetterState
    attempts: int
    ended_at: datetime | None
    trouble: str

    def letter(self) -> Letter:
        """The letter itself; raises InvalidRequest when its text is erased."""
        if self.text is None:
            raise InvalidRequest(
                "NUMBER", f"the text of letter {self.number} is erased.", "Write it anew: see `mail --help`."
            )
        return Letter(
            self.key,
            Kind(self.kind),
            self.client_id,
            self.recipient,
            self.subject,
            self.text,
            self.expires_at,
        )


class Spool:
    """The letters of one root."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """`folder` is made, private, when it is missing. Raises OSError."""
        make_directory(folder, 0o700)
        self._path = folder / "spool.sqlite3"
        self._clock = clock
        make(self._path)
        with self._change() as connection:
            connection.execute(_TABLE)

    def add(self, letter: Letter) -> int:
        """Keep a letter and return its number: the number of the one there is when one has its key."""
        now = stamp(self._clock.now())
        with self._change() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO letters (key, kind, client_id, recipient, subject, text, written_at,"
                " expires_at, state, next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    letter.key,
                    letter.kind,
                    letter.client_id,
                    letter.recipient,
                    letter.subject,
                    letter.text.get_secret_value(),
                    now,
                    stamp(letter.expires_at) if letter.expires_at else None,
                    LetterState.WAITING,
                    now,
                ),
            )
            row = connection.execute("SELECT number FROM letters WHERE key = ?", (letter.key,)).fetchone()
        return int(row["number"])

    def has(self, key: str) -> bool:
        """Say whether a letter with this key was ever written."""
        with self._change() as connection:
            return connection.execute("SELECT 1 FROM letters WHERE key = ?", (key,)).fetchone() is not None

    def all(self) -> list[Entry]:
        """Return every letter, the oldest first."""
        with self._change() as connection:
            return [_entry(row) for row in connection.execute("SELECT * FROM letters ORDER BY number")]

    def get(self, number: int) -> Entry:
        """Return one letter; raises InvalidRequest when there is none of that number."""
        with self._change() as connection:
            row = connection.execute("SELECT * FROM letters WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise InvalidRequest(
                "NUMBER", f"there is no letter {number}.", "`provision mail list` shows them."
            )
        return _entry(row)

    def written_since(self, client_id: str, kinds: tuple[Kind, ...], since: datetime) -> int:
        """Count a client's letters of some kinds written since a moment."""
        marks = ", ".join("?" * len(kinds))
        with self._change() as connection:
            row = connection.execute(
                f"SELECT count(*) AS n FROM letters WHERE client_id = ? AND written_at >= ?"  # noqa: S608
                f" AND kind IN ({marks})",
                (client_id, stamp(since), *kinds),
            ).fetchone()
        return int(row["n"])

    def waiting(self) -> int:
        """Count the letters that are due now."""
        now = stamp(self._clock.now())
        with self._change() as connection:
            row = connection.execute(
                "SELECT count(*) AS n FROM letters WHERE state = ? AND next_at <= ?",
                (LetterState.WAITING, now),
            ).fetchone()
        return int(row["n"])

    def claim(self, number: int | None = None) -> Entry | None:
        """Take the letter that has been due longest, or the one named, for a while; None when none is due."""
        now = self._clock.now()
        with self._change() as connection:
            row = connection.execute(
                "SELECT * FROM letters WHERE state = ? AND next_at <= ? AND number = coalesce(?, number)"
                " ORDER BY next_at, number",
                (LetterState.WAITING, stamp(now), number),
            ).fetchone()
            if row is None:
                return None
            connection.execute(
                "UPDATE letters SET next_at = ?, attempts = attempts + 1 WHERE number = ?",
                (stamp(now + CLAIMED_FOR), row["number"]),
            )
            row = connection.execute("SELECT * FROM letters WHERE number = ?", (row["number"],)).fetchone()
        return _entry(row)

    def sent(self, entry: Entry) -> None:
        """Record that a mail server has taken it; its text is erased."""
        self._end(entry, LetterState.SENT, "")

    def refused(self, entry: Entry, trouble: str) -> None:
        """Record that no mail server will ever take it."""
        self._end(entry, LetterState.FAILED, trouble)

    def postpone(self, entry: Entry, trouble: str) -> None:
        """Have it tried again later, or give it up after days."""
        later = next_attempt(entry.attempts, entry.written_at, self._clock.now())
        if later is None:
            self._end(entry, LetterState.FAILED, trouble)
            return
        with self._change() as connection:
            connection.execute(
                "UPDATE letters SET next_at = ?, trouble = ? WHERE number = ?",
                (stamp(later), trouble, entry.number),
            )

    def expire(self) -> None:
        """Erase what was not sent in time, refused letters included."""
        now = stamp(self._clock.now())
        with self._change() as connection:
            connection.execute(
                "UPDATE letters SET state = ?, ended_at = ? WHERE state = ? AND expires_at <= ?",
                (LetterState.EXPIRED, now, LetterState.WAITING, now),
            )
            connection.execute("UPDATE letters SET text = NULL WHERE expires_at <= ?", (now,))

    def retry(self, number: int) -> None:
        """Have a letter that waits or was given up sent with the next ones; raises InvalidRequest."""
        entry = self.get(number)
        if entry.text is None:
            raise InvalidRequest(
                "NUMBER", f"letter {number} is {entry.state}: its text is erased.", "Write it anew."
            )
        with self._change() as connection:
            connection.execute(
                "UPDATE letters SET state = ?, next_at = ?, attempts = 0, ended_at = NULL WHERE number = ?",
                (LetterState.WAITING, stamp(self._clock.now()), number),
            )

    def forget_client(self, client_id: str) -> int:
        """Erase every trace of a client's letters; return how many there were."""
        with self._change() as connection:
            return connection.execute("DELETE FROM letters WHERE client_id = ?", (client_id,)).rowcount

    def _end(self, entry: Entry, state: LetterState, trouble: str) -> None:
        """A refused letter keeps its text, so that it can be sent to an address that is corrected."""
        with self._change() as connection:
            connection.execute(
                "UPDATE letters SET state = ?, ended_at = ?, trouble = ?,"
                " text = CASE WHEN ? THEN NULL ELSE text END WHERE number = ?",
                (
                    state,
                    stamp(self._clock.now()),
                    trouble,
                    state == LetterState.SENT,
                    entry.number,
                ),
            )

    def _change(self) -> AbstractContextManager[sqlite3.Connection]:
        """A letter held links: what is erased of it is written over."""
        return transaction(self._path, overwrites=True)


def _entry(row: sqlite3.Row) -> Entry:
    text = row["text"]
    return Entry(
        number=row["number"],
        key=row["key"],
        kind=row["kind"],
        client_id=row["client_id"],
        recipient=row["recipient"],
        subject=row["subject"],
        text=None if text is None else SecretStr(text),
        written_at=_moment(row["written_at"]),
        expires_at=_moment(row["expires_at"]) if row["expires_at"] else None,
        state=LetterState(row["state"]),
        attempts=row["attempts"],
        ended_at=_moment(row["ended_at"]) if row["ended_at"] else None,
        trouble=row["trouble"],
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
