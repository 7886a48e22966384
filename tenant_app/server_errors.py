"""``usage/errors.json``: the answers of 500 and above by day and route, which the vendor's dashboard reads.

A route is what the program calls it (``POST /api/chat``), never the address that was asked for: that may hold
anything. Of each error there is the request's number, by which the log tells the rest.
"""

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

from tenant_app.clock import Clock
from tenant_app.data_directory import replace_file
from tenant_app.logs import get_log

FILE: Final = "errors.json"
KEPT_FOR: Final = timedelta(days=30)
MOST_KINDS: Final = 20
"""Of a day; errors of further routes are counted as those of no route, so that the file stays small."""
MOST_LAST: Final = 20
SECONDS_BETWEEN_WRITES: Final = 5.0
_MODE: Final = 0o640
_LARGEST_BYTES: Final = 128 * 1024

log = get_log(__name__)


class Kind(BaseModel):
    """How often a route answered with a status; None is no route of ours, or one beyond `MOST_KINDS`."""

    route: str | None
    status: int
    count: int


class Day(BaseModel):
    """The errors of one day, in UTC."""

    day: date
    kinds: list[Kind]

    def add(self, route: str | None, status: int) -> None:
        """Count one more."""
        found = self._kind(route, status)
        if found is None and len(self.kinds) >= MOST_KINDS:
            route, found = None, self._kind(None, status)
        if found is None:
            found = Kind(route=route, status=status, count=0)
            self.kinds.append(found)
        found.count += 1

    def _kind(self, route: str | None, status: int) -> Kind | None:
        return next((one for one in self.kinds if (one.route, one.status) == (route, status)), None)


class Happened(BaseModel):
    """One error: when, where, and the number its request has in the log."""

    at: datetime
    route: str | None
    status: int
    request_id: str


class Errors(BaseModel):
    """What the file holds; days and last errors are oldest first, and days without any are left out."""

    client_id: str
    since: datetime
    days: list[Day] = []
    last: list[Happened] = []


class ServerErrors:
    """Counts errors, and keeps the file up to date while the instance serves."""

    def __init__(self, client_id: str, directory: Path, clock: Clock) -> None:
        self._client_id = client_id
        self._path = directory / FILE
        self._clock = clock
        self._counting = threading.Lock()
        self._errors = self._none_yet()
        self._unwritten = False
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._in_trouble = False

    def note(self, route: str | None, status: int, request_id: str) -> None:
        """Count an error that was answered; it is in the file within seconds."""
        now = self._clock.now()
        with self._counting:
            self._forget_before(now)
            self._today(now).add(route, status)
            happened = Happened(at=now, route=route, status=status, request_id=request_id)
            self._errors.last = [*self._errors.last, happened][-MOST_LAST:]
            self._unwritten = True
        self._changed.set()

    def start(self) -> None:
        """Go on from what the file says; one that is missing, damaged or another client's is begun anew."""
        kept = _read(self._path)
        if kept is not None and kept.client_id == self._client_id:
            self._errors = kept
        else:
            self._unwritten = True
            self._changed.set()
        self._thread = threading.Thread(target=self._keep_writing, name="server-errors", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write a last time and end the thread; nothing to do when it was not started."""
        if self._thread is None:
            return
        self._stopping.set()
        self._changed.set()
        self._thread.join()
        self._write()

    def _keep_writing(self) -> None:
        while self._changed.wait() and not self._stopping.is_set():
            self._changed.clear()
            self._write()
            # A storm of errors is written now and then, not one by one.
            self._stopping.wait(SECONDS_BETWEEN_WRITES)

    def _write(self) -> None:
        with self._counting:
            if not self._unwritten:
                return
            content = self._errors.model_dump_json().encode() + b"\n"
            self._unwritten = False
        try:
            replace_file(self._path, content, _MODE)
        except OSError as error:
            # Unwritten still: a full disk may have room the next time.
            self._unwritten = True
            self._changed.set()
            if not self._in_trouble:
                log.error("errors_not_exported", error=error)
            self._in_trouble = True
        else:
            self._in_trouble = False

    def _today(self, now: datetime) -> Day:
        today, days = now.astimezone(UTC).date(), self._errors.days
        if not days or days[-1].day != today:
            days.append(Day(day=today, kinds=[]))
        return days[-1]

    def _forget_before(self, now: datetime) -> None:
        first = now.astimezone(UTC).date() - KEPT_FOR
        self._errors.days = [one for one in self._errors.days if one.day > first]
        self._errors.last = [one for one in self._errors.last if one.at.date() > first]

    def _none_yet(self) -> Errors:
        return Errors(client_id=self._client_id, since=self._clock.now())


def _read(path: Path) -> Errors | None:
    try:
        with path.open("rb") as file:
            return Errors.model_validate_json(file.read(_LARGEST_BYTES))
    except (FileNotFoundError, ValidationError):
        return None
