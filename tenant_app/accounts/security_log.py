"""The security log: signs of abuse, kept for good and told to the operator; never what was asked or typed."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from tenant_app.clock import Clock
from tenant_app.database import Base, Database, UtcDateTime
from tenant_app.logs import get_log

EventKind = Literal["refused-input", "spam", "lock-out", "injection", "key-misuse"]

MOST_LISTED: Final = 200
QUIET: Final = timedelta(minutes=1)
"""The same sign of the same person is kept once in this time, so that abuse cannot fill the disk."""

log = get_log(__name__)


class SecurityEvent(Base):
    """One sign of abuse. Lines are only added: triggers refuse to change or delete one."""

    __tablename__ = "security_events"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[EventKind] = mapped_column(String)
    code: Mapped[str]
    """Which rule: the code of the refusal the person was shown."""
    # Not foreign keys: a user who is erased later must not change the log.
    user_id: Mapped[int | None]
    key_id: Mapped[int | None]


class SecurityLog:
    """Writes and reads the log of one instance."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._noted: dict[tuple[EventKind, str, int | None, int | None], datetime] = {}

    def note(
        self, kind: EventKind, code: str, *, user_id: int | None = None, key_id: int | None = None
    ) -> None:
        """Keep one event, and log it; nothing when the same was kept less than a minute ago."""
        now = self._clock.now()
        if not self._is_news((kind, code, user_id, key_id), now):
            return
        with self._database.write() as session:
            session.add(SecurityEvent(at=now, kind=kind, code=code, user_id=user_id, key_id=key_id))
        log.warning("security_event", kind=kind, code=code, user_id=user_id, key_id=key_id)

    def latest(self) -> Sequence[SecurityEvent]:
        """Return the last 200 events, newest first."""
        with self._database.read() as session:
            newest = select(SecurityEvent).order_by(SecurityEvent.id.desc()).limit(MOST_LISTED)
            return session.scalars(newest).all()

    def _is_news(self, sign: tuple[EventKind, str, int | None, int | None], now: datetime) -> bool:
        with self._lock:
            self._noted = {one: at for one, at in self._noted.items() if now - QUIET < at <= now}
            if sign in self._noted:
                return False
            self._noted[sign] = now
            return True
