"""Which documents an actor may see: the one rule, for search, reading, answers and exports alike."""

from sqlalchemy import ColumnElement, and_, false, or_

from tenant_app.accounts.actor import Actor
from tenant_app.case_files import visible_cases
from tenant_app.passages import Document


def visible_documents(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that rows of ``documents`` the actor may see fulfil.

    A document of no case is the whole firm's: whoever may read or ask questions sees it. One of a case is
    seen by those who may see the case.
    """
    if not (actor.may("documents.read") or actor.may("chat")):
        return false()
    theirs = or_(Document.case_id.is_(None), Document.case_id.in_(visible_cases(actor)))
    # A new version is nobody's before it has taken the old one's place.
    return and_(Document.replaces_id.is_(None), theirs)
