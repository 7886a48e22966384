"""Actions that were asked for: one row each, watched by a thread until it ends."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from provisioner.actions.requests import ActionName, Arguments, Request
from provisioner.clock import Clock, stamp
from provisioner.dashboard.roles import Actor
from provisioner.dashboard.store import Store
from provisioner.errors import ProvisionError, Refused

KEPT_FOR: Final = timedelta(days=90)
_LARGEST_NUMBER: Final = 2**63 - 1
"""The largest that SQLite knows."""
JobState = Literal["running", "done", "refused", "failed", "lost"]
Ask = Callable[[Request], Iterator[Mapping[str, Any]]]


class Busy(Refused):
    """Something is being done to the client already."""

    code = "busy"

    def __init__(self, client: str) -> None:
        super().__init__(f"Something is being done to {client} already.", "Wait until it has ended.")


class UnknownJob(Refused):
    """There is no job of that number."""

    code = "unknown-job"

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no job {number}.")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an action is: what is being done, as the `number`-th of `count` steps; all empty before."""

    step: str = ""
    number: int = 0
    count: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """An action, how far it is, and what came of it.

    ``done`` is its result, ``error`` its ``message`` and ``mend``; ``secrets`` only for who asked, and once.
    "lost": the dashboard was ended while it watched, and the client's events say what came of it.
    """

    id: int
    action: ActionName
    client: str
    who: str
    began_at: datetime
    ended_at: datetime | None
    state: JobState
    progress: Progress = Progress()
    done: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)


class Jobs:
    """Begins actions and says what became of them. Secrets and progress are in memory only.

    So is how a job ended while the store cannot be written, on a full disk: the next change takes it along.
    """

    def __init__(self, store: Store, clock: Clock, ask: Ask) -> None:
        """What an earlier process watched is lost to this one."""
        self._store = store
        self._clock = clock
        self._ask = ask
        self._lock = threading.Lock()
        self._progress: dict[int, Progress] = {}
        self._secrets: dict[int, Mapping[str, str]] = {}
        self._unwritten: dict[int, Mapping[str, str]] = {}
        with store.change() as connection:
            connection.execute("UPDATE jobs SET state = 'lost' WHERE state = 'running'")

    def begin(self, action: ActionName, client: str, arguments: Arguments, actor: Actor) -> Job:
        """Ask for an action and return its job at once; raises Busy."""
        request = Request(
            action=action, client=client, who=actor.name, arguments=arguments.model_dump(exclude_none=True)
        )
        now = self._clock.now()
        row = (action, client, actor.name, stamp(now))
        with self._changing() as connection:
            connection.execute(
                "DELETE FROM jobs WHERE state <> 'running' AND began_at < ?", (stamp(now - KEPT_FOR),)
            )
            try:
                number = connection.execute(
                    "INSERT INTO jobs (action, client, who, began_at, state) VALUES (?, ?, ?, ?, 'running')"
                    " RETURNING id",
                    row,
                ).fetchone()[0]
            except sqlite3.IntegrityError as error:
                raise Busy(client) from error
        threading.Thread(target=self._watch, args=(number, request), daemon=True).start()
        return self.get(number)

    def get(self, number: int, reader: Actor | None = None) -> Job:
        """Return a job; raises UnknownJob.

        A reader who asked for it is shown its secrets the first time it has ended.
        """
        if number > _LARGEST_NUMBER:
            raise UnknownJob(number)
        with self._store.change() as connection:
            row = connection.execute("SELECT * FROM jobs WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise UnknownJob(number)
        job = self._known(row)
        if reader is None or reader.name != job.who or job.ended_at is None:
            return job
        with self._lock:
            return replace(job, secrets=self._secrets.pop(number, {}))

    def of_client(self, client: str, limit: int) -> list[Job]:
        """Return a client's last jobs, the newest first."""
        with self._store.change() as connection:
            rows = connection.execute(
                "SELECT * FROM jobs WHERE client = ? ORDER BY id DESC LIMIT ?", (client, limit)
            ).fetchall()
        return [self._known(row) for row in rows]

    def _known(self, row: sqlite3.Row) -> Job:
        with self._lock:
            number = row["id"]
            return _job({**row, **self._unwritten.get(number, {})}, self._progress.get(number, Progress()))

    def _watch(self, number: int, request: Request) -> None:
        try:
            for told in self._ask(request):
                self._note(number, told)
        except ProvisionError as error:
            self._end(number, "failed", {"error": {"message": error.message, "mend": error.mend}})

    def _note(self, number: int, told: Mapping[str, Any]) -> None:
        if "done" in told:
            with self._lock:
                self._secrets[number] = told["secrets"]
            self._end(number, "done", {"done": told["done"]})
        elif "error" in told:
            error = told["error"]
            state: JobState = "refused" if error["refused"] else "failed"
            self._end(number, state, {"error": {"message": error["message"], "mend": error["mend"]}})
        else:
            step = told.get("step") or told.get("said", "")
            with self._lock:
                self._progress[number] = Progress(step, told.get("number", 0), told.get("count", 0))

    def _end(self, number: int, state: JobState, told: Mapping[str, Any]) -> None:
        ended = {"state": state, "ended_at": stamp(self._clock.now()), "told": json.dumps(told)}
        with self._lock:
            self._unwritten[number] = ended
            self._progress.pop(number, None)
        # On a full disk it stays in memory, where readers find it, until something can be written.
        with suppress(sqlite3.Error), self._changing():
            pass

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """Change the store, which is first told how the jobs ended that it does not know of."""
        with self._lock:
            unwritten = dict(self._unwritten)
        with self._store.change() as connection:
            for number, ended in unwritten.items():
                connection.execute(
                    "UPDATE jobs SET state = :state, ended_at = :ended_at, told = :told WHERE id = :id",
                    {**ended, "id": number},
                )
            yield connection
        with self._lock:
            for number in unwritten:
                self._unwritten.pop(number, None)


def _job(row: Mapping[str, Any], progress: Progress) -> Job:
    told = json.loads(row["told"])
    ended = row["ended_at"]
    return Job(
        id=row["id"],
        action=row["action"],
        client=row["client"],
        who=row["who"],
        began_at=datetime.fromisoformat(row["began_at"]),
        ended_at=datetime.fromisoformat(ended) if ended else None,
        state=row["state"],
        progress=progress,
        done=told.get("done", {}),
        error=told.get("error", {}),
    )
