"""Counting what the client uses: a unit is reserved before the work, then settled or given back.

The decision (is a unit left, is the pace kept) and the reservation are one write transaction, so any number
of parallel calls get exactly as many units as there are.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from flask_babel import lazy_gettext
from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from tenant_app.accounts.activity import note_activity
from tenant_app.accounts.actor import Actor
from tenant_app.billing.key_limits import require_key_room
from tenant_app.billing.models import Entry, Kind, LedgerEntry, Mode
from tenant_app.billing.pace import wait_for_room, whole_seconds
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import Forbidden, QuotaExceeded, RateLimited
from tenant_app.months import month_begins, month_ends, month_of
from tenant_app.settings import Settings

_NOTHING: Final = Decimal(0)
REOPENS_NO_MONTH: Final = timedelta(days=1)
"""A clock set back by at most this much reopens no month; set back further, it was wrong and is mended."""


@dataclass(frozen=True)
class Reservation:
    """One unit taken, of the ``month`` it counts for."""

    id: int
    kind: Kind
    month: str


class Ledger:
    """The units of one instance; ``changed`` is called with its month after a unit was closed."""

    def __init__(
        self, database: Database, settings: Settings, clock: Clock, *, changed: Callable[[str], None]
    ) -> None:
        self._database = database
        self._clock = clock
        self._limits: dict[Kind, int | None] = {
            "request": _hard(settings.max_requests_monthly, settings.overage_request_price),
            "analysis": _hard(settings.max_analysis_monthly, settings.overage_analysis_price),
        }
        self._per_minute = settings.max_requests_per_minute
        self._last_day = settings.plan_expires_on
        self._changed = changed

    def reserve(self, actor: Actor, kind: Kind = "request") -> Reservation:
        """Take one unit.

        Raises QuotaExceeded when the month has none left, RateLimited when the last minute was full (both say
        when to come back; of the plan's limits and of the key's own), Forbidden when the plan has ended.
        """
        with self._database.write() as session:
            now = self._clock.now()
            self._require_plan(now)
            month = account_month(now, _newest_month(session))
            self._require_unit(session, kind, month, now)
            self._require_pace(session, now)
            if actor.key_id is not None:
                require_key_room(session, actor.key_id, kind, month, now)
            line = LedgerEntry(
                entry="reserved", kind=kind, month=month, at=now, user_id=actor.user_id, key_id=actor.key_id
            )
            session.add(line)
            session.flush()
            if actor.user_id is not None:
                note_activity(session, actor.user_id, month)
        return _reservation(line)

    def settle(
        self,
        reservation: Reservation,
        *,
        mode: Mode,
        tokens_in: int = 0,
        tokens_out: int = 0,
        cost: Decimal = _NOTHING,
    ) -> None:
        """Keep the unit and note what the answer took; ``cost`` is in euros.

        A reservation is closed once: the first ``settle`` or ``give_back`` decides, later ones do nothing.
        """
        with self.settling(reservation, mode=mode, tokens_in=tokens_in, tokens_out=tokens_out, cost=cost):
            pass

    @contextmanager
    def settling(
        self, reservation: Reservation, *, mode: Mode, tokens_in: int, tokens_out: int, cost: Decimal
    ) -> Iterator[Session]:
        """Settle in one transaction with what the block writes: the answer and its price, or neither."""
        line = self._closing(reservation, "settled")
        line.mode, line.tokens_in, line.tokens_out, line.cost = mode, tokens_in, tokens_out, cost
        with self._database.write() as session:
            _close(session, line)
            yield session
        self._changed(reservation.month)

    def give_back(
        self,
        reservation: Reservation,
        *,
        tokens_in: int = 0,
        tokens_out: int = 0,
        cost: Decimal = _NOTHING,
    ) -> None:
        """Return the unit: it was not served. What the model took all the same is noted. See ``settle``."""
        line = self._closing(reservation, "given_back")
        line.tokens_in, line.tokens_out, line.cost = tokens_in, tokens_out, cost
        with self._database.write() as session:
            _close(session, line)
        self._changed(reservation.month)

    def give_back_open(self) -> int:
        """Return every unit still open and say how many.

        Only right while nothing is being served, that is at boot: what is open then was left by a process
        that died before it answered.
        """
        with self._database.write() as session:
            lines = session.scalars(_open_reservations()).all()
            for line in lines:
                _close(session, self._closing(_reservation(line), "given_back"))
        for month in {line.month for line in lines}:
            self._changed(month)
        return len(lines)

    def _closing(self, reservation: Reservation, entry: Entry) -> LedgerEntry:
        return LedgerEntry(
            entry=entry,
            reservation_id=reservation.id,
            kind=reservation.kind,
            month=reservation.month,
            at=self._clock.now(),
        )

    def _require_plan(self, now: datetime) -> None:
        if self._last_day is not None and now.astimezone(UTC).date() > self._last_day:
            raise Forbidden(
                lazy_gettext(
                    "Votre abonnement a pris fin le %(day)s ; contactez votre fournisseur pour le prolonger.",
                    day=self._last_day.isoformat(),
                ),
                code="plan-expired",
            )

    def _require_unit(self, session: Session, kind: Kind, month: str, now: datetime) -> None:
        limit = self._limits[kind]
        if limit is None or units_used(session, month).get(kind, 0) < limit:
            return
        begins = month_ends(month)
        raise QuotaExceeded(
            lazy_gettext(
                "Le quota du mois (%(limit)s) est atteint ; il se renouvelle le %(day)s.",
                limit=limit,
                day=begins.date().isoformat(),
            ),
            retry_after=whole_seconds(begins - now),
        )

    def _require_pace(self, session: Session, now: datetime) -> None:
        wait = wait_for_room(session, now, self._per_minute)
        if wait is not None:
            raise RateLimited(
                lazy_gettext("Trop de questions en une minute ; réessayez dans %(wait)s s.", wait=wait),
                retry_after=wait,
            )


def units_used(session: Session, month: str) -> dict[str, int]:
    """Return how many units of each kind count for the month: those reserved less those given back."""
    rows = session.execute(
        select(LedgerEntry.kind, LedgerEntry.entry, func.count())
        .where(LedgerEntry.month == month, LedgerEntry.entry != "settled")
        .group_by(LedgerEntry.kind, LedgerEntry.entry)
    )
    used: dict[str, int] = {}
    for kind, entry, count in rows:
        used[kind] = used.get(kind, 0) + (count if entry == "reserved" else -count)
    return used


def account_month(now: datetime, newest: str | None) -> str:
    """Return the month a unit taken now counts for; ``newest`` is the month of the last line.

    A month begun stays begun when the clock is set back a little over its boundary, so that nobody uses up
    the rest of a month already closed.
    """
    month = month_of(now)
    if newest is not None and newest > month and month_begins(newest) - now <= REOPENS_NO_MONTH:
        return newest
    return month


def _hard(limit: int | None, overage_price: Decimal | None) -> int | None:
    """Units beyond a limit that have a price are served and billed: then it holds nobody back."""
    return limit if overage_price is None else None


def _newest_month(session: Session) -> str | None:
    return session.scalar(select(LedgerEntry.month).order_by(LedgerEntry.id.desc()).limit(1))


def _open_reservations() -> Select[LedgerEntry]:
    closing = aliased(LedgerEntry)
    closed = exists().where(closing.reservation_id == LedgerEntry.id)
    return select(LedgerEntry).where(LedgerEntry.entry == "reserved", ~closed)


def _close(session: Session, line: LedgerEntry) -> None:
    closed = select(LedgerEntry.id).where(LedgerEntry.reservation_id == line.reservation_id)
    if session.scalar(closed) is None:
        session.add(line)
        session.flush()


def _reservation(line: LedgerEntry) -> Reservation:
    return Reservation(line.id, line.kind, line.month)
