"""The people who may open the dashboard: their passwords, their sign-ins, and the lock-out."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final, Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from pydantic import SecretStr

from provisioner.clock import Clock, SystemClock, stamp
from provisioner.dashboard.roles import Actor, Role
from provisioner.dashboard.store import Store
from provisioner.dashboard.tokens import digest
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


class UnknownOperator(Refused):
    """Nobody of that address may sign in."""

    code = "unknown-operator"

    def __init__(self, email: str) -> None:
        super().__init__(f"{email} is no operator.", "`provision admin user list` shows those there are.")


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who may sign in."""

    email: str
    role: Role
    since: datetime


def add_operator(root: Path, email: str, password: SecretStr, role: Role | None = None) -> Role:
    """Let somebody open the dashboard of the host at ``root``, and return as what (see ``Operators.add``).

    Raises InvalidRequest for an address that is none or is already there, or a password that is too short.
    """
    return Operators(Store(root), SystemClock()).add(email, password, role)


class Operators:
    """Adds operators and checks who they are."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def add(self, email: str, password: SecretStr, role: Role | None = None) -> Role:
        """Add an operator; raises InvalidRequest (see ``add_operator``).

        Without a role, the first one is the owner and those after see only.
        """
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
            first = connection.execute("SELECT 1 FROM operators").fetchone() is None
            given = role or (Role.OWNER if first else Role.VIEWER)
            added = connection.execute(
                "INSERT OR IGNORE INTO operators (email, password_hash, created_at, role)"
                " VALUES (?, ?, ?, ?)",
                (email.casefold(), password_hash, stamp(self._clock.now()), given),
            )
            if added.rowcount == 0:
                raise InvalidRequest("EMAIL", f"{email} already is an operator.", "Give another address.")
        return given

    def all(self) -> list[Operator]:
        """Return everybody who may sign in, by address."""
        with self._store.change() as connection:
            rows = connection.execute("SELECT * FROM operators ORDER BY email").fetchall()
        return [
            Operator(row["email"], Role(row["role"]), datetime.fromisoformat(row["created_at"]))
            for row in rows
        ]

    def remove(self, email: str) -> None:
        """Let somebody sign in no longer, and end what sign-ins there are.

        Raises UnknownOperator, and Refused for the last owner: nobody could manage access any more.
        """
        key = email.casefold()
        with self._store.change() as connection:
            row = connection.execute("SELECT role FROM operators WHERE email = ?", (key,)).fetchone()
            if row is None:
                raise UnknownOperator(email)
            others = connection.execute(
                "SELECT 1 FROM operators WHERE role = ? AND email <> ?", (Role.OWNER, key)
            ).fetchone()
            if row["role"] == Role.OWNER and others is None:
                raise Refused(f"{email} is the last owner.", "Add another one with `--role owner` first.")
            connection.execute("DELETE FROM operators WHERE email = ?", (key,))

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
                (digest(secret), key, kind, stamp(now + lifetime)),
            )
        return SignedIn(SecretStr(secret), int(lifetime.total_seconds()))

    def who(self, secret: str, kind: Kind) -> Actor | None:
        """Return whose sign-in it is, with the role of now; None when it is over or never was."""
        with self._store.change() as connection:
            row = connection.execute(
                "SELECT email, role FROM sign_ins JOIN operators USING (email)"
                " WHERE digest = ? AND kind = ? AND expires_at > ?",
                (digest(secret), kind, stamp(self._clock.now())),
            ).fetchone()
        return Actor(str(row["email"]), Role(row["role"])) if row else None

    def sign_out(self, secret: str) -> None:
        """End a sign-in; one that is over already stays so."""
        with self._store.change() as connection:
            connection.execute("DELETE FROM sign_ins WHERE digest = ?", (digest(secret),))

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
                (digest(key), FAILURES_ALLOWED, locked_since),
            ).fetchone()
            if locked:
                return False
            connection.execute("DELETE FROM failures WHERE digest = ?", (digest(key),))
        return True

    def _count_failure(self, key: str) -> None:
        """Count a failure of an address, known or not; one older than the lock-out begins anew."""
        now = self._clock.now()
        with self._store.change() as connection:
            connection.execute("DELETE FROM failures WHERE last_at <= ?", (stamp(now - LOCKED_FOR),))
            connection.execute(
                "INSERT INTO failures VALUES (?, 1, ?) ON CONFLICT (digest)"
                " DO UPDATE SET count = min(count + 1, 1000), last_at = excluded.last_at",
                (digest(key), stamp(now)),
            )


@cache
def _nobodys_hash() -> str:
    """Return what is verified when nobody has the address, so that the answer takes as long."""
    return _HASHER.hash(secrets.token_hex(16))
