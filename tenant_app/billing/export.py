"""``usage/<month>.json``: the usage record as a file, which the vendor's dashboard reads.

The ledger is the truth and no quota is ever read from here. The file is replaced whole, so a reader sees the
old record or the new one; one found damaged or behind the ledger is written again.
"""

import re
import threading
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from tenant_app.billing.report import Usage, UsageReport
from tenant_app.data_directory import replace_file
from tenant_app.logs import get_log

MODE: Final = 0o640
LARGEST_BYTES: Final = 64 * 1024
SECONDS_BETWEEN_REFRESHES: Final = 10.0
_FILE_NAME: Final = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))\.json")

log = get_log(__name__)


class UsageExport:
    """Keeps the files up to date: whoever was answered finds what the answer took already there."""

    def __init__(self, report: UsageReport, directory: Path) -> None:
        self._report = report
        self._directory = directory
        self._latest: Usage | None = None
        self._month = report.month()
        self._asking = threading.Lock()
        self._stale: set[str] = set()
        self._asked = 0
        self._writing = threading.Lock()
        self._written = 0
        self._in_trouble = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def publish(self, month: str | None = None) -> None:
        """Return once the month's file (the present month's by default) holds every change made before.

        Callers that wait together share one write. A file that cannot be written is logged and tried again
        later: it fails nobody's request.
        """
        with self._asking:
            self._stale.add(month or self._report.month())
            self._asked += 1
            ticket = self._asked
        with self._writing:
            if self._written >= ticket:
                return
            with self._asking:
                self._written, months = self._asked, self._stale
                self._stale = set()
            self._write_all(months)

    def write(self, month: str) -> Usage:
        """Write the month's file unless it already says so, and return the record.

        Of a month that is over, what was due is left as it was. Raises OSError when the file cannot be
        written; the old one is then still there.
        """
        path = self._directory / f"{month}.json"
        kept = read_usage(path)
        usage = self._report.usage(month)
        if kept is not None and month < self._report.month():
            usage = usage.completing(kept)
        self._latest = usage if month == self._report.month() else self._latest
        if kept is None or not usage.says_the_same_as(kept):
            replace_file(path, usage.model_dump_json(indent=2).encode() + b"\n", MODE)
        return usage

    def record(self, month: str) -> Usage:
        """Return the month's record; of a month that is over, as its file keeps it."""
        kept = read_usage(self._directory / f"{month}.json") if month < self._report.month() else None
        return kept or self._report.usage(month)

    def latest(self) -> Usage:
        """Return the present month's record as it was last written, seconds ago while the instance serves."""
        latest, present = self._latest, self._report.month()
        if latest is None or latest.month != present:
            latest = self._latest = self._report.usage(present)
        return latest

    def start(self) -> None:
        """Write what is damaged or out of date, then look again now and then in a thread of its own."""
        # A sudden end may have come between the ledger and the file, in a month that is over by now.
        for month in self._report.months_in_use() | self._exported():
            self.publish(month)
        self._look()
        self._thread = threading.Thread(target=self._refresh, name="usage-export", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write a last time and end the thread; nothing to do when it was not started."""
        if self._thread is None:
            return
        self._stopping.set()
        self._thread.join()
        self._look()

    def _refresh(self) -> None:
        while not self._stopping.wait(SECONDS_BETWEEN_REFRESHES):
            self._look()

    def _look(self) -> None:
        # Sign-ins and users change the record too; one that has ended may have changed since the last look.
        present = self._report.month()
        if self._month != present:
            self.publish(self._month)
        self.publish(present)
        self._month = present

    def _write_all(self, months: set[str]) -> None:
        for month in sorted(months):
            try:
                self.write(month)
            except (OSError, SQLAlchemyError) as error:
                # Stale still: a full disk may have room at the next refresh.
                with self._asking:
                    self._stale.add(month)
                if not self._in_trouble:
                    log.error("usage_not_exported", error=error, month=month)
                self._in_trouble = True
            else:
                self._in_trouble = False

    def _exported(self) -> set[str]:
        named = (_FILE_NAME.fullmatch(path.name) for path in self._directory.iterdir())
        return {name[1] for name in named if name}


def read_usage(path: Path) -> Usage | None:
    """Return the record in a file, or None when there is none or it is damaged."""
    try:
        with path.open("rb") as file:
            return Usage.model_validate_json(file.read(LARGEST_BYTES))
    except (FileNotFoundError, ValidationError):
        return None
