"""Proving who one is with an address and a password.

Nothing tells an unknown address from a wrong password, a disabled account or a locked one: not the message,
not the time (a hash is always computed, a row always written), not the lock-out (it is kept per address,
whether an account has it or not).
"""

from flask_babel import lazy_gettext
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from tenant_app.accounts.lockout import forget_failures, is_locked, record_failure
from tenant_app.accounts.models import User
from tenant_app.accounts.passwords import generate_password, hash_password, password_matches
from tenant_app.accounts.secrets import digest
from tenant_app.accounts.security_log import SecurityLog
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import Unauthenticated


class SignIn:
    """Checks passwords."""

    def __init__(self, database: Database, clock: Clock, security: SecurityLog) -> None:
        self._database = database
        self._clock = clock
        self._security = security
        self._nobodys_hash: str | None = None

    def check(self, email: str, password: SecretStr) -> int:
        """Return the id of the user with this address and password.

        Raises Unauthenticated in every other case, always the same way.
        """
        email_key = email.casefold()
        with self._database.read() as session:
            user = _by_key(session, email_key)
        nobodys_hash = self._hash_of_nobody()
        matches = password_matches(user.password_hash if user else nobodys_hash, password)
        # One transaction decides, on what is true now: the account may have changed meanwhile, and a right
        # password refused must cost exactly what a wrong one does.
        locked = False
        with self._database.write() as session:
            accepted = matches and user is not None and self._still_good(session, user)
            if accepted:
                forget_failures(session, digest(email_key))
            else:
                locked = record_failure(session, digest(email_key), self._clock.now())
        if locked:
            self._security.note("lock-out", "too-many-failures")
        if user is None or not accepted:
            raise _refusal()
        return user.id

    def _still_good(self, session: Session, checked: User) -> bool:
        user = _by_key(session, checked.email_key)
        if user is None or not user.active or user.password_hash != checked.password_hash:
            return False
        return not is_locked(session, digest(checked.email_key), self._clock.now())

    def _hash_of_nobody(self) -> str:
        """Return a hash nobody knows the password of, with the same parameters as everybody's."""
        if self._nobodys_hash is None:
            self._nobodys_hash = hash_password(generate_password())
        return self._nobodys_hash


def _by_key(session: Session, email_key: str) -> User | None:
    return session.scalar(select(User).where(User.email_key == email_key))


def _refusal() -> Unauthenticated:
    return Unauthenticated(
        lazy_gettext(
            "Adresse ou mot de passe incorrect, ou trop d'essais : après cinq échecs, "
            "attendez un quart d'heure."
        ),
        code="sign-in-refused",
    )
