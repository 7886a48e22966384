"""API keys: ``sk_<plan>_<random>``, shown once, kept as a digest, revocable, replaced with an overlap.

Each may be limited: to scopes, to a last day, to a quota and a pace of its own (``billing`` counts those).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from flask_babel import lazy_gettext
from pydantic import SecretStr
from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session

from tenant_app.accounts.actor import Actor, key_actor
from tenant_app.accounts.models import ApiKey
from tenant_app.accounts.secrets import digest, new_secret
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import Conflict, Forbidden, InvalidInput, NotFound

PREFIX = "sk_"
_HINT_RANDOM_CHARACTERS = 4
_SHORTEST_RANDOM_CHARACTERS = 32
LONGEST_LIFE: Final = timedelta(days=3653)
_FINEST_USE: Final = timedelta(minutes=1)
"""How exactly the last use is known, so that not every request is a write."""


@dataclass(frozen=True)
class KeyTerms:
    """What limits a key; by default nothing does.

    Without scopes it may do all that a member may. ``expires_on`` is its last day (UTC). Its own quota counts
    the requests of a month, its own pace all units of a minute.
    """

    scopes: frozenset[str] = frozenset()
    expires_on: date | None = None
    requests_monthly: int | None = None
    requests_per_minute: int | None = None


NO_LIMITS: Final = KeyTerms()


@dataclass(frozen=True)
class NewKey:
    """A key at the only moment its secret is known."""

    record: ApiKey
    secret: str


class ApiKeys:
    """The programs' keys of the instance."""

    def __init__(self, database: Database, clock: Clock, *, plan: str, limit: int | None) -> None:
        self._database = database
        self._clock = clock
        self._start = f"{PREFIX}{plan}_"
        self._limit = limit

    def list_live(self) -> Sequence[ApiKey]:
        """Return the keys that are accepted now, oldest first."""
        with self._database.write() as session:
            self._retire(session)
            return session.scalars(_live().order_by(ApiKey.id)).all()

    def create(self, name: str, terms: KeyTerms = NO_LIMITS, *, instead_of: int | None = None) -> NewKey:
        """Create a key. Raises Conflict when the plan allows no more, InvalidInput for no possible day.

        The room of the live key ``instead_of`` counts as free: whoever asks revokes it next.
        """
        if terms.expires_on is not None:
            _accept_last_day(terms.expires_on, self._today())
        with self._database.write() as session:
            self._retire(session)
            self._require_room(session, instead_of)
            secret = self._start + new_secret()
            return NewKey(self._add(session, name, secret, terms), secret)

    def replace(self, name: str, secret: SecretStr) -> None:
        """Make ``secret``, which somebody else generated, the only live key of that name.

        Raises InvalidInput for one that is not ``sk_<plan>_`` and at least 32 more characters.
        """
        _accept_secret(secret.get_secret_value(), self._start)
        with self._database.write() as session:
            session.execute(
                update(ApiKey)
                .where(ApiKey.name == name, ApiKey.revoked_at.is_(None))
                .values(revoked_at=self._clock.now())
            )
            self._add(session, name, secret.get_secret_value(), NO_LIMITS)

    def rotate(self, key_id: int, overlap: timedelta) -> NewKey:
        """Create a key of the same name in the place of one, which is accepted for ``overlap`` more.

        It needs no room of its own in the plan and has the same limits: what the first has used of its quota
        stays used, and the days it is good for begin anew. Raises NotFound as ``revoke`` does, and Conflict
        for one that was replaced already.
        """
        with self._database.write() as session:
            self._retire(session)
            before = self._get(session, key_id)
            if before.ends_at is not None:
                raise Conflict(
                    lazy_gettext("Cette clé a déjà été remplacée par une autre."), code="key-replaced"
                )
            before.ends_at = self._clock.now() + overlap
            secret = self._start + new_secret()
            record = self._add(session, before.name, secret, self._terms_of_successor(before))
            record.first_id = before.first_id or before.id
            self._retire(session)
            return NewKey(record, secret)

    def renew(self, key_id: int, known_hash: str) -> NewKey | None:
        """Make another key of one, which ends; None when it is not live or not the one of that digest."""
        with self._database.write() as session:
            self._retire(session)
            record = session.scalar(_live().where(ApiKey.id == key_id, ApiKey.key_hash == known_hash))
            if record is None or record.ends_at is not None:
                return None
            secret = self._start + new_secret()
            record.hint = secret[: len(self._start) + _HINT_RANDOM_CHARACTERS]
            record.key_hash = digest(secret)
        return NewKey(record, secret)

    def revoke(self, key_id: int) -> None:
        """Stop a key at once and for ever. Raises NotFound for one that is not there, or was revoked."""
        with self._database.write() as session:
            self._retire(session)
            self._get(session, key_id).revoked_at = self._clock.now()

    def revoke_all(self) -> None:
        """Stop every key there is, for ever."""
        with self._database.write() as session:
            session.execute(
                update(ApiKey).where(ApiKey.revoked_at.is_(None)).values(revoked_at=self._clock.now())
            )

    def erase(self, name: str) -> int:
        """Erase every key of that name, revoked or not, without a trace; return how many there were."""
        with self._database.write() as session:
            keys = session.scalars(select(ApiKey).where(ApiKey.name == name)).all()
            for key in keys:
                session.delete(key)
        return len(keys)

    def actor_of(self, secret: str) -> Actor:
        """Return who the key stands for, and note that it is used now.

        Raises Forbidden for one that is unknown, revoked or over.
        """
        record = self._good(_live().where(ApiKey.key_hash == digest(secret)))
        self._note_use(record)
        return _actor(record)

    def actor_of_id(self, key_id: int) -> Actor:
        """Return who the key stands for as of now; raises Forbidden when it was revoked or has ended."""
        return _actor(self._good(_live().where(ApiKey.id == key_id)))

    def _good(self, query: Select[ApiKey]) -> ApiKey:
        with self._database.read() as session:
            record = session.scalar(query)
        if record is not None and _is_over(record, self._clock.now()):
            with self._database.write() as session:
                self._retire(session)
            record = None
        if record is None:
            raise Forbidden(
                lazy_gettext("Cette clé d'API est inconnue, révoquée ou expirée."), code="unknown-key"
            )
        return record

    def _note_use(self, record: ApiKey) -> None:
        now = self._clock.now()
        if record.last_used_at is not None and abs(now - record.last_used_at) < _FINEST_USE:
            return
        with self._database.write() as session:
            session.execute(update(ApiKey).where(ApiKey.id == record.id).values(last_used_at=now))

    def _today(self) -> date:
        return self._clock.now().astimezone(UTC).date()

    def _terms_of_successor(self, before: ApiKey) -> KeyTerms:
        expires_on = None
        if before.expires_on is not None:
            expires_on = self._today() + (before.expires_on - before.created_at.date())
        scopes = frozenset(before.scopes.split())
        return KeyTerms(scopes, expires_on, before.requests_monthly, before.requests_per_minute)

    def _get(self, session: Session, key_id: int) -> ApiKey:
        record = session.scalar(_live().where(ApiKey.id == key_id))
        if record is None:
            raise NotFound(lazy_gettext("Cette clé n'existe pas."))
        return record

    def _retire(self, session: Session) -> None:
        """Revoke the keys that have ended: a clock that is set back brings none of them back."""
        now = self._clock.now()
        over = or_(ApiKey.ends_at <= now, ApiKey.expires_on < self._today())
        session.execute(update(ApiKey).where(ApiKey.revoked_at.is_(None), over).values(revoked_at=now))

    def _add(self, session: Session, name: str, secret: str, terms: KeyTerms) -> ApiKey:
        record = ApiKey(
            name=name,
            hint=secret[: len(self._start) + _HINT_RANDOM_CHARACTERS],
            key_hash=digest(secret),
            created_at=self._clock.now(),
            scopes=" ".join(sorted(terms.scopes)),
            expires_on=terms.expires_on,
            requests_monthly=terms.requests_monthly,
            requests_per_minute=terms.requests_per_minute,
        )
        session.add(record)
        session.flush()
        return record

    def _require_room(self, session: Session, going: int | None) -> None:
        if self._limit is None:
            return
        staying = _live().where(ApiKey.ends_at.is_(None), ApiKey.id != (going or 0)).subquery()
        live = session.scalar(select(func.count()).select_from(staying)) or 0
        if live >= self._limit:
            raise Conflict(
                lazy_gettext(
                    "Votre abonnement permet %(limit)s clé(s) : révoquez-en une d'abord.", limit=self._limit
                ),
                code="no-key-left",
            )


def _accept_last_day(last: date, today: date) -> None:
    if not today <= last <= today + LONGEST_LIFE:
        raise InvalidInput(
            lazy_gettext("Le dernier jour d'une clé est aujourd'hui ou plus tard, dans dix ans au plus."),
            code="invalid-last-day",
        )


def _accept_secret(secret: str, start: str) -> None:
    if not secret.startswith(start) or len(secret) < len(start) + _SHORTEST_RANDOM_CHARACTERS:
        raise InvalidInput(
            lazy_gettext("La clé doit commencer par %(start)s et porter un secret assez long.", start=start),
            code="invalid-key",
        )


def _live() -> Select[ApiKey]:
    return select(ApiKey).where(ApiKey.revoked_at.is_(None))


def _is_over(record: ApiKey, now: datetime) -> bool:
    ended = record.ends_at is not None and record.ends_at <= now
    expired = record.expires_on is not None and record.expires_on < now.astimezone(UTC).date()
    return ended or expired


def _actor(record: ApiKey) -> Actor:
    return key_actor(record.id, record.name, frozenset(record.scopes.split()))
