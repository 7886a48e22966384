"""The book of alerts, `<root>/alerts/alerts.sqlite3`: what was told, what is still to be, who asked how much.

An alert is told when it is new, once a day while it lasts, and when it is over. What is to be told is written
down with the alert itself, so that a check that is cut off tells it the next time.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from provisioner.alerting.conditions import TOLD_ONCE, Concern, Condition
from provisioner.alerting.traffic import Counted, Hour, added
from provisioner.clock import Clock, stamp
from provisioner.filesystem import make_directory
from provisioner.private_database import make, transaction

REMINDED_EVERY: Final = timedelta(days=1)
CALLED_FOR: Final = timedelta(days=1)
"""How long a webhook that does not answer is called again."""
_HABIT: Final = timedelta(days=7)
_LEAST_HABIT: Final = timedelta(days=3)
_HOUR: Final = timedelta(hours=1)
_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS alerts (
        key TEXT PRIMARY KEY, concern TEXT NOT NULL, client_id TEXT NOT NULL, problem TEXT NOT NULL,
        mend TEXT NOT NULL, since TEXT NOT NULL, told_at TEXT, level INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS owed (
        number INTEGER PRIMARY KEY AUTOINCREMENT, way TEXT NOT NULL, body TEXT NOT NULL, at TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS counted (
        client_id TEXT PRIMARY KEY, month TEXT NOT NULL, requests INTEGER NOT NULL, since TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS asked (
        client_id TEXT NOT NULL, at TEXT NOT NULL, requests INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX IF NOT EXISTS asked_by_client ON asked (client_id, at)",
)


class Turn(StrEnum):
    """What is told of an alert."""

    OPENED = "opened"
    CONTINUES = "continues"
    OVER = "over"


class Way(StrEnum):
    """How it is told."""

    MAIL = "mail"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that was noticed; `told_at` is None while it is doubtful."""

    condition: Condition
    since: datetime
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """One thing to tell."""

    turn: Turn
    alert: Alert

    def document(self) -> dict[str, str]:
        """Return it as a webhook is given it."""
        condition = self.alert.condition
        return {
            "turn": self.turn.value,
            "key": condition.key,
            "concern": condition.concern.value,
            "client": condition.client_id,
            "problem": condition.problem,
            "mend": condition.mend,
            "since": stamp(self.alert.since),
        }


@dataclass(frozen=True, slots=True)
class Owed:
    """Something that is still to be told one way; `document` is `Told.document`."""

    number: int
    way: Way
    document: dict[str, str]
    at: datetime


def decide(known: Iterable[Alert], present: Iterable[Condition], now: datetime) -> list[Told]:
    """Return what is to be told: of what is new or worse, what has lasted another day, and what is over.

    What was doubtful the last time and is still there is new. Alerts that are not to be told of are kept as
    they are, or, never told, forgotten once they are over.
    """
    before = {alert.condition.key: alert for alert in known}
    told = []
    for condition in present:
        alert = before.pop(condition.key, None)
        if alert is None:
            if not condition.doubtful:
                told.append(Told(Turn.OPENED, Alert(condition, now, now)))
        elif alert.told_at is None or condition.level > alert.condition.level:
            told.append(Told(Turn.OPENED, Alert(condition, alert.since, now)))
        elif condition.concern not in TOLD_ONCE and now - alert.told_at >= REMINDED_EVERY:
            told.append(Told(Turn.CONTINUES, Alert(condition, alert.since, now)))
    over = (
        alert
        for alert in before.values()
        if alert.told_at is not None and alert.condition.concern not in TOLD_ONCE
    )
    return [*told, *(Told(Turn.OVER, replace(alert, told_at=now)) for alert in over)]


