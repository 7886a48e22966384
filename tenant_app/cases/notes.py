"""The notes of a case: read by its members, changed by who wrote them."""

from collections.abc import Sequence

from flask_babel import lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from tenant_app.accounts.actor import Actor
from tenant_app.cases.access import require_case, require_open_case
from tenant_app.cases.models import CaseNote
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import Forbidden, NotFound


class CaseNotes:
    """The notes on the cases of one instance."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list_of(self, actor: Actor, case_id: int) -> Sequence[CaseNote]:
        """Return the notes of a case, newest first; raises NotFound."""
        with self._database.read() as session:
            require_case(session, actor, case_id)
            return session.scalars(
                select(CaseNote).where(CaseNote.case_id == case_id).order_by(CaseNote.id.desc())
            ).all()

    def get(self, actor: Actor, case_id: int, note_id: int) -> CaseNote:
        """Return one note of a case; raises NotFound."""
        with self._database.read() as session:
            require_case(session, actor, case_id)
            return _note(session, case_id, note_id)

    def add(self, actor: Actor, case_id: int, text: str) -> CaseNote:
        """Write a note; raises NotFound, Conflict (a closed case)."""
        now = self._clock.now()
        with self._database.write() as session:
            case = require_open_case(session, actor, case_id)
            note = CaseNote(
                case_id=case_id,
                text=text,
                author=actor.name,
                user_id=actor.user_id,
                key_id=actor.key_id,
                created_at=now,
                updated_at=now,
            )
            session.add(note)
            case.updated_at = now
        return note

    def change(self, actor: Actor, case_id: int, note_id: int, text: str) -> CaseNote:
        """Rewrite a note of one's own; raises NotFound, Forbidden (another's), Conflict (a closed case)."""
        with self._database.write() as session:
            case = require_open_case(session, actor, case_id)
            note = _note(session, case_id, note_id)
            if not is_author(actor, note):
                raise Forbidden(lazy_gettext("Seul l'auteur d'une note peut la modifier."), code="not-author")
            note.text = text
            note.updated_at = case.updated_at = self._clock.now()
        return note

    def remove(self, actor: Actor, case_id: int, note_id: int) -> None:
        """Remove a note of one's own, or any with ``cases.manage``; raises what ``change`` raises."""
        with self._database.write() as session:
            case = require_open_case(session, actor, case_id)
            note = _note(session, case_id, note_id)
            if not (is_author(actor, note) or actor.may("cases.manage")):
                raise Forbidden(
                    lazy_gettext("Seuls l'auteur d'une note et un administrateur peuvent la supprimer."),
                    code="not-author",
                )
            session.delete(note)
            case.updated_at = self._clock.now()


def is_author(actor: Actor, note: CaseNote) -> bool:
    """Return whether the actor wrote the note."""
    if actor.user_id is not None:
        return note.user_id == actor.user_id
    return actor.key_id is not None and note.key_id == actor.key_id


def _note(session: Session, case_id: int, note_id: int) -> CaseNote:
    note = session.get(CaseNote, note_id)
    if note is None or note.case_id != case_id:
        raise NotFound(lazy_gettext("Cette note n'existe pas."))
    return note
