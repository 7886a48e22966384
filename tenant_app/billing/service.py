"""Billing as the other subjects see it."""

from collections.abc import Sequence
from typing import Final

from tenant_app.billing.breakdown import Share, breakdown
from tenant_app.billing.budget import Budget
from tenant_app.billing.daily import DayOfUse, days_of
from tenant_app.billing.export import UsageExport
from tenant_app.billing.ledger import Ledger
from tenant_app.billing.monthly_counts import CountName, counts_of
from tenant_app.billing.report import Usage, UsageReport
from tenant_app.clock import Clock
from tenant_app.data_directory import USAGE
from tenant_app.database import Database
from tenant_app.logs import get_log
from tenant_app.settings import Settings

MOST_MONTHS: Final = 36

log = get_log(__name__)


class Billing:
    """The ledger, the usage record read from it, and the file that record is exported to.

    ``embedding_model`` is the stored name of the configured one.
    """

    def __init__(self, database: Database, settings: Settings, clock: Clock, embedding_model: str) -> None:
        self._database = database
        self.report = UsageReport(database, settings, clock, embedding_model)
        self.export = UsageExport(self.report, settings.data_dir / USAGE)
        self.budget = Budget(database, settings)
        self.ledger = Ledger(database, settings, clock, changed=self.export.publish)

    def answer_counts(self) -> dict[str, int]:
        """Return how the present month's answers came out, by the names of ``AnswerCounts``."""
        with self._database.read() as session:
            counted = counts_of(session, self.report.month())
        names: tuple[CountName, ...] = ("off-topic", "from-cache", "fallback", "unsupported")
        return {name.replace("-", "_"): counted.get(name, 0) for name in names}

    def days(self, month: str) -> Sequence[DayOfUse]:
        """Return what each day of a month used."""
        with self._database.read() as session:
            return days_of(session, month)

    def shares(self, month: str) -> Sequence[Share]:
        """Return who used what in a month."""
        with self._database.read() as session:
            return breakdown(session, month)

    def history(self) -> Sequence[Usage]:
        """Return the records of the months there were, the present one among them, newest first."""
        months = sorted(self.report.months_in_use() | {self.report.month()}, reverse=True)
        return [self.export.record(month) for month in months[:MOST_MONTHS]]

    def start(self) -> None:
        """Return the units a dead process left open, then keep the exported file up to date."""
        returned = self.ledger.give_back_open()
        self.budget.release_all()
        if returned:
            log.warning("open_units_given_back", units=returned)
        self.export.start()

    def stop(self) -> None:
        """Write the exported file a last time."""
        self.export.stop()
