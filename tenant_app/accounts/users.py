"""The client's people: created within the plan's seats, changed, and removed; an admin always remains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import email_validator
from email_validator import EmailNotValidError, validate_email
from flask_babel import lazy_gettext
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tenant_app.accounts.activity import last_active_months
from tenant_app.accounts.lockout import forget_failures
from tenant_app.accounts.models import User
from tenant_app.accounts.own_roles import require_role
from tenant_app.accounts.passwords import (
    accept_new_password,
    generate_password,
    hash_password,
    password_matches,
)
from tenant_app.accounts.secrets import digest
from tenant_app.accounts.sessions import revoke_sessions_of
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import Conflict, Forbidden, InvalidInput, NotFound

# Offices have addresses on their own network, and a host without a domain serves <client>.localhost.
_PRIVATE_DOMAINS = {"local", "localhost"}
email_validator.SPECIAL_USE_DOMAIN_NAMES[:] = [
    name for name in email_validator.SPECIAL_USE_DOMAIN_NAMES if name not in _PRIVATE_DOMAINS
]


@dataclass(frozen=True)
class Invitation:
    """A user whose password was just set; ``password`` is given only when it was generated."""

    user: User
    password: SecretStr | None


class Users:
    """The users of the instance."""

    def __init__(self, database: Database, clock: Clock, *, seats: int) -> None:
        self._database = database
        self._clock = clock
        self._seats = seats

    def list_all(self) -> Sequence[User]:
        """Return every user, oldest first."""
        with self._database.read() as session:
            return session.scalars(select(User).order_by(User.id)).all()

    def last_active(self) -> Mapping[int, str]:
        """Return the last month (``YYYY-MM``) in which each user was active, if ever."""
        with self._database.read() as session:
            return last_active_months(session)

    def get(self, user_id: int) -> User:
        """Return the user; raises NotFound."""
        with self._database.read() as session:
            return _existing(session, user_id)

    def find_by_email(self, email: str) -> User:
        """Return the user with this address, whatever its case; raises NotFound."""
        with self._database.read() as session:
            user = session.scalar(select(User).where(User.email_key == email.casefold()))
        if user is None:
            raise NotFound(lazy_gettext("Aucun utilisateur n'a l'adresse %(email)s.", email=email))
        return user

    def create(
        self, email: str, role: str, password: SecretStr | None = None, *, takes_seat: bool = True
    ) -> Invitation:
        """Create an active user, with a generated password unless one is given.

        Raises InvalidInput for a refused address, role or password, Conflict when the address is taken or
        every seat of the plan is; the operator's own, which `takes_seat` none, is never refused for that.
        """
        email = accept_email(email)
        chosen = password or generate_password()
        accept_new_password(chosen, email)
        password_hash = hash_password(chosen)
        with self._database.write() as session:
            if session.scalar(select(User.id).where(User.email_key == email.casefold())) is not None:
                raise Conflict(
                    lazy_gettext("L'adresse %(email)s est déjà utilisée.", email=email), code="email-taken"
                )
            require_role(session, role)
            if takes_seat:
                self._require_seat(session)
            user = User(
                email=email,
                email_key=email.casefold(),
                password_hash=password_hash,
                role=role,
                active=True,
                created_at=self._clock.now(),
            )
            session.add(user)
        return Invitation(user, None if password else chosen)

    def change(self, user_id: int, *, role: str | None = None, active: bool | None = None) -> User:
        """Change a user's role, or disable or enable the account; a disabled one is signed out everywhere.

        Raises NotFound; InvalidInput for an unknown role; Conflict when no active admin would remain or no
        seat is free.
        """
        with self._database.write() as session:
            user = _existing(session, user_id)
            if active is True and not user.active:
                self._require_seat(session)
            if role is not None:
                require_role(session, role)
                user.role = role
            if active is not None:
                user.active = active
            if active is False:
                revoke_sessions_of(session, user_id, self._clock.now())
            _require_an_admin(session)
        return user

    def reset_password(self, user_id: int, password: SecretStr | None = None) -> Invitation:
        """Set a password (generated unless given), sign the user out everywhere and lift a lock-out.

        Raises NotFound, or InvalidInput for a refused password.
        """
        chosen = password or generate_password()
        accept_new_password(chosen, self.get(user_id).email)
        password_hash = hash_password(chosen)
        with self._database.write() as session:
            user = _existing(session, user_id)
            user.password_hash = password_hash
            revoke_sessions_of(session, user_id, self._clock.now())
            forget_failures(session, digest(user.email_key))
        return Invitation(user, None if password else chosen)

    def change_own_password(
        self, user_id: int, session_id: str | None, current: SecretStr, new: SecretStr
    ) -> None:
        """Replace a password by whoever knows it; every other sign-in of the user ends.

        Raises Forbidden when ``current`` is wrong, InvalidInput when ``new`` is refused.
        """
        user = self.require_password(user_id, current)
        accept_new_password(new, user.email)
        password_hash = hash_password(new)
        with self._database.write() as session:
            _existing(session, user_id).password_hash = password_hash
            revoke_sessions_of(session, user_id, self._clock.now(), but=session_id)

    def require_password(self, user_id: int, password: SecretStr) -> User:
        """Return the user whose password this is; raises Forbidden when it is another."""
        user = self.get(user_id)
        if not password_matches(user.password_hash, password):
            raise Forbidden(lazy_gettext("Le mot de passe actuel n'est pas le bon."), code="wrong-password")
        return user

    def remove(self, user_id: int) -> None:
        """Erase the account and its sign-ins. Raises NotFound; Conflict for the last active admin."""
        with self._database.write() as session:
            self.erase_in(session, user_id)

    def erase_in(self, session: Session, user_id: int) -> None:
        """Erase the account in one transaction with what else the caller writes; see ``remove``."""
        user = _existing(session, user_id)
        forget_failures(session, digest(user.email_key))
        session.delete(user)
        session.flush()
        _require_an_admin(session)

    def erase_of_domain(self, domain: str) -> int:
        """Erase every account whose address is in this domain; return how many there were."""
        with self._database.write() as session:
            users = session.scalars(select(User).where(User.email_key.endswith(f"@{domain}"))).all()
            for user in users:
                forget_failures(session, digest(user.email_key))
                session.delete(user)
        return len(users)

    def _require_seat(self, session: Session) -> None:
        taken = session.scalar(select(func.count()).select_from(User).where(User.active)) or 0
        if taken >= self._seats:
            raise Conflict(
                lazy_gettext(
                    "Les %(seats)s places de votre abonnement sont prises : désactivez un compte ou "
                    "changez d'abonnement.",
                    seats=self._seats,
                ),
                code="no-seat-left",
            )


def accept_email(email: str) -> str:
    """Return the address in its normal form; raises InvalidInput when it is not one."""
    try:
        # Judged by its shape alone: nothing is looked up, and a test's own domain is accepted.
        return validate_email(email, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise InvalidInput(
            lazy_gettext("« %(email)s » n'est pas une adresse e-mail valable.", email=email),
            code="invalid-email",
        ) from error


def _existing(session: Session, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound(lazy_gettext("Cet utilisateur n'existe pas."))
    return user


def _require_an_admin(session: Session) -> None:
    session.flush()
    if session.scalar(select(User.id).where(User.role == "admin", User.active).limit(1)) is None:
        raise Conflict(
            lazy_gettext("Il doit rester au moins un administrateur actif."), code="last-administrator"
        )
