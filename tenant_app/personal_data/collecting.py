"""Everything the instance holds about a person, brought together from each subject."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from tenant_app.accounts.activity import UserActivity
from tenant_app.accounts.actor import Actor
from tenant_app.accounts.models import SignInSession, User
from tenant_app.accounts.security_log import SecurityEvent
from tenant_app.assistant.conversations import Conversations
from tenant_app.assistant.models import Conversation
from tenant_app.case_files import CaseFile, CaseMember, visible_cases
from tenant_app.cases.models import Analysis, CaseNote
from tenant_app.database import Database
from tenant_app.passages import Document
from tenant_app.personal_data.person import person_of
from tenant_app.retrieval.access import visible_documents


@dataclass(frozen=True)
class Holdings:
    """What is held about one person; of cases and documents only what they may see now."""

    user: User
    sessions: Sequence[SignInSession]
    active_months: Sequence[str]
    conversations: Sequence[Conversation]
    documents: Sequence[Document]
    cases: Sequence[CaseFile]
    notes: Sequence[CaseNote]
    analyses: Sequence[Analysis]
    security_events: Sequence[SecurityEvent]


class Collecting:
    """Reads; changes nothing."""

    def __init__(self, database: Database, conversations: Conversations) -> None:
        self._database = database
        self._conversations = conversations

    def collect(self, actor: Actor) -> Holdings:
        """Return what is held about the person who asks; raises Forbidden for an actor who is none."""
        conversations = self._conversations.all_own(actor)
        with self._database.read() as session:
            user = person_of(session, actor)
            seen = visible_cases(actor)
            return Holdings(
                user=user,
                conversations=conversations,
                sessions=session.scalars(
                    select(SignInSession)
                    .where(SignInSession.user_id == user.id)
                    .order_by(SignInSession.created_at)
                ).all(),
                active_months=session.scalars(
                    select(UserActivity.month)
                    .where(UserActivity.user_id == user.id)
                    .order_by(UserActivity.month)
                ).all(),
                documents=session.scalars(
                    select(Document)
                    .where(Document.created_by == user.id, visible_documents(actor))
                    .order_by(Document.id)
                ).all(),
                cases=session.scalars(
                    select(CaseFile)
                    .join(CaseMember, CaseMember.case_id == CaseFile.id)
                    .where(CaseMember.user_id == user.id)
                    .order_by(CaseFile.id)
                ).all(),
                notes=session.scalars(
                    select(CaseNote)
                    .where(CaseNote.user_id == user.id, CaseNote.case_id.in_(seen))
                    .order_by(CaseNote.id)
                ).all(),
                analyses=session.scalars(
                    select(Analysis)
                    .where(Analysis.author == user.email, Analysis.case_id.in_(seen))
                    .order_by(Analysis.id)
                ).all(),
                security_events=session.scalars(
                    select(SecurityEvent).where(SecurityEvent.user_id == user.id).order_by(SecurityEvent.id)
                ).all(),
            )
