"""The JSON answers of the routes of analyses."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field

from tenant_app.cases.analyses.content import Point, PointKind
from tenant_app.cases.analyses.wording import notice_text, point_text, summary_text
from tenant_app.cases.models import Analysis, AnalysisCitation, AnalysisStatus
from tenant_app.validation import Body

ExportKind = Literal["markdown", "json", "docx", "pdf"]


class AnalysisWish(Body):
    """How an analysis is asked for: ``wait`` false answers at once, while it is still being made."""

    wait: bool = True


class AnalysisExport(Body):
    """The file wanted; ``docx`` and ``pdf`` belong to the plans with advanced features."""

    format: ExportKind = "markdown"


class PointView(BaseModel):
    """One point. ``supported``: true when it rests on the words it cites, false when on nothing.

    It is null for what the case's own record says (a missing piece, a noted deadline): there is nothing to
    cite. ``day`` is the day it is about, if it is about one.
    """

    kind: PointKind
    text: str
    citations: list[int]
    supported: bool | None
    day: date | None

    @classmethod
    def of(cls, point: Point) -> Self:
        """Return the view of a point, in the language of the request."""
        supported = {"documents": True, "unsupported": False, "case": None}[point.basis]
        return cls(
            kind=point.kind,
            text=point_text(point),
            citations=list(point.citations),
            supported=supported,
            day=point.day,
        )


class AnalysisCitationView(BaseModel):
    """Words of a document cited as ``n``; the offsets count characters of the document's text."""

    n: int
    document_id: int
    document: str
    page: int | None
    passage: str
    score: float
    chunk_id: int
    quote: str
    char_start: int
    char_end: int

    @classmethod
    def of(cls, citation: AnalysisCitation) -> Self:
        """Return the view of a citation."""
        return cls(**{name: getattr(citation, name) for name in cls.model_fields})


class NoticeOfAnalysis(BaseModel):
    """Something the reader should know about how the analysis was made."""

    code: str
    message: str


class AnalysisView(BaseModel):
    """An analysis. While its ``status`` is ``running``, ``step`` tells what is being done.

    ``confidence`` (0 to 1) is null until it is done; ``needs_review`` when it is below ``threshold``.
    """

    id: int
    case_id: int
    status: AnalysisStatus
    step: str
    summary: str
    points: list[PointView]
    citations: list[AnalysisCitationView]
    confidence: Annotated[float, Field(ge=0, le=1)] | None
    threshold: float
    needs_review: bool
    mode: Literal["llm", "local"] | None
    language: Literal["fr", "en"] | None
    notices: list[NoticeOfAnalysis]
    author: str
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, analysis: Analysis) -> Self:
        """Return the view of an analysis with its citations loaded, in the language of the request."""
        return cls(
            id=analysis.id,
            case_id=analysis.case_id,
            status=analysis.status,
            step=analysis.step,
            summary=summary_text(analysis),
            points=[PointView.of(Point.restored(kept)) for kept in analysis.points],
            citations=[AnalysisCitationView.of(citation) for citation in analysis.citations],
            confidence=analysis.confidence,
            threshold=analysis.threshold,
            needs_review=analysis.needs_review,
            mode=analysis.mode,
            language=analysis.language,
            notices=[NoticeOfAnalysis(code=code, message=notice_text(code)) for code in analysis.notices],
            author=analysis.author,
            created_at=analysis.created_at,
            finished_at=analysis.finished_at,
        )


class AnalysisList(BaseModel):
    """The analyses of a case, newest first."""

    analyses: list[AnalysisView]
