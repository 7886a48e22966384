"""The deadlines of cases: a day, what is due then, and whether it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from babel.dates import get_timezone
from flask_babel import lazy_gettext
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tenant_app.accounts.actor import Actor
from tenant_app.case_files import CaseFile, visible_cases
from tenant_app.cases.access import require_case, require_open_case
from tenant_app.cases.models import CaseDeadline
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import NotFound

TIMEZONE: Final = "Europe/Paris"
"""Where the clients live: a day ends at their midnight, not at that of UTC."""

Due = Literal["overdue", "upcoming", "done", "all"]


@dataclass(frozen=True)
class DueOfCase:
    """A deadline and the case it belongs to."""

    deadline: CaseDeadline
    case: CaseFile


class CaseDeadlines:
    """The deadlines of the cases of one instance."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def today(self) -> date:
        """Return the day it is where the clients live."""
        return self._clock.now().astimezone(get_timezone(TIMEZONE)).date()

    def list_of(self, actor: Actor, case_id: int, due: Due = "all") -> Sequence[CaseDeadline]:
        """Return the deadlines of a case, earliest first; raises NotFound."""
        query = select(CaseDeadline).where(CaseDeadline.case_id == case_id)
        with self._database.read() as session:
            require_case(session, actor, case_id)
            return session.scalars(_in_order(_narrowed(query, due, self.today()))).all()

    def of_all_cases(self, actor: Actor, due: Due) -> list[DueOfCase]:
        """Return the deadlines of the open cases the actor may see, earliest first."""
        query = (
            select(CaseDeadline, CaseFile)
            .join(CaseFile, CaseFile.id == CaseDeadline.case_id)
            .where(CaseFile.id.in_(visible_cases(actor)), CaseFile.status == "open")
        )
        with self._database.read() as session:
            rows = session.execute(_in_order(_narrowed(query, due, self.today()))).all()
        return [DueOfCase(deadline, case) for deadline, case in rows]

    def get(self, actor: Actor, case_id: int, deadline_id: int) -> CaseDeadline:
        """Return one deadline of a case; raises NotFound."""
        with self._database.read() as session:
            require_case(session, actor, case_id)
            return _deadline(session, case_id, deadline_id)

    def add(self, actor: Actor, case_id: int, title: str, due_on: date) -> CaseDeadline:
        """Note a deadline; raises NotFound, Conflict (a closed case)."""
        now = self._clock.now()
        with self._database.write() as session:
            case = require_open_case(session, actor, case_id)
            deadline = CaseDeadline(case_id=case_id, title=title, due_on=due_on, done_at=None, created_at=now)
            session.add(deadline)
            case.updated_at = now
        return deadline

    def change(
        self,
        actor: Actor,
        case_id: int,
        deadline_id: int,
        *,
        title: str | None = None,
        due_on: date | None = None,
        done: bool | None = None,
    ) -> CaseDeadline:
        """Change a deadline or say whether it is done; raises NotFound, Conflict (a closed case)."""
        now = self._clock.now()
        with self._database.write() as session:
            case = require_open_case(session, actor, case_id)
            deadline = _deadline(session, case_id, deadline_id)
            deadline.title = deadline.title if title is None else title
            deadline.due_on = deadline.due_on if due_on is None else due_on
            if done is not None:
                deadline.done_at = (deadline.done_at or now) if done else None
            case.updated_at = now
        return deadline

    def remove(self, actor: Actor, case_id: int, deadline_id: int) -> None:
        """Remove a deadline; raises NotFound, Conflict (a closed case)."""
        with self._database.write() as session:
            case = require_open_case(session, actor, case_id)
            session.delete(_deadline(session, case_id, deadline_id))
            case.updated_at = self._clock.now()


def _deadline(session: Session, case_id: int, deadline_id: int) -> CaseDeadline:
    deadline = session.get(CaseDeadline, deadline_id)
    if deadline is None or deadline.case_id != case_id:
        raise NotFound(lazy_gettext("Cette échéance n'existe pas."))
    return deadline


def _narrowed(query: Select, due: Due, today: date) -> Select:  # type: ignore[type-arg]
    match due:
        case "overdue":
            return query.where(CaseDeadline.done_at.is_(None), CaseDeadline.due_on < today)
        case "upcoming":
            return query.where(CaseDeadline.done_at.is_(None), CaseDeadline.due_on >= today)
        case "done":
            return query.where(CaseDeadline.done_at.is_not(None))
        case "all":
            return query


def _in_order(query: Select) -> Select:  # type: ignore[type-arg]
    return query.order_by(CaseDeadline.due_on, CaseDeadline.id)
