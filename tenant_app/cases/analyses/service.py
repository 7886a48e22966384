"""Analyses of cases: asked for, made beside the requests, kept, and found again."""

import threading
import time
from collections.abc import Sequence
from typing import Final

from flask_babel import lazy_gettext
from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from tenant_app.accounts.actor import Actor
from tenant_app.billing.ledger import Ledger, Reservation
from tenant_app.cases.access import require_case, require_open_case
from tenant_app.cases.analyses.content import Cited, Content
from tenant_app.cases.analyses.making import Making
from tenant_app.cases.analyses.writing import Spending
from tenant_app.cases.models import Analysis, AnalysisCitation
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import NotFound, TenantAppError, Unavailable
from tenant_app.logs import get_log
from tenant_app.settings import Settings

AT_ONCE: Final = 2
"""How many analyses are made at the same time; the others wait for their turn."""
MOST_WAITING: Final = 8
RETRY_SECONDS: Final = 30
LET_GO_SECONDS: Final = 2.0
"""How long a stop waits for what is being made; the rest is marked as interrupted at the next start."""

_log = get_log(__name__)


class Analyses:
    """The analyses of one instance. Each is made in a thread of its own, so nobody's request lasts for it."""

    def __init__(
        self, settings: Settings, database: Database, clock: Clock, *, ledger: Ledger, making: Making
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._ledger = ledger
        self._making = making
        self._turn = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._running: dict[int, threading.Thread] = {}

    def start(self) -> None:
        """Mark what an earlier process left unfinished; its unit is given back by the ledger."""
        with self._database.write() as session:
            session.execute(
                update(Analysis)
                .where(Analysis.status == "running")
                .values(status="failed", finished_at=self._clock.now())
            )

    def stop(self) -> None:
        """Wait a little for what is being made."""
        deadline = time.monotonic() + LET_GO_SECONDS
        with self._lock:
            threads = list(self._running.values())
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def being_made(self) -> bool:
        """Say whether any analysis is being made or waits for its turn."""
        with self._lock:
            return bool(self._running)

    def list_of(self, actor: Actor, case_id: int) -> Sequence[Analysis]:
        """Return the analyses of a case with their citations, newest first; raises NotFound."""
        with self._database.read() as session:
            require_case(session, actor, case_id)
            return session.scalars(
                select(Analysis)
                .where(Analysis.case_id == case_id)
                .options(selectinload(Analysis.citations))
                .order_by(Analysis.id.desc())
            ).all()

    def get(self, actor: Actor, case_id: int, analysis_id: int) -> Analysis:
        """Return one analysis of a case with its citations; raises NotFound."""
        with self._database.read() as session:
            require_case(session, actor, case_id)
            return _analysis(session, case_id, analysis_id)

    def remove(self, actor: Actor, case_id: int, analysis_id: int) -> None:
        """Remove an analysis; its unit stays used. Raises NotFound, Conflict (a closed case)."""
        with self._database.write() as session:
            require_open_case(session, actor, case_id)
            session.delete(_analysis(session, case_id, analysis_id))

    def ask_for(self, actor: Actor, case_id: int) -> Analysis:
        """Count one analysis and begin it; it is made whether or not anybody waits.

        Raises NotFound, Conflict (a closed case), QuotaExceeded, RateLimited, Forbidden (the plan has ended),
        Unavailable (too many wait already); nothing is then counted.
        """
        with self._database.read() as session:
            require_open_case(session, actor, case_id)
        reservation = self._ledger.reserve(actor, "analysis")
        try:
            self._require_room()
            analysis = self._begin(actor, case_id)
        except Exception:
            self._ledger.give_back(reservation)
            raise
        thread = threading.Thread(
            target=self._make, args=(actor, analysis, reservation), name="analysis", daemon=True
        )
        with self._lock:
            self._running[analysis.id] = thread
            # Here, so that whoever finds it can wait for it.
            thread.start()
        return analysis

    def wait_for(self, analysis_id: int, seconds: float) -> None:
        """Return when the analysis is finished, or after that many seconds."""
        with self._lock:
            thread = self._running.get(analysis_id)
        if thread is not None:
            thread.join(seconds)

    def _require_room(self) -> None:
        with self._lock:
            if len(self._running) < AT_ONCE + MOST_WAITING:
                return
        raise Unavailable(
            lazy_gettext("Trop d'analyses sont en attente ; réessayez dans un instant."),
            code="busy",
            retry_after=RETRY_SECONDS,
        )

    def _begin(self, actor: Actor, case_id: int) -> Analysis:
        with self._database.write() as session:
            case = require_open_case(session, actor, case_id)
            case.updated_at = self._clock.now()
            analysis = Analysis(
                case_id=case_id,
                status="running",
                step="waiting",
                author=actor.name,
                points=[],
                notices=[],
                threshold=self._settings.prediction_threshold,
                created_at=case.updated_at,
                citations=[],
            )
            session.add(analysis)
        return analysis

    def _make(self, actor: Actor, analysis: Analysis, reservation: Reservation) -> None:
        spending = Spending(reservation.month)
        try:
            with self._turn:
                content = self._making.make(
                    actor, analysis.case_id, spending, lambda step: self._note(analysis.id, step)
                )
            self._keep(actor, analysis, content, spending, reservation)
        except Exception as error:  # noqa: BLE001 - the thread ends here: the analysis itself must tell
            if not isinstance(error, TenantAppError):
                _log.error("analysis_failed", analysis=analysis.id, error=error)
            self._fail(analysis.id, spending, reservation)
        finally:
            self._making.writer.release(spending)
            with self._lock:
                del self._running[analysis.id]

    def _note(self, analysis_id: int, step: str) -> None:
        with self._database.write() as session:
            session.execute(update(Analysis).where(Analysis.id == analysis_id).values(step=step))

    def _keep(
        self,
        actor: Actor,
        analysis: Analysis,
        content: Content,
        spending: Spending,
        reservation: Reservation,
    ) -> None:
        """Keep the analysis and settle its unit, both or neither. Raises NotFound when its case has gone."""
        with self._ledger.settling(
            reservation, mode=content.mode, **self._making.writer.took(spending)
        ) as session:
            require_case(session, actor, analysis.case_id)
            kept = _analysis(session, analysis.case_id, analysis.id)
            kept.status, kept.step, kept.finished_at = "done", "done", self._clock.now()
            kept.mode, kept.language, kept.summary = content.mode, content.language, content.summary
            kept.points = [point.stored() for point in content.points]
            kept.notices = list(content.notices)
            kept.confidence, kept.prompt_version = content.confidence, content.prompt_version
            kept.citations = [_row(cited) for cited in content.citations]

    def _fail(self, analysis_id: int, spending: Spending, reservation: Reservation) -> None:
        """Give the unit back and keep what the model's calls cost: they were made all the same."""
        self._ledger.give_back(reservation, **self._making.writer.took(spending))
        with self._database.write() as session:
            session.execute(
                update(Analysis)
                .where(Analysis.id == analysis_id)
                .values(status="failed", finished_at=self._clock.now())
            )


def _row(cited: Cited) -> AnalysisCitation:
    extract = cited.extract
    return AnalysisCitation(
        n=cited.n,
        chunk_id=extract.chunk_id,
        document_id=extract.document_id,
        document=extract.document,
        page=extract.page,
        passage=extract.text,
        quote=cited.quote,
        char_start=extract.char_start + cited.start,
        char_end=extract.char_start + cited.end,
        score=extract.score,
    )


def _analysis(session: Session, case_id: int, analysis_id: int) -> Analysis:
    analysis = session.scalar(
        select(Analysis)
        .where(Analysis.id == analysis_id, Analysis.case_id == case_id)
        .options(selectinload(Analysis.citations))
    )
    if analysis is None:
        raise NotFound(lazy_gettext("Cette analyse n'existe pas."))
    return analysis
