"""What was seen of each client, day by day (UTC): how it answered, and how far its month's counters were.

A day's use is how much a counter grew; who looks every few minutes is that much off at midnight. Nothing is
made up for days on which nobody looked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from provisioner.dashboard.store import Store
from provisioner.service.health import Health
from provisioner.usage_files import UsageRecord

KEPT_FOR: Final = timedelta(days=400)
_Counter = Literal["requests", "analyses"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One client at one moment. `health` is None when it was not to be asked: asleep, stopped, suspended."""

    client: str
    health: Health | None
    usage: UsageRecord | None


@dataclass(frozen=True, slots=True)
class Day:
    """What a client used on a day, and what it had at its end; None: nobody looked, or not the day before."""

    day: date
    requests: int | None = None
    analyses: int | None = None
    documents: int | None = None
    storage_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Availability:
    """A month's answers: how often a client was asked, and how often it answered that it was ready."""

    month: str
    asked: int
    ready: int

    @property
    def share(self) -> float | None:
        """Ready answers among all; None when it was never asked."""
        return self.ready / self.asked if self.asked else None


class Observations:
    """Keeps what was seen."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(self, moment: datetime, seen: Sequence[Seen]) -> None:
        """Add what was seen of every client there is; what was seen of others, and long ago, goes."""
        day = moment.date().isoformat()
        before = (moment.date() - KEPT_FOR).isoformat()
        with self._store.change() as connection:
            connection.executemany(
                "INSERT INTO health_days VALUES (?, ?, ?, ?) ON CONFLICT (client, day)"
                " DO UPDATE SET asked = asked + 1, ready = ready + excluded.ready",
                [(one.client, day, 1, one.health == Health.OK) for one in seen if one.health],
            )
            connection.executemany(
                "INSERT OR REPLACE INTO usage_days VALUES (?, ?, ?, ?, ?, ?)",
                [_counters(one.client, day, one.usage) for one in seen if one.usage],
            )
            _forget(connection, [one.client for one in seen], before)

    def days(self, client: str, last: date, count: int) -> list[Day]:
        """Return a client's last `count` days up to `last`, oldest first, unknown ones included."""
        first = last - timedelta(days=count - 1)
        with self._store.change() as connection:
            rows = _usage(connection, client, first, last)
        return _daily(rows, first, count)

    def requests(self, clients: Iterable[str], last: date, count: int) -> Mapping[str, list[int | None]]:
        """Return the requests of each of these clients on the last `count` days, oldest first."""
        first = last - timedelta(days=count - 1)
        with self._store.change() as connection:
            rows = {one: _usage(connection, one, first, last) for one in clients}
        return {one: [day.requests for day in _daily(known, first, count)] for one, known in rows.items()}

    def availability(self, client: str) -> list[Availability]:
        """Return a client's months, the newest first."""
        with self._store.change() as connection:
            rows = connection.execute(
                "SELECT substr(day, 1, 7) AS month, sum(asked) AS asked, sum(ready) AS ready"
                " FROM health_days WHERE client = ? GROUP BY month ORDER BY month DESC",
                (client,),
            ).fetchall()
        return [Availability(row["month"], row["asked"], row["ready"]) for row in rows]

    def of_month(self, month: str) -> dict[str, Availability]:
        """Return each client's availability in a month (`YYYY-MM`)."""
        with self._store.change() as connection:
            rows = connection.execute(
                "SELECT client, sum(asked) AS asked, sum(ready) AS ready FROM health_days"
                " WHERE day BETWEEN ? AND ? GROUP BY client",
                (f"{month}-01", f"{month}-31"),
            ).fetchall()
        return {row["client"]: Availability(month, row["asked"], row["ready"]) for row in rows}


def _counters(client: str, day: str, usage: UsageRecord) -> tuple[str, str, int, int, int, int]:
    return (client, day, usage.requests_used, usage.analyses_used, usage.documents, usage.storage_bytes)


def _forget(connection: sqlite3.Connection, clients: Sequence[str], before: str) -> None:
    connection.execute("CREATE TEMP TABLE present (client TEXT PRIMARY KEY)")
    connection.executemany("INSERT INTO present VALUES (?)", [(one,) for one in clients])
    for table in ("health_days", "usage_days"):
        connection.execute(
            f"DELETE FROM {table} WHERE day < ? OR client NOT IN (SELECT client FROM present)",  # noqa: S608
            (before,),
        )


def _usage(connection: sqlite3.Connection, client: str, first: date, last: date) -> list[sqlite3.Row]:
    """Return what is known of these days, and of the one before: it tells how far the counters were."""
    return connection.execute(
        "SELECT * FROM usage_days WHERE client = ? AND day BETWEEN ? AND ?",
        (client, (first - timedelta(days=1)).isoformat(), last.isoformat()),
    ).fetchall()


def _daily(rows: Sequence[sqlite3.Row], first: date, count: int) -> list[Day]:
    known = {date.fromisoformat(row["day"]): row for row in rows}
    found = []
    for day in (first + timedelta(days=number) for number in range(count)):
        row, before = known.get(day), known.get(day - timedelta(days=1))
        if row is None:
            found.append(Day(day))
            continue
        grown: dict[_Counter, int | None] = {
            "requests": _grown("requests", row, before, day),
            "analyses": _grown("analyses", row, before, day),
        }
        found.append(Day(day, documents=row["documents"], storage_bytes=row["storage_bytes"], **grown))
    return found


def _grown(counter: _Counter, row: sqlite3.Row, before: sqlite3.Row | None, day: date) -> int | None:
    """How much a month's counter grew on a day: it begins at nothing on the first. A 5xx gives units back."""
    if day.day == 1:
        return int(row[counter])
    return max(0, row[counter] - before[counter]) if before else None
