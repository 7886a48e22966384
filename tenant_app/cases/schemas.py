"""The JSON bodies and answers of the cases' routes, their analyses apart."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field

from tenant_app.accounts.models import User
from tenant_app.case_files import CaseStatus
from tenant_app.cases.deadlines import Due, DueOfCase
from tenant_app.cases.models import CaseDeadline, CaseNote
from tenant_app.cases.register import CaseDetails, CaseSummary
from tenant_app.validation import Body

_LINE = r"^[^\x00-\x1f\x7f]*$"
_WORDS = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
_TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

Title = Annotated[str, Field(min_length=1, max_length=200, pattern=_WORDS)]
Reference = Annotated[str, Field(max_length=60, pattern=_LINE)]
Description = Annotated[str, Field(max_length=4_000, pattern=_TEXT)]
NoteText = Annotated[str, Field(min_length=1, max_length=10_000, pattern=_TEXT)]

MOST_CASES = 1_000
"""How many cases one answer lists."""


class NewCase(Body):
    """A case to open."""

    title: Title
    reference: Reference = ""
    description: Description = ""

    def details(self) -> CaseDetails:
        """Return what is said of the case."""
        return CaseDetails(self.title, self.reference, self.description)


class CaseChange(Body):
    """What may be changed of a case; what is left out stays."""

    title: Title | None = None
    reference: Reference | None = None
    description: Description | None = None
    status: CaseStatus | None = None

    def details(self) -> CaseDetails:
        """Return what is said of the case, its status apart."""
        return CaseDetails(self.title, self.reference, self.description)


class CaseQuery(Body):
    """Which cases are wanted; ``q`` holds words of their title, reference or description."""

    q: Annotated[str, Field(max_length=200)] = ""
    status: CaseStatus | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_CASES)] = 200
    offset: Annotated[int, Field(ge=0, lt=2**31)] = 0


class CaseView(BaseModel):
    """A case; ``documents`` counts them, ``next_deadline`` is the first one not done."""

    id: int
    title: str
    reference: str
    description: str
    status: CaseStatus
    documents: int
    next_deadline: date | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, summary: CaseSummary) -> Self:
        """Return the view of a case."""
        case = summary.case
        return cls.model_validate(
            {
                "id": case.id,
                "title": case.title,
                "reference": case.reference,
                "description": case.description,
                "status": case.status,
                "documents": summary.documents,
                "next_deadline": summary.next_deadline,
                "created_at": case.created_at,
                "updated_at": case.updated_at,
            }
        )


class CaseList(BaseModel):
    """Some of the cases one may see, last changed first.

    ``total`` of them fulfil the query; ``used`` of the plan's ``limit`` are there (null: unlimited).
    """

    cases: list[CaseView]
    total: int
    used: int
    limit: int | None


class MemberView(BaseModel):
    """A member of a case."""

    user_id: int
    email: str
    role: str
    active: bool

    @classmethod
    def of(cls, user: User) -> Self:
        """Return the view of a member."""
        return cls(user_id=user.id, email=user.email, role=user.role, active=user.active)


class MemberList(BaseModel):
    """The members of a case."""

    members: list[MemberView]


class NoteBody(Body):
    """The text of a note."""

    text: NoteText


class NoteView(BaseModel):
    """A note; ``author`` is the name of who wrote it, as it was then."""

    id: int
    text: str
    author: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, note: CaseNote) -> Self:
        """Return the view of a note."""
        return cls(
            id=note.id,
            text=note.text,
            author=note.author,
            created_at=note.created_at,
            updated_at=note.updated_at,
        )


class NoteList(BaseModel):
    """The notes of a case, newest first."""

    notes: list[NoteView]


class NewDeadline(Body):
    """A deadline to note."""

    title: Title
    due_on: date


class DeadlineChange(Body):
    """What may be changed of a deadline; what is left out stays."""

    title: Title | None = None
    due_on: date | None = None
    done: bool | None = None


class DeadlineQuery(Body):
    """Which deadlines are wanted: those not done and past, not done and to come, done, or all."""

    due: Due = "all"


class DeadlineView(BaseModel):
    """A deadline; ``overdue``: its day has passed and it is not done."""

    id: int
    case_id: int
    title: str
    due_on: date
    done: bool
    overdue: bool

    @classmethod
    def of(cls, deadline: CaseDeadline, today: date) -> Self:
        """Return the view of a deadline as of ``today``."""
        done = deadline.done_at is not None
        return cls(
            id=deadline.id,
            case_id=deadline.case_id,
            title=deadline.title,
            due_on=deadline.due_on,
            done=done,
            overdue=not done and deadline.due_on < today,
        )


class DeadlineList(BaseModel):
    """The deadlines of a case, earliest first."""

    deadlines: list[DeadlineView]


class DueView(DeadlineView):
    """A deadline beside the title of its case."""

    case_title: str

    @classmethod
    def of_case(cls, due: DueOfCase, today: date) -> Self:
        """Return the view of a deadline and its case as of ``today``."""
        return cls(**DeadlineView.of(due.deadline, today).model_dump(), case_title=due.case.title)


class DueList(BaseModel):
    """The deadlines of every open case one may see, earliest first."""

    deadlines: list[DueView]
