"""Named tokens with which programs use the JSON interface: hashed, each with a role and an end."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import SecretStr

from provisioner import fields
from provisioner.clock import Clock, stamp
from provisioner.dashboard.roles import Actor, Role
from provisioner.dashboard.store import Store
from provisioner.errors import InvalidRequest, Refused

PREFIX: Final = "adm_"
LONGEST_NAME: Final = 60
LONGEST_LIFE: Final = timedelta(days=730)
USUAL_LIFE: Final = timedelta(days=90)


class UnknownToken(Refused):
    """No token of that name opens anything."""

    code = "unknown-token"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no token {name!r}.", "`provision admin token list` shows those there are."
        )


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is listed; its secret was shown once, when it was made."""

    name: str
    role: Role
    made_by: str
    made_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class Tokens:
    """Makes, checks and ends tokens."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def new(self, name: str, role: Role, made_by: str, lasts: timedelta = USUAL_LIFE) -> SecretStr:
        """Make a token and return its secret, shown this once.

        Raises InvalidRequest for a name that is none or is in use, or a life of less than a day or more than
        two years.
        """
        fields.check_line("NAME", name, LONGEST_NAME)
        if not timedelta(days=1) <= lasts <= LONGEST_LIFE:
            raise InvalidRequest(
                "--expires", f"a token lasts 1 to {LONGEST_LIFE.days} days.", "Choose a shorter time."
            )
        secret, now = PREFIX + secrets.token_urlsafe(32), self._clock.now()
        row = (name, digest(secret), role, made_by, stamp(now), stamp(now + lasts))
        with self._store.change() as connection:
            connection.execute("DELETE FROM tokens WHERE expires_at <= ?", (stamp(now),))
            added = connection.execute("INSERT OR IGNORE INTO tokens VALUES (?, ?, ?, ?, ?, ?, NULL)", row)
            if added.rowcount == 0:
                raise InvalidRequest("NAME", f"there already is a token {name!r}.", "Choose another name.")
        return SecretStr(secret)

    def all(self) -> list[Token]:
        """Return the tokens that open something, by name."""
        query = "SELECT * FROM tokens WHERE expires_at > ? ORDER BY name"
        with self._store.change() as connection:
            return [_token(row) for row in connection.execute(query, (stamp(self._clock.now()),))]

    def revoke(self, name: str) -> None:
        """End a token at once; raises UnknownToken."""
        with self._store.change() as connection:
            if connection.execute("DELETE FROM tokens WHERE name = ?", (name,)).rowcount == 0:
                raise UnknownToken(name)

    def who(self, secret: str) -> Actor | None:
        """Return whom a token stands for, or None when it is over or never was."""
        now = stamp(self._clock.now())
        with self._store.change() as connection:
            row = connection.execute(
                "UPDATE tokens SET last_used_at = ? WHERE digest = ? AND expires_at > ? RETURNING name, role",
                (now, digest(secret), now),
            ).fetchone()
        return Actor(f"token {row['name']}", Role(row["role"])) if row else None


def digest(secret: str) -> str:
    """Return what is kept of a secret of 32 random bytes: nobody guesses one from its SHA-256."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: sqlite3.Row) -> Token:
    used = row["last_used_at"]
    return Token(
        name=row["name"],
        role=Role(row["role"]),
        made_by=row["made_by"],
        made_at=datetime.fromisoformat(row["made_at"]),
        expires_at=datetime.fromisoformat(row["expires_at"]),
        last_used_at=datetime.fromisoformat(used) if used else None,
    )
