"""What a search is limited to, and which documents that leaves: decided before anything is searched."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from flask_babel import lazy_gettext
from sqlalchemy import ColumnElement, and_, not_, or_, select
from sqlalchemy.orm import Session

from tenant_app.accounts.actor import Actor
from tenant_app.case_files import find_case
from tenant_app.errors import InvalidInput, NotFound
from tenant_app.passages import Document
from tenant_app.retrieval.access import visible_documents


@dataclass(frozen=True)
class Scope:
    """Which of the documents an actor may see are searched; the default is all of them.

    With ``case_id``: that case's documents and the firm's, never another case's; ``within_case_only`` leaves
    the firm's out. ``since`` and ``until`` are the first and last UTC day on which a document came in.
    """

    case_id: int | None = None
    within_case_only: bool = False
    document_id: int | None = None
    since: date | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        """Refuse a scope that nothing could lie in. Raises InvalidInput."""
        if self.since is not None and self.until is not None and self.since > self.until:
            raise InvalidInput(
                lazy_gettext("La date de début est après la date de fin."), code="dates-reversed"
            )


EVERYTHING: Final = Scope()


def require_scope(session: Session, actor: Actor, scope: Scope) -> None:
    """Raise NotFound unless the case and the document that the scope names are ones the actor may see."""
    if scope.case_id is not None and find_case(session, actor, scope.case_id) is None:
        raise NotFound(lazy_gettext("Ce dossier n'existe pas."))
    if scope.document_id is not None:
        named = select(Document.id).where(Document.id == scope.document_id, visible_documents(actor))
        if session.scalar(named) is None:
            raise NotFound(lazy_gettext("Ce document n'existe pas."))


def permitted_documents(actor: Actor, scope: Scope) -> ColumnElement[bool]:
    """Return the condition that rows of ``documents`` to be searched fulfil: rights and scope together."""
    return and_(visible_documents(actor), *_limits(scope))


def excludes_any(session: Session, permitted: ColumnElement[bool]) -> bool:
    """Return whether there is a document that the condition leaves out."""
    return session.scalar(select(Document.id).where(not_(permitted)).limit(1)) is not None


def _limits(scope: Scope) -> list[ColumnElement[bool]]:
    limits: list[ColumnElement[bool]] = []
    if scope.case_id is not None:
        of_case = Document.case_id == scope.case_id
        limits.append(of_case if scope.within_case_only else or_(of_case, Document.case_id.is_(None)))
    if scope.document_id is not None:
        limits.append(Document.id == scope.document_id)
    if scope.since is not None:
        limits.append(Document.created_at >= _midnight(scope.since))
    if scope.until is not None:
        limits.append(Document.created_at < _midnight(scope.until) + timedelta(days=1))
    return limits


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
