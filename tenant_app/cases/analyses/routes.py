"""The routes of analyses: asking for one, reading and removing them."""

from typing import Final

from flask import Blueprint, Response
from flask_babel import lazy_gettext

from tenant_app.api.authentication import requires
from tenant_app.api.bodies import answered, query_arguments
from tenant_app.api.context import current_actor, current_services
from tenant_app.api.documentation import documented
from tenant_app.case_files import CaseFile
from tenant_app.cases.analyses.exporting import as_markdown, sheet_of
from tenant_app.cases.analyses.schemas import (
    AnalysisExport,
    AnalysisList,
    AnalysisView,
    AnalysisWish,
    ExportKind,
)
from tenant_app.cases.analyses.service import Analyses
from tenant_app.cases.models import Analysis
from tenant_app.errors import Conflict, Forbidden, TenantAppError, Unavailable
from tenant_app.exporting import docx, pdf
from tenant_app.exporting.docx import as_docx
from tenant_app.exporting.pdf import as_pdf

blueprint = Blueprint("analyses", __name__)

_LOCAL_SECONDS: Final = 15.0
"""What an analysis may take beside the model's time before a caller is no longer kept waiting."""
LONGEST_WAIT_SECONDS: Final = 50.0
"""Below nginx's minute."""
ADVANCED: Final = frozenset({"docx", "pdf"})
"""The formats that belong to the plans with advanced features."""


def _analyses() -> Analyses:
    return current_services().cases.analyses


@blueprint.post("/api/cases/<int:case_id>/analyses")
@documented(
    summary="Analyser un dossier",
    query=AnalysisWish,
    answer=AnalysisView,
    status=201,
    errors=[400, 401, 403, 404, 409, 429, 500, 503],
)
@requires("cases.write")
def analyse_case(case_id: int) -> Response:
    """Analyse a case: 201 with the analysis, or 202 while it is still being made (ask again for it by id)."""
    actor, wish = current_actor(), query_arguments(AnalysisWish)
    asked = _analyses().ask_for(actor, case_id)
    if wish.wait:
        _wait(asked.id)
    analysis = _analyses().get(actor, case_id, asked.id)
    if analysis.status == "failed":
        raise TenantAppError(
            lazy_gettext("L'analyse a échoué ; elle n'est pas comptée. Redemandez-la."),
            code="analysis-failed",
        )
    return answered(AnalysisView.of(analysis), 202 if analysis.status == "running" else 201)


def _wait(analysis_id: int) -> None:
    """Wait for the analysis if a thread can be spared for it."""
    services = current_services()
    seconds = min(LONGEST_WAIT_SECONDS, services.settings.llm_timeout_seconds + _LOCAL_SECONDS)
    try:
        with services.streams.slot():
            services.cases.analyses.wait_for(analysis_id, seconds)
    except Unavailable:
        # Every thread that may wait does: the caller is told at once that the analysis is being made.
        return


@blueprint.get("/api/cases/<int:case_id>/analyses")
@documented(summary="Les analyses d'un dossier", answer=AnalysisList, errors=[401, 403, 404])
@requires("cases.read")
def list_analyses(case_id: int) -> Response:
    """List the analyses of a case, newest first."""
    found = _analyses().list_of(current_actor(), case_id)
    return answered(AnalysisList(analyses=[AnalysisView.of(analysis) for analysis in found]))


@blueprint.get("/api/cases/<int:case_id>/analyses/<int:analysis_id>")
@documented(summary="Une analyse", answer=AnalysisView, errors=[401, 403, 404])
@requires("cases.read")
def show_analysis(case_id: int, analysis_id: int) -> Response:
    """Show one analysis."""
    return answered(AnalysisView.of(_analyses().get(current_actor(), case_id, analysis_id)))


@blueprint.delete("/api/cases/<int:case_id>/analyses/<int:analysis_id>")
@documented(summary="Supprimer une analyse", status=204, errors=[401, 403, 404, 409])
@requires("cases.write")
def remove_analysis(case_id: int, analysis_id: int) -> Response:
    """Remove an analysis; it stays counted."""
    _analyses().remove(current_actor(), case_id, analysis_id)
    return Response(status=204)


@blueprint.get("/api/cases/<int:case_id>/analyses/<int:analysis_id>/export")
@documented(
    summary="Une analyse, en fichier",
    query=AnalysisExport,
    media_type="application/octet-stream",
    errors=[400, 401, 403, 404, 409],
)
@requires("cases.read")
def export_analysis(case_id: int, analysis_id: int) -> Response:
    """Download a finished analysis with its sources; DOCX and PDF where the plan has them."""
    return export(case_id, analysis_id, query_arguments(AnalysisExport).format)


def export(case_id: int, analysis_id: int, kind: ExportKind) -> Response:
    """Answer an analysis as a file; the page's links do the same.

    Raises NotFound, Conflict (it is not finished), Forbidden (the plan has not this format).
    """
    services, actor = current_services(), current_actor()
    case = services.cases.register.get(actor, case_id).case
    analysis = _analyses().get(actor, case_id, analysis_id)
    if kind in ADVANCED and not services.settings.advanced_features:
        raise Forbidden(
            lazy_gettext("Votre abonnement ne comprend pas les exports Word et PDF."),
            code="feature-not-included",
        )
    if analysis.status != "done":
        raise Conflict(lazy_gettext("Cette analyse n'est pas terminée."), code="analysis-not-done")
    content, media_type, extension = _written(case, analysis, kind, services.settings.client_name)
    file = Response(content, content_type=media_type)
    name = f"analyse-{case_id}-{analysis_id}.{extension}"
    file.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    file.headers["Cache-Control"] = "private, no-store"
    return file


def _written(
    case: CaseFile, analysis: Analysis, kind: ExportKind, issuer: str
) -> tuple[bytes | str, str, str]:
    """Return the file's content, its media type and the end of its name."""
    match kind:
        case "docx":
            return as_docx(sheet_of(case, analysis, issuer)), docx.MEDIA_TYPE, "docx"
        case "pdf":
            return as_pdf(sheet_of(case, analysis, issuer)), pdf.MEDIA_TYPE, "pdf"
        case "markdown":
            return as_markdown(case, analysis, issuer), "text/markdown; charset=utf-8", "md"
        case "json":
            view = AnalysisView.of(analysis).model_dump_json(indent=2)
            return view, "application/json; charset=utf-8", "json"
