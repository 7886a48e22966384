"""Who belongs to a case, and so may see it."""

from collections.abc import Sequence
from typing import Final

from flask_babel import lazy_gettext
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from tenant_app.accounts.actor import Actor
from tenant_app.accounts.models import User
from tenant_app.case_files import CaseMember
from tenant_app.cases.access import require_case, require_open_case
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import Conflict, NotFound

_NO_MEMBER: Final = lazy_gettext("Cette personne n'est pas membre du dossier.")


class CaseMembers:
    """The members of the cases of one instance."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list_of(self, actor: Actor, case_id: int) -> Sequence[User]:
        """Return the members of a case, by address; raises NotFound."""
        with self._database.read() as session:
            require_case(session, actor, case_id)
            return session.scalars(
                select(User)
                .join(CaseMember, CaseMember.user_id == User.id)
                .where(CaseMember.case_id == case_id)
                .order_by(User.email_key)
            ).all()

    def get(self, actor: Actor, case_id: int, user_id: int) -> User:
        """Return one member of a case; raises NotFound."""
        with self._database.read() as session:
            require_case(session, actor, case_id)
            if session.get(CaseMember, (case_id, user_id)) is None:
                raise NotFound(_NO_MEMBER)
            return session.get_one(User, user_id)

    def others(self, actor: Actor, case_id: int) -> Sequence[User]:
        """Return the active users who are no members of a case yet; raises NotFound."""
        with self._database.read() as session:
            require_case(session, actor, case_id)
            members = select(CaseMember.user_id).where(CaseMember.case_id == case_id)
            return session.scalars(
                select(User).where(User.active, User.id.not_in(members)).order_by(User.email_key)
            ).all()

    def add(self, actor: Actor, case_id: int, user_id: int) -> User:
        """Make somebody a member; one already there stays. Raises NotFound, Conflict (a closed case)."""
        with self._database.write() as session:
            case = require_open_case(session, actor, case_id)
            user = session.get(User, user_id)
            if user is None:
                raise NotFound(lazy_gettext("Cet utilisateur n'existe pas."))
            if session.get(CaseMember, (case_id, user_id)) is None:
                session.add(CaseMember(case_id=case_id, user_id=user_id))
                case.updated_at = self._clock.now()
        return user

    def remove(self, actor: Actor, case_id: int, user_id: int) -> None:
        """Take a member off a case.

        Raises NotFound; Conflict for a closed case, or when nobody but the administrators would see it.
        """
        with self._database.write() as session:
            case = require_open_case(session, actor, case_id)
            if session.get(CaseMember, (case_id, user_id)) is None:
                raise NotFound(_NO_MEMBER)
            if not actor.may("cases.manage"):
                _require_another(session, case_id)
            session.execute(
                delete(CaseMember).where(CaseMember.case_id == case_id, CaseMember.user_id == user_id)
            )
            case.updated_at = self._clock.now()


def _require_another(session: Session, case_id: int) -> None:
    members = session.scalar(select(func.count()).where(CaseMember.case_id == case_id)) or 0
    if members < 2:
        raise Conflict(
            lazy_gettext("C'est le dernier membre du dossier : ajoutez-en un autre avant de le retirer."),
            code="last-member",
        )
