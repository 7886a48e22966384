"""Billing as the other subjects see it."""

from tenant_app.billing.budget import Budget
from tenant_app.billing.export import UsageExport
from tenant_app.billing.ledger import Ledger
from tenant_app.billing.monthly_counts import CountName, counts_of
from tenant_app.billing.report import UsageReport
from tenant_app.clock import Clock
from tenant_app.data_directory import USAGE
from tenant_app.database import Database
from tenant_app.logs import get_log
from tenant_app.settings import Settings

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