class Book:
    """The alerts of one root."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """`folder` is made, private, when it is missing. Raises OSError."""
        make_directory(folder, 0o700)
        self._path = folder / "alerts.sqlite3"
        self._clock = clock
        make(self._path)
        with self._change() as connection:
            for table in _TABLES:
                connection.execute(table)

    def alerts(self) -> list[Alert]:
        """Return what is wrong as of the last check, the oldest first."""
        with self._change() as connection:
            return [_alert(row) for row in connection.execute("SELECT * FROM alerts ORDER BY since, key")]

    def record(self, present: list[Condition], ways: tuple[Way, ...]) -> list[Told]:
        """Take up what is wrong now, write down what is to be told each way, and return it."""
        now = self._clock.now()
        with self._change() as connection:
            known = [_alert(row) for row in connection.execute("SELECT * FROM alerts")]
            told = decide(known, present, now)
            since = {alert.condition.key: alert for alert in known}
            fresh = {one.alert.condition.key: one.alert for one in told if one.turn != Turn.OVER}
            connection.execute("DELETE FROM alerts")
            for condition in present:
                before = since.get(condition.key)
                alert = fresh.get(condition.key) or Alert(
                    condition, before.since if before else now, before.told_at if before else None
                )
                _keep(connection, alert)
            for one in told:
                for way in ways:
                    connection.execute(
                        "INSERT INTO owed (way, body, at) VALUES (?, ?, ?)",
                        (way, json.dumps(one.document(), ensure_ascii=False), stamp(now)),
                    )
        return told

    def owed(self, way: Way) -> list[Owed]:
        """Return what is still to be told one way, the oldest first; a webhook's for a day."""
        oldest = self._clock.now() - CALLED_FOR
        with self._change() as connection:
            connection.execute("DELETE FROM owed WHERE way = ? AND at < ?", (Way.WEBHOOK, stamp(oldest)))
            rows = connection.execute("SELECT * FROM owed WHERE way = ? ORDER BY number", (way,)).fetchall()
        return [
            Owed(row["number"], Way(row["way"]), json.loads(row["body"]), _moment(row["at"])) for row in rows
        ]

    def paid(self, owed: Owed) -> None:
        """Record that it was told."""
        with self._change() as connection:
            connection.execute("DELETE FROM owed WHERE number = ?", (owed.number,))

    def count(self, client_id: str, now_counted: Counted) -> Hour:
        """Take up how many questions a client's month has, and return its last hour beside its habit."""
        now = self._clock.now()
        with self._change() as connection:
            row = connection.execute("SELECT * FROM counted WHERE client_id = ?", (client_id,)).fetchone()
            before = Counted(row["month"], row["requests"]) if row else None
            since = row["since"] if row else stamp(now)
            connection.execute(
                "INSERT OR REPLACE INTO counted VALUES (?, ?, ?, ?)",
                (client_id, now_counted.month, now_counted.requests, since),
            )
            if new := added(before, now_counted):
                connection.execute("INSERT INTO asked VALUES (?, ?, ?)", (client_id, stamp(now), new))
            connection.execute("DELETE FROM asked WHERE at < ?", (stamp(now - _HABIT - _HOUR),))
            return Hour(
                _asked(connection, client_id, now - _HOUR, now),
                _busiest(connection, client_id, now) if now - _moment(since) >= _LEAST_HABIT else None,
            )

    def forget_client(self, client_id: str) -> None:
        """Erase what a client asked and every alert about it."""
        with self._change() as connection:
            for table in ("alerts", "counted", "asked"):
                connection.execute(f"DELETE FROM {table} WHERE client_id = ?", (client_id,))  # noqa: S608

    def forget_traffic(self, client_id: str) -> None:
        """Begin anew to count what a client asks: what it was blocked for shall not block it again."""
        with self._change() as connection:
            for table in ("counted", "asked"):
                connection.execute(f"DELETE FROM {table} WHERE client_id = ?", (client_id,))  # noqa: S608

    def _change(self) -> AbstractContextManager[sqlite3.Connection]:
        return transaction(self._path)


def _keep(connection: sqlite3.Connection, alert: Alert) -> None:
    condition = alert.condition
    connection.execute(
        "INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            condition.key,
            condition.concern,
            condition.client_id,
            condition.problem,
            condition.mend,
            stamp(alert.since),
            stamp(alert.told_at) if alert.told_at else None,
            condition.level,
        ),
    )


def _asked(connection: sqlite3.Connection, client_id: str, since: datetime, until: datetime) -> int:
    row = connection.execute(
        "SELECT coalesce(sum(requests), 0) AS n FROM asked WHERE client_id = ? AND at > ? AND at <= ?",
        (client_id, stamp(since), stamp(until)),
    ).fetchone()
    return int(row["n"])


def _busiest(connection: sqlite3.Connection, client_id: str, now: datetime) -> int:
    """Return the most of any whole hour of the clock in the week before the last hour."""
    row = connection.execute(
        "SELECT coalesce(max(n), 0) AS n FROM (SELECT sum(requests) AS n FROM asked"
        " WHERE client_id = ? AND at <= ? GROUP BY substr(at, 1, 13))",
        (client_id, stamp(now - _HOUR)),
    ).fetchone()
    return int(row["n"])


def _alert(row: Any) -> Alert:
    condition = Condition(
        row["key"],
        Concern(row["concern"]),
        row["client_id"],
        row["problem"],
        row["mend"],
        level=row["level"],
    )
    told_at = _moment(row["told_at"]) if row["told_at"] else None
    return Alert(condition, _moment(row["since"]), told_at)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
