"""Everything one instance is made of, built once from its settings."""

from dataclasses import dataclass, field
from typing import Protocol

from tenant_app.accounts.service import Accounts
from tenant_app.assistant.service import Assistant
from tenant_app.assistant.withholding import forget_documents
from tenant_app.billing.service import Billing
from tenant_app.cases.analyses.writing import Writer
from tenant_app.cases.service import Cases
from tenant_app.clock import Clock
from tenant_app.data_directory import DATABASE, USAGE
from tenant_app.database import Database
from tenant_app.library.building import build_library
from tenant_app.library.document_reader import DocumentReader
from tenant_app.library.jobs import DocumentJobs
from tenant_app.library.model_change import ModelChange
from tenant_app.library.service import Library
from tenant_app.library.snapshot import Snapshots
from tenant_app.personal_data.service import PersonalData
from tenant_app.retrieval.model_prefixes import configured_name
from tenant_app.retrieval.search import Search
from tenant_app.retrieval.vector_index import VectorIndex
from tenant_app.server_errors import ServerErrors
from tenant_app.settings import Settings
from tenant_app.streams import StreamSlots


class BackgroundWork(Protocol):
    """Something that runs beside the requests while the instance serves."""

    def start(self) -> None:
        """Begin; returns at once."""
        ...

    def stop(self) -> None:
        """Stop taking work, finish or put down what is in hand, and return when done."""
        ...


@dataclass(frozen=True)
class Services:
    """The subjects of the tenant, lowest floor first. ``background`` is started in this order."""

    settings: Settings
    clock: Clock
    database: Database
    streams: StreamSlots
    accounts: Accounts
    billing: Billing
    index: VectorIndex
    search: Search
    library: Library
    jobs: DocumentJobs
    reader: DocumentReader
    model_change: ModelChange
    snapshots: Snapshots
    assistant: Assistant
    cases: Cases
    personal_data: PersonalData
    server_errors: ServerErrors
    background: list[BackgroundWork] = field(default_factory=list)

    def start(self) -> None:
        """Start the background work; only the serving process does."""
        for work in self.background:
            work.start()

    def working(self) -> bool:
        """Say whether something goes on that no request waits for: it would be cut off by ending now."""
        return (
            self.index.state == "opening"
            or self.cases.analyses.being_made()
            or self.library.pending() > 0
            or self.model_change.progress() is not None
        )

    def close(self) -> None:
        """Stop the background work, last started first, then close the database."""
        for work in reversed(self.background):
            work.stop()
        self.database.close()


def build_services(settings: Settings, clock: Clock) -> Services:
    """Build every subject; nothing is opened, imported heavily or started yet."""
    database = Database(settings.data_dir / DATABASE)
    accounts = Accounts(database, settings, clock)
    billing = Billing(database, settings, clock, configured_name(settings))
    parts = build_library(settings, database, clock, billing.export.publish, forget_documents)
    streams = StreamSlots(settings.threads)
    assistant = Assistant(
        settings,
        database,
        clock,
        search=parts.search,
        embeddings=parts.embeddings,
        security=accounts.security,
        billing=billing,
        streams=streams,
    )
    cases = Cases(
        settings,
        database,
        clock,
        library=parts.library,
        search=parts.search,
        writer=Writer(settings, assistant.provider, assistant.health, billing.budget),
        ledger=billing.ledger,
    )
    errors = ServerErrors(settings.client_id, settings.data_dir / USAGE, clock)
    return Services(
        settings=settings,
        clock=clock,
        database=database,
        streams=streams,
        accounts=accounts,
        billing=billing,
        index=parts.index,
        search=parts.search,
        library=parts.library,
        jobs=parts.jobs,
        reader=DocumentReader(database),
        model_change=parts.change,
        snapshots=parts.snapshots,
        assistant=assistant,
        cases=cases,
        personal_data=PersonalData(database, accounts.users, assistant.conversations),
        server_errors=errors,
        background=[errors, billing, parts.worker, assistant, cases.analyses],
    )
