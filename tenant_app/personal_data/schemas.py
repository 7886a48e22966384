"""The JSON bodies and answers of one's own data."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel

from tenant_app.accounts.models import User
from tenant_app.accounts.schemas import Password, SessionView
from tenant_app.assistant.schemas import ConversationView, SecurityEventView
from tenant_app.case_files import CaseFile
from tenant_app.cases.models import Analysis, CaseNote
from tenant_app.passages import Document
from tenant_app.personal_data.collecting import Holdings
from tenant_app.validation import Body


class Erasure(Body):
    """The wish to be erased, proved by the present password."""

    current_password: Password


class OwnProfile(BaseModel):
    """The account itself."""

    id: int
    email: str
    role: str
    active: bool
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> Self:
        """Return the answer for a user."""
        return cls(
            id=user.id, email=user.email, role=user.role, active=user.active, created_at=user.created_at
        )


class OwnDocument(BaseModel):
    """A document one added; ``size`` is in bytes."""

    id: int
    name: str
    size: int
    case_id: int | None
    created_at: datetime

    @classmethod
    def of(cls, document: Document) -> Self:
        """Return the answer for a document."""
        return cls(
            id=document.id,
            name=document.name,
            size=document.size,
            case_id=document.case_id,
            created_at=document.created_at,
        )


class OwnCase(BaseModel):
    """A case one is a member of."""

    id: int
    title: str
    reference: str
    status: str

    @classmethod
    def of(cls, case: CaseFile) -> Self:
        """Return the answer for a case."""
        return cls(id=case.id, title=case.title, reference=case.reference, status=case.status)


class OwnNote(BaseModel):
    """A note one wrote on a case."""

    case_id: int
    text: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, note: CaseNote) -> Self:
        """Return the answer for a note."""
        return cls(
            case_id=note.case_id, text=note.text, created_at=note.created_at, updated_at=note.updated_at
        )


class OwnAnalysis(BaseModel):
    """An analysis one asked for."""

    id: int
    case_id: int
    created_at: datetime

    @classmethod
    def of(cls, analysis: Analysis) -> Self:
        """Return the answer for an analysis."""
        return cls(id=analysis.id, case_id=analysis.case_id, created_at=analysis.created_at)


class OwnData(BaseModel):
    """All that is held about a person; of cases and documents only what they may see now."""

    profile: OwnProfile
    sessions: list[SessionView]
    active_months: list[str]
    conversations: list[ConversationView]
    documents: list[OwnDocument]
    cases: list[OwnCase]
    notes: list[OwnNote]
    analyses: list[OwnAnalysis]
    security_events: list[SecurityEventView]

    @classmethod
    def of(cls, held: Holdings, session_id: str | None) -> Self:
        """Return the answer for what is held; ``session_id`` is the sign-in that asks."""
        return cls(
            profile=OwnProfile.of(held.user),
            sessions=[SessionView.of(session, session_id) for session in held.sessions],
            active_months=list(held.active_months),
            conversations=[ConversationView.whole(one) for one in held.conversations],
            documents=[OwnDocument.of(document) for document in held.documents],
            cases=[OwnCase.of(case) for case in held.cases],
            notes=[OwnNote.of(note) for note in held.notes],
            analyses=[OwnAnalysis.of(analysis) for analysis in held.analyses],
            security_events=[SecurityEventView.of(event) for event in held.security_events],
        )
