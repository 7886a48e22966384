"""The people who may open the dashboard: their passwords, their sign-ins, and the lock-out."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Final, Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from pydantic import SecretStr

from provisioner.clock import Clock, SystemClock, stamp
from provisioner.dashboard.store import Store
from provisioner.errors import InvalidRequest, Refused
from provisioner.fields import check_email

SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 1024
FAILURES_ALLOWED: Final = 5
LOCKED_FOR: Final = timedelta(minutes=15)
LIFETIMES: Final = {"page": timedelta(hours=12), "api": timedelta(hours=1)}
Kind = Literal["page", "api"]

_HASHER: Final = PasswordHasher()


class SignInRefused(Refused):
    """Unknown operator, wrong password or locked out: never said which."""

    code = "sign-in-refused"

    def __init__(self) -> None:
        super().__init__(
            "The address or the password is wrong, or there were too many attempts.",
            "After five failures, wait a quarter of an hour.",
        )


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The secret of a new sign-in, shown once, and its life in seconds."""

    secret: SecretStr
    expires_in: int


def add_operator(root: Path, email: str, password: SecretStr) -> None:
    """Let somebody open the dashboard of the host at ``root``.

    Raises InvalidRequest for an address that is none or is already there, or a password that is too short.
    """
    Operators(Store(root), SystemClock()).add(email, password)


class Operators:
    """Adds operators and checks who they are."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def add(self, email: str, password: SecretStr) -> None:
        """Add an operator; raises InvalidRequest (see ``add_operator``)."""
        check_email("EMAIL", email)
        length = len(password.get_secret_value())
        if not SHORTEST_PASSWORD <= length <= LONGEST_PASSWORD:
            raise InvalidRequest(
                "password",
                f"it must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.",
                "Choose a longer one, or have one generated.",
            )
        password_hash = _HASHER.hash(password.get_secret_value())
        with self._store.change() as connection:
            added = connection.execute(
                "INSERT OR IGNORE INTO operators VALUES (?, ?, ?)",
                (email.casefold(), password_hash, stamp(self._clock.now())),
            )
            if added.rowcount == 0:
                raise InvalidRequest("EMAIL", f"{email} already is an operator.", "Give another address.")

    def sign_in(self, email: str, password: SecretStr, kind: Kind) -> SignedIn:
        """Return a new sign-in; raises SignInRefused, the same way and in the same time in every case."""
        key = email.casefold()
        if not self._password_fits(key, password) or not self._admit(key):
            self._count_failure(key)
            raise SignInRefused
        secret = secrets.token_urlsafe(32)
        lifetime = LIFETIMES[kind]
        now = self._clock.now()
        with self._store.change() as connection:
            connection.execute("DELETE FROM sign_ins WHERE expires_at <= ?", (stamp(now),))
            connection.execute(
                "INSERT INTO sign_ins VALUES (?, ?, ?, ?)",
                (_digest(secret), key, kind, stamp(now + lifetime)),
            )
        return SignedIn(SecretStr(secret), int(lifetime.total_seconds()))

    def who(self, secret: str, kind: Kind) -> str | None:
        """Return the operator a sign-in belongs to, or None when it is over or never was."""
        with self._store.change() as connection:
            row = connection.execute(
                "SELECT email FROM sign_ins WHERE digest = ? AND kind = ? AND expires_at > ?",
                (_digest(secret), kind, stamp(self._clock.now())),
            ).fetchone()
        return str(row["email"]) if row else None

    def sign_out(self, secret: str) -> None:
        """End a sign-in; one that is over already stays so."""
        with self._store.change() as connection:
            connection.execute("DELETE FROM sign_ins WHERE digest = ?", (_digest(secret),))

    def _password_fits(self, key: str, password: SecretStr) -> bool:
        with self._store.change() as connection:
            row = connection.execute("SELECT password_hash FROM operators WHERE email = ?", (key,)).fetchone()
        try:
            _HASHER.verify(str(row["password_hash"]) if row else _nobodys_hash(), password.get_secret_value())
        except (VerifyMismatchError, InvalidHashError):
            return False
        return row is not None

    def _admit(self, key: str) -> bool:
        """Say whether the address is not locked out, and forget its failures."""
        locked_since = stamp(self._clock.now() - LOCKED_FOR)
        with self._store.change() as connection:
            locked = connection.execute(
                "SELECT 1 FROM failures WHERE digest = ? AND count >= ? AND last_at > ?",
                (_digest(key), FAILURES_ALLOWED, locked_since),
            ).fetchone()
            if locked:
                return False
            connection.execute("DELETE FROM failures WHERE digest = ?", (_digest(key),))
        return True

    def _count_failure(self, key: str) -> None:
        """Count a failure of an address, known or not; one older than the lock-out begins anew."""
        now = self._clock.now()
        with self._store.change() as connection:
            connection.execute("DELETE FROM failures WHERE last_at <= ?", (stamp(now - LOCKED_FOR),))
            connection.execute(
                "INSERT INTO failures VALUES (?, 1, ?) ON CONFLICT (digest)"
                " DO UPDATE SET count = min(count + 1, 1000), last_at = excluded.last_at",
                (_digest(key), stamp(now)),
            )


@cache
def _nobodys_hash() -> str:
    """Return what is verified when nobody has the address, so that the answer takes as long."""
    return _HASHER.hash(secrets.token_hex(16))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
