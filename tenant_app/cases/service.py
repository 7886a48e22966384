"""Cases as the other subjects see them."""

from tenant_app.billing.ledger import Ledger
from tenant_app.cases.analyses.making import Making
from tenant_app.cases.analyses.service import Analyses
from tenant_app.cases.analyses.writing import Writer
from tenant_app.cases.deadlines import CaseDeadlines
from tenant_app.cases.documents import CaseDocuments
from tenant_app.cases.members import CaseMembers
from tenant_app.cases.notes import CaseNotes
from tenant_app.cases.register import CaseRegister
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.library.service import Library
from tenant_app.retrieval.search import Search
from tenant_app.settings import Settings


class Cases:
    """The register of cases, and what hangs on each of them."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        *,
        library: Library,
        search: Search,
        writer: Writer,
        ledger: Ledger,
    ) -> None:
        self.register = CaseRegister(database, clock, library, limit=settings.max_cases)
        self.members = CaseMembers(database, clock)
        self.notes = CaseNotes(database, clock)
        self.deadlines = CaseDeadlines(database, clock)
        self.documents = CaseDocuments(database, clock)
        making = Making(settings, database, search, writer, self.deadlines.today)
        self.analyses = Analyses(settings, database, clock, ledger=ledger, making=making)
