"""The documents of a case: listed, taken in from the firm's library, and given back to it."""

from collections.abc import Sequence

from flask_babel import lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from tenant_app.accounts.actor import Actor
from tenant_app.case_files import CaseFile
from tenant_app.cases.access import require_case, require_open_case
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import Conflict, NotFound
from tenant_app.passages import Document
from tenant_app.retrieval.access import visible_documents


class CaseDocuments:
    """The documents of the cases of one instance; moving one changes who may see it, nothing else."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list_of(self, actor: Actor, case_id: int) -> Sequence[Document]:
        """Return the documents of a case, newest first; raises NotFound."""
        with self._database.read() as session:
            require_case(session, actor, case_id)
            return session.scalars(
                select(Document)
                .where(Document.case_id == case_id, visible_documents(actor))
                .order_by(Document.id.desc())
            ).all()

    def require(self, actor: Actor, case_id: int, document_id: int) -> None:
        """Raise NotFound unless it is a document of the case."""
        with self._database.read() as session:
            require_case(session, actor, case_id)
            if _visible(session, actor, document_id).case_id != case_id:
                raise NotFound(lazy_gettext("Ce document n'existe pas."))

    def take_in(self, actor: Actor, case_id: int, document_id: int) -> Document:
        """Move a document of the whole firm into a case: from now on its members alone see it.

        Raises NotFound; Conflict for a closed case, a document of another case, or one held already.
        """
        with self._database.write() as session:
            case = require_open_case(session, actor, case_id)
            document = _visible(session, actor, document_id)
            if document.case_id not in (None, case_id):
                raise Conflict(
                    lazy_gettext("Ce document appartient à un autre dossier : retirez-l'en d'abord."),
                    code="document-of-another-case",
                )
            self._move(session, case, document, case_id)
        return document

    def give_back(self, actor: Actor, case_id: int, document_id: int) -> Document:
        """Move a document of a case to the firm's library: from now on everybody sees it.

        Raises NotFound; Conflict for a closed case, or when the firm's library holds it already.
        """
        with self._database.write() as session:
            case = require_open_case(session, actor, case_id)
            document = _visible(session, actor, document_id)
            if document.case_id != case_id:
                raise NotFound(lazy_gettext("Ce document n'existe pas."))
            self._move(session, case, document, None)
        return document

    def _move(self, session: Session, case: CaseFile, document: Document, case_id: int | None) -> None:
        if document.case_id == case_id:
            return
        if document.replacement is not None:
            raise Conflict(
                lazy_gettext("Une nouvelle version de ce document est en attente : annulez-la d'abord."),
                code="version-waiting",
            )
        same_place = Document.case_id.is_(None) if case_id is None else Document.case_id == case_id
        if session.scalar(select(Document.id).where(Document.sha256 == document.sha256, same_place)):
            raise Conflict(
                lazy_gettext("Le même fichier s'y trouve déjà : supprimez l'un des deux."),
                code="same-content",
            )
        document.case_id = case_id
        document.updated_at = case.updated_at = self._clock.now()


def _visible(session: Session, actor: Actor, document_id: int) -> Document:
    document = session.scalar(select(Document).where(Document.id == document_id, visible_documents(actor)))
    if document is None:
        raise NotFound(lazy_gettext("Ce document n'existe pas."))
    return document
