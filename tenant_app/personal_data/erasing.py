"""Erasing one's own account, and one's name where the firm's work stays."""

from pydantic import SecretStr
from sqlalchemy import update
from sqlalchemy.orm import Session

from tenant_app.accounts.actor import Actor
from tenant_app.accounts.users import Users
from tenant_app.cases.models import Analysis, CaseNote
from tenant_app.database import Database
from tenant_app.personal_data.person import person_of

NOBODY = ""
"""Who wrote what an erased person left behind."""


class Erasing:
    """Erases at the person's own wish."""

    def __init__(self, database: Database, users: Users) -> None:
        self._database = database
        self._users = users

    def erase(self, actor: Actor, password: SecretStr) -> None:
        """Erase the account of the person who acts, for good, with all that is theirs alone.

        Sign-ins, links, activity, memberships and conversations go. What the firm works with stays without
        their name: documents, notes and analyses of cases, units of the ledger, and the signs of abuse, which
        name nobody but a number never used again. Raises Forbidden for a wrong password and for whoever is no
        person, Conflict for the last active admin.
        """
        with self._database.read() as session:
            email = person_of(session, actor).email
        assert actor.user_id is not None
        self._users.require_password(actor.user_id, password)
        with self._database.write() as session:
            _take_name_off(session, actor.user_id, email)
            self._users.erase_in(session, actor.user_id)


def _take_name_off(session: Session, user_id: int, email: str) -> None:
    session.execute(update(CaseNote).where(CaseNote.user_id == user_id).values(author=NOBODY))
    session.execute(update(Analysis).where(Analysis.author == email).values(author=NOBODY))
