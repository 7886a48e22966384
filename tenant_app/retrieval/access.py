"""Which documents an actor may see: the one rule, for search, reading, answers and exports alike."""

from sqlalchemy import ColumnElement, false, true

from tenant_app.accounts.actor import Actor


def visible_documents(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that rows of ``documents`` the actor may see fulfil.

    Every document belongs to the whole firm; whoever may read or ask questions sees all of them.
    """
    return true() if actor.may("documents.read") or actor.may("chat") else false()
