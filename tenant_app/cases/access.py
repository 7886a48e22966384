"""The cases an actor may see or change: "missing" and "not theirs" are the same 404."""

from flask_babel import lazy_gettext
from sqlalchemy.orm import Session

from tenant_app.accounts.actor import Actor
from tenant_app.case_files import CaseFile, find_case
from tenant_app.errors import Conflict, NotFound


def require_case(session: Session, actor: Actor, case_id: int) -> CaseFile:
    """Return a case the actor may see; raises NotFound."""
    case = find_case(session, actor, case_id)
    if case is None:
        raise NotFound(lazy_gettext("Ce dossier n'existe pas."))
    return case


def require_open_case(session: Session, actor: Actor, case_id: int) -> CaseFile:
    """Return a case the actor may see and that may be changed; raises NotFound, Conflict (it is closed)."""
    case = require_case(session, actor, case_id)
    if case.status == "closed":
        raise Conflict(
            lazy_gettext("Ce dossier est clos : il se consulte. Rouvrez-le pour le modifier."),
            code="case-closed",
        )
    return case
