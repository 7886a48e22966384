"""Links good once, by which people choose their own password: nobody else ever knows it.

Of a link only the digest is kept. A newer one takes the place of the one before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flask_babel import lazy_gettext
from pydantic import SecretStr
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tenant_app.accounts.lockout import forget_failures
from tenant_app.accounts.models import OneTimeLink, User
from tenant_app.accounts.passwords import accept_new_password, hash_password
from tenant_app.accounts.secrets import digest, new_secret
from tenant_app.accounts.sessions import revoke_sessions_of
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import LinkNotValid, NotFound

LIFETIME: Final = timedelta(days=7)


@dataclass(frozen=True)
class IssuedLink:
    """A link's secret at the only moment it is known."""

    secret: SecretStr
    expires_at: datetime


class OneTimeLinks:
    """The links of the instance."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def issue(self, user_id: int) -> IssuedLink:
        """Return a new link for a user; the one before is good no more. Raises NotFound."""
        secret, expires_at = new_secret(), self._clock.now() + LIFETIME
        with self._database.write() as session:
            if session.get(User, user_id) is None:
                raise NotFound(lazy_gettext("Cet utilisateur n'existe pas."))
            session.merge(OneTimeLink(user_id=user_id, secret_hash=digest(secret), expires_at=expires_at))
        return IssuedLink(SecretStr(secret), expires_at)

    def redeem(self, secret: SecretStr, password: SecretStr) -> None:
        """Give the password to whoever the link is for, sign them out everywhere and lift a lock-out.

        Raises InvalidInput for a refused password, which leaves the link good, and LinkNotValid for a
        link that is unknown, used, replaced or over, or whose account is disabled.
        """
        with self._database.read() as session:
            email = self._user(session, secret).email
        accept_new_password(password, email)
        password_hash = hash_password(password)
        with self._database.write() as session:
            # Again: of two at once, one finds it.
            user = self._user(session, secret)
            user.password_hash = password_hash
            session.execute(delete(OneTimeLink).where(OneTimeLink.user_id == user.id))
            revoke_sessions_of(session, user.id, self._clock.now())
            forget_failures(session, digest(user.email_key))

    def pending(self) -> Mapping[int, datetime]:
        """Return until when each user's link is good, of those that still are."""
        with self._database.read() as session:
            live = select(OneTimeLink).where(OneTimeLink.expires_at > self._clock.now())
            return {link.user_id: link.expires_at for link in session.scalars(live)}

    def close_all(self) -> None:
        """Make every link worthless."""
        with self._database.write() as session:
            session.execute(delete(OneTimeLink))

    def _user(self, session: Session, secret: SecretStr) -> User:
        known = select(OneTimeLink).where(OneTimeLink.secret_hash == digest(secret.get_secret_value()))
        link = session.scalar(known)
        user = session.get(User, link.user_id) if link and link.expires_at > self._clock.now() else None
        if user is None or not user.active:
            raise LinkNotValid(
                lazy_gettext("Ce lien n'est plus valable : demandez-en un autre à votre administrateur.")
            )
        return user
