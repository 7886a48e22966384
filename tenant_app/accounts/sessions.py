"""Sign-ins kept on the server: browsers' sessions and programs' chains of refresh tokens, both revocable."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import lazy_gettext
from pydantic import SecretStr
from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from tenant_app.accounts.activity import note_activity
from tenant_app.accounts.actor import Actor, Credential
from tenant_app.accounts.models import RefreshToken, SignInSession, User
from tenant_app.accounts.own_roles import permissions_in
from tenant_app.accounts.secrets import digest, new_secret
from tenant_app.accounts.tokens import ACCESS_LIFETIME, AccessClaims, InvalidToken, sign, verify
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import NotFound, Unauthenticated
from tenant_app.months import month_of
from tenant_app.settings import FormerKey

PAGE_LIFETIME = timedelta(hours=12)
API_LIFETIME = timedelta(days=30)


@dataclass(frozen=True)
class TokenPair:
    """What a program gets when it signs in; ``expires_in`` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


class Sessions:
    """Opens, recognises, renews and revokes sign-ins."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        client_id: str,
        key: SecretStr,
        former: FormerKey | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._client_id = client_id
        self._key = key
        self._former = former

    def open_page(self, user_id: int) -> str:
        """Return the secret of a new browser session; only its digest is kept."""
        cookie = new_secret()
        with self._database.write() as session:
            self._open(session, user_id, PAGE_LIFETIME, digest(cookie))
        return cookie

    def open_api(self, user_id: int) -> TokenPair:
        """Return the first tokens of a new program's sign-in."""
        with self._database.write() as session:
            opened = self._open(session, user_id, API_LIFETIME, None)
            return self._issue(session, opened)

    def renew(self, refresh_token: str) -> TokenPair:
        """Exchange a refresh token for new tokens; each is good once.

        Raises Unauthenticated for one that is unknown, expired or revoked. One that was used already has been
        copied by somebody: the whole sign-in is revoked, access tokens too.
        """
        now = self._clock.now()
        with self._database.write() as session:
            token = session.get(RefreshToken, digest(refresh_token))
            found = self._live(session, token.session_id, now) if token else None
            if token is not None and found is not None:
                opened, _ = found
                if token.used_at is None:
                    token.used_at = now
                    return self._issue(session, opened)
                opened.revoked_at = now
        # Raised outside the transaction, which must keep the revocation.
        raise Unauthenticated(lazy_gettext("Ce jeton de renouvellement n'est pas valable."))

    def actor_of_cookie(self, cookie: str) -> Actor:
        """Return who the browser session belongs to; raises Unauthenticated when it is over."""
        with self._database.read() as session:
            query = select(SignInSession.id).where(SignInSession.cookie_hash == digest(cookie))
            return self._actor(session, session.scalar(query), "session")

    def actor_of_token(self, access_token: str) -> Actor:
        """Return who the access token belongs to; raises Unauthenticated when it proves nothing."""
        now = self._clock.now()
        try:
            claims = verify(
                access_token,
                AccessClaims,
                keys=self._readable(now),
                audience=self._client_id,
                now=now,
                lifetime=ACCESS_LIFETIME,
            )
        except InvalidToken as error:
            raise _over() from error
        with self._database.read() as session:
            actor = self._actor(session, claims.sid, "jwt")
        if claims.iss != self._client_id or claims.sub != str(actor.user_id):
            raise _over()
        return actor

    def _readable(self, now: datetime) -> list[SecretStr]:
        former = self._former
        return [self._key, former.key] if former is not None and now < former.until else [self._key]

    def actor_of_session(self, session_id: str, credential: Credential) -> Actor:
        """Return who the sign-in belongs to as of now; raises Unauthenticated when it is over."""
        with self._database.read() as session:
            return self._actor(session, session_id, credential)

    def close(self, session_id: str) -> None:
        """Sign out: the cookie, the refresh tokens and the access tokens of this sign-in stop at once."""
        with self._database.write() as session:
            session.execute(
                update(SignInSession)
                .where(SignInSession.id == session_id)
                .values(revoked_at=self._clock.now())
            )

    def close_all(self) -> None:
        """End every sign-in of everybody."""
        with self._database.write() as session:
            session.execute(
                update(SignInSession)
                .where(SignInSession.revoked_at.is_(None))
                .values(revoked_at=self._clock.now())
            )

    def list_own(self, actor: Actor) -> Sequence[SignInSession]:
        """Return the actor's sign-ins that are still good, newest first."""
        with self._database.read() as session:
            query = _live_sessions_of(actor, self._clock.now())
            return session.scalars(query.order_by(SignInSession.created_at.desc())).all()

    def close_own(self, actor: Actor, session_id: str) -> None:
        """End one of the actor's own sign-ins. Raises NotFound for any other."""
        with self._database.write() as session:
            now = self._clock.now()
            opened = session.scalar(_live_sessions_of(actor, now).where(SignInSession.id == session_id))
            if opened is None:
                raise NotFound(lazy_gettext("Cette session n'existe pas, ou elle est terminée."))
            opened.revoked_at = now

    def close_others(self, actor: Actor) -> None:
        """End every sign-in of the actor but the one that asks."""
        if actor.user_id is not None:
            with self._database.write() as session:
                revoke_sessions_of(session, actor.user_id, self._clock.now(), but=actor.session_id)

    def _open(
        self, session: Session, user_id: int, lifetime: timedelta, cookie_hash: str | None
    ) -> SignInSession:
        now = self._clock.now()
        session.execute(delete(SignInSession).where(SignInSession.expires_at < now))
        opened = SignInSession(
            id=secrets.token_hex(16),
            user_id=user_id,
            cookie_hash=cookie_hash,
            created_at=now,
            expires_at=now + lifetime,
        )
        session.add(opened)
        session.flush()
        note_activity(session, user_id, month_of(now))
        return opened

    def _issue(self, session: Session, opened: SignInSession) -> TokenPair:
        refresh_token = new_secret()
        session.add(RefreshToken(token_hash=digest(refresh_token), session_id=opened.id))
        issued_at = int(self._clock.now().timestamp())
        lifetime = int(ACCESS_LIFETIME.total_seconds())
        claims = AccessClaims(
            typ="access",
            iss=self._client_id,
            aud=self._client_id,
            sub=str(opened.user_id),
            sid=opened.id,
            jti=secrets.token_hex(16),
            iat=issued_at,
            exp=issued_at + lifetime,
        )
        return TokenPair(sign(claims, self._key), refresh_token, lifetime)

    def _live(self, session: Session, session_id: str, now: datetime) -> tuple[SignInSession, User] | None:
        """Return the sign-in and its user while both are good."""
        query = select(SignInSession, User).join(User).where(SignInSession.id == session_id)
        found = session.execute(query).one_or_none()
        if found is None:
            return None
        opened, user = found
        good = opened.revoked_at is None and now < opened.expires_at and user.active
        return (opened, user) if good else None

    def _actor(self, session: Session, session_id: str | None, credential: Credential) -> Actor:
        found = self._live(session, session_id, self._clock.now()) if session_id else None
        if found is None:
            raise _over()
        opened, user = found
        return Actor(
            user_id=user.id,
            name=user.email,
            role=user.role,
            permissions=permissions_in(session, user.role),
            credential=credential,
            session_id=opened.id,
        )


def _live_sessions_of(actor: Actor, now: datetime) -> Select[SignInSession]:
    return select(SignInSession).where(
        SignInSession.user_id == actor.user_id,
        SignInSession.revoked_at.is_(None),
        SignInSession.expires_at > now,
    )


def revoke_sessions_of(session: Session, user_id: int, now: datetime, *, but: str | None = None) -> None:
    """Sign the user out everywhere, except from the sign-in ``but``."""
    query = update(SignInSession).where(SignInSession.user_id == user_id, SignInSession.revoked_at.is_(None))
    if but is not None:
        query = query.where(SignInSession.id != but)
    session.execute(query.values(revoked_at=now))


def _over() -> Unauthenticated:
    return Unauthenticated(lazy_gettext("La session ou le jeton n'est pas valable, ou ne l'est plus."))
