"""An analysis: asked for, followed while it is made, read, taken away."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from tenant_app.api.context import current_actor, current_services
from tenant_app.cases.analyses import routes
from tenant_app.cases.analyses.content import KINDS
from tenant_app.cases.analyses.exporting import judgement
from tenant_app.cases.analyses.schemas import AnalysisCitationView, AnalysisView, ExportKind, PointView
from tenant_app.cases.analyses.wording import KIND_TITLES, STEPS, confidence_words
from tenant_app.cases.models import Analysis
from tenant_app.errors import NotFound, TenantAppError
from tenant_app.web.case_pages import case_refusing
from tenant_app.web.frame import page
from tenant_app.web.passages import written


@dataclass(frozen=True)
class Section:
    """The points of one kind."""

    kind: str
    title: str
    points: Sequence[PointView]


@dataclass(frozen=True)
class Source:
    """A citation and the address of its exact words; None when its document has gone."""

    citation: AnalysisCitationView
    url: str | None


@page("cases.write")
def ask_for_analysis(case_id: int) -> BaseResponse:
    """Begin an analysis and lead to its page, or show the case with the reason it was refused."""
    try:
        asked = current_services().cases.analyses.ask_for(current_actor(), case_id)
    except NotFound:
        raise
    except TenantAppError as refusal:
        return case_refusing(case_id, refusal)
    return redirect(url_for("web.analysis", case_id=case_id, analysis_id=asked.id), 303)


@page("cases.read")
def analysis(case_id: int, analysis_id: int) -> str:
    """Show one analysis, or how far it is."""
    services, actor = current_services(), current_actor()
    case = services.cases.register.get(actor, case_id).case
    stored = services.cases.analyses.get(actor, case_id, analysis_id)
    shown = AnalysisView.of(stored)
    return render_template(
        "analysis.html",
        case=case,
        analysis=shown,
        may_write=actor.may("cases.write") and case.status == "open",
        step=step_text(stored),
        sections=_sections(shown),
        sources=_sources(shown),
        words=confidence_words(shown.confidence or 0.0, shown.threshold),
        judgement=judgement(stored) if stored.status == "done" else "",
    )


@page("cases.read")
def analysis_progress(case_id: int, analysis_id: int) -> str:
    """Return how far an analysis is, for the page that waits for it."""
    stored = current_services().cases.analyses.get(current_actor(), case_id, analysis_id)
    return render_template("analysis_progress.html", analysis=stored, step=step_text(stored))


@page("cases.read")
def export_analysis(case_id: int, analysis_id: int, kind: ExportKind) -> BaseResponse:
    """Send an analysis as a file."""
    return routes.export(case_id, analysis_id, kind)


@page("cases.write")
def remove_analysis(case_id: int, analysis_id: int) -> BaseResponse:
    """Remove an analysis."""
    current_services().cases.analyses.remove(current_actor(), case_id, analysis_id)
    return redirect(url_for("web.case", case_id=case_id, _anchor="analyses"), 303)


def step_text(stored: Analysis) -> str:
    """Return what is being done, in the reader's language."""
    if stored.status == "failed":
        return str(gettext("L’analyse a échoué. Elle n’est pas comptée : vous pouvez la redemander."))
    return str(STEPS.get(stored.step, STEPS["waiting"]))


def _sections(shown: AnalysisView) -> list[Section]:
    sections = (
        Section(kind, str(KIND_TITLES[kind]), [point for point in shown.points if point.kind == kind])
        for kind in KINDS
    )
    return [section for section in sections if section.points]


def _sources(shown: AnalysisView) -> dict[int, Source]:
    there = {
        document_id for document_id in {one.document_id for one in shown.citations} if _is_there(document_id)
    }
    return {
        one.n: Source(one, _address(one) if one.document_id in there else None) for one in shown.citations
    }


def _is_there(document_id: int) -> bool:
    try:
        current_services().library.document(current_actor(), document_id)
    except NotFound:
        return False
    return True


def _address(citation: AnalysisCitationView) -> str:
    start = max(0, citation.passage.find(citation.quote))
    return url_for(
        "web.document",
        document_id=citation.document_id,
        passage=citation.chunk_id,
        words=written([(start, start + len(citation.quote))]),
        _anchor="passage",
    )
