"""The register of cases: opened within the plan's limit, found, changed, closed and deleted whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext
from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from tenant_app.accounts.actor import Actor
from tenant_app.case_files import CaseFile, CaseMember, CaseStatus, visible_cases
from tenant_app.cases.access import require_case, require_open_case
from tenant_app.cases.models import CaseDeadline
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import Conflict, Forbidden
from tenant_app.library.service import Library
from tenant_app.passages import Document
from tenant_app.retrieval.analysis import fold


@dataclass(frozen=True)
class CaseSummary:
    """A case as it is listed: how many documents it holds, and its next deadline that is not done."""

    case: CaseFile
    documents: int
    next_deadline: date | None


@dataclass(frozen=True)
class CasesFound:
    """Some of the cases that were looked for, last changed first; ``total`` of them there are."""

    cases: tuple[CaseSummary, ...]
    total: int


@dataclass(frozen=True)
class CaseDetails:
    """What a case is called and is about; None: not said, so unchanged."""

    title: str | None = None
    reference: str | None = None
    description: str | None = None

    def any(self) -> bool:
        """Return whether something is said."""
        return not (self.title is None and self.reference is None and self.description is None)


class CaseRegister:
    """The cases of one instance; ``limit`` of them may be there, closed ones included (None: no limit)."""

    def __init__(self, database: Database, clock: Clock, library: Library, *, limit: int | None) -> None:
        self._database = database
        self._clock = clock
        self._library = library
        self.limit = limit

    def count(self) -> int:
        """Return how many cases count against the limit."""
        with self._database.read() as session:
            return session.scalar(select(func.count(CaseFile.id))) or 0

    def find(
        self, actor: Actor, *, words: str = "", status: CaseStatus | None = None, most: int, skip: int = 0
    ) -> CasesFound:
        """Return the cases the actor may see whose title, reference or description holds every word."""
        query = (
            select(CaseFile)
            .where(CaseFile.id.in_(visible_cases(actor)))
            .order_by(CaseFile.updated_at.desc(), CaseFile.id.desc())
        )
        if status is not None:
            query = query.where(CaseFile.status == status)
        with self._database.read() as session:
            found = _matching(session, query, words)
            shown = found[skip : skip + most]
            return CasesFound(tuple(_summaries(session, shown)), len(found))

    def get(self, actor: Actor, case_id: int) -> CaseSummary:
        """Return one case; raises NotFound."""
        with self._database.read() as session:
            (summary,) = _summaries(session, [require_case(session, actor, case_id)])
        return summary

    def open(self, actor: Actor, details: CaseDetails) -> CaseSummary:
        """Open a case whose first member is the actor.

        Raises Conflict when the plan's cases are used up, Forbidden for who is neither a user nor a key.
        """
        if actor.user_id is None and actor.key_id is None:
            raise Forbidden(lazy_gettext("Seuls un utilisateur ou une clé d'API ouvrent un dossier."))
        now = self._clock.now()
        with self._database.write() as session:
            self._require_room(session)
            case = CaseFile(
                title=details.title or "",
                reference=details.reference or "",
                description=details.description or "",
                status="open",
                key_id=actor.key_id,
                created_at=now,
                updated_at=now,
            )
            session.add(case)
            session.flush()
            if actor.user_id is not None:
                session.add(CaseMember(case_id=case.id, user_id=actor.user_id))
        return CaseSummary(case, documents=0, next_deadline=None)

    def change(
        self, actor: Actor, case_id: int, details: CaseDetails, status: CaseStatus | None = None
    ) -> CaseSummary:
        """Change what a case is called or about, close it or open it again.

        Raises NotFound; Conflict when it is closed and stays so.
        """
        with self._database.write() as session:
            reopens = status == "open"
            find = require_open_case if details.any() and not reopens else require_case
            case = find(session, actor, case_id)
            _apply(case, details)
            case.status = status or case.status
            case.updated_at = self._clock.now()
            session.flush()
            (summary,) = _summaries(session, [case])
        return summary

    def delete(self, actor: Actor, case_id: int) -> None:
        """Delete a case with its documents and all that hangs on it: everything or nothing. Raises NotFound.

        The rows go in one transaction; a file whose unlinking is cut short is swept away at the next start.
        """
        with self._database.read() as session:
            require_case(session, actor, case_id)

        def with_the_case(session: Session) -> None:
            require_case(session, actor, case_id)
            session.execute(delete(CaseFile).where(CaseFile.id == case_id))

        self._library.remove_of_case(case_id, with_the_case)

    def _require_room(self, session: Session) -> None:
        if self.limit is None or (session.scalar(select(func.count(CaseFile.id))) or 0) < self.limit:
            return
        raise Conflict(
            lazy_gettext(
                "Les %(limit)s dossiers de votre abonnement sont utilisés, dossiers clos compris : "
                "supprimez-en un ou changez d'abonnement.",
                limit=self.limit,
            ),
            code="cases-limit",
        )


def _apply(case: CaseFile, details: CaseDetails) -> None:
    for name in ("title", "reference", "description"):
        value = getattr(details, name)
        if value is not None:
            setattr(case, name, value)


def _matching(session: Session, query: Select[CaseFile], words: str) -> Sequence[CaseFile]:
    """Return the cases of the query that hold every word, whatever their case and accents."""
    cases = session.scalars(query).all()
    wanted = fold(words).casefold().split()
    if not wanted:
        return cases
    return [case for case in cases if all(word in _text_of(case) for word in wanted)]


def _text_of(case: CaseFile) -> str:
    return fold(f"{case.title}\n{case.reference}\n{case.description}").casefold()


def _summaries(session: Session, cases: Sequence[CaseFile]) -> list[CaseSummary]:
    ids = [case.id for case in cases]
    documents = dict(
        session.execute(
            select(Document.case_id, func.count())
            .where(Document.case_id.in_(ids), Document.replaces_id.is_(None))
            .group_by(Document.case_id)
        ).all()
    )
    deadlines = dict(
        session.execute(
            select(CaseDeadline.case_id, func.min(CaseDeadline.due_on))
            .where(CaseDeadline.case_id.in_(ids), CaseDeadline.done_at.is_(None))
            .group_by(CaseDeadline.case_id)
        ).all()
    )
    return [CaseSummary(case, documents.get(case.id, 0), deadlines.get(case.id)) for case in cases]
