"""An analysis as a file to take away: the parts of a sheet, or Markdown, sources included."""

from collections.abc import Iterator
from typing import Final

from flask_babel import format_date, get_locale, gettext

from tenant_app.assistant.citations import without_references
from tenant_app.case_files import CaseFile
from tenant_app.cases.analyses.content import KINDS, Point
from tenant_app.cases.analyses.wording import (
    KIND_TITLES,
    confidence_words,
    notice_text,
    point_text,
    summary_text,
)
from tenant_app.cases.models import Analysis, AnalysisCitation
from tenant_app.exporting.blocks import Block, Heading, ListItem, Note, Paragraph, Quote, Sheet

_BULLET: Final = "•"


def sheet_of(case: CaseFile, analysis: Analysis, issuer: str) -> Sheet:
    """Return a finished analysis, its citations loaded, as the parts of a document."""
    made = format_date(analysis.created_at, "long")
    return Sheet(
        title=gettext("Analyse du dossier « %(title)s »", title=case.title),
        issuer=issuer,
        language="en" if str(get_locale()) == "en" else "fr",
        page_label=gettext("page"),
        blocks=[*_introduction(analysis), *_sections(analysis), *_sources(analysis)],
        subtitle=" – ".join(part for part in (case.reference, made, analysis.author) if part),
    )


def as_markdown(case: CaseFile, analysis: Analysis, issuer: str) -> str:
    """Return the same as Markdown that hides no link and no image."""
    sheet = sheet_of(case, analysis, issuer)
    lines = [f"# {_on_one_line(sheet.title)}", "", f"*{_on_one_line(sheet.subtitle)}*", ""]
    for block in sheet.blocks:
        lines += [*_marked_down(block), ""]
    return "\n".join(lines)


def judgement(analysis: Analysis) -> str:
    """Return the confidence in figures and words, and whether a human must check the analysis."""
    confidence = analysis.confidence or 0.0
    said = gettext(
        "Confiance : %(share)s\u00a0%% (seuil : %(threshold)s\u00a0%%).",
        share=round(confidence * 100),
        threshold=round(analysis.threshold * 100),
    )
    return f"{said} {confidence_words(confidence, analysis.threshold)}"


def _introduction(analysis: Analysis) -> Iterator[Block]:
    yield Paragraph(summary_text(analysis))
    yield Note(judgement(analysis))
    if analysis.needs_review:
        yield Note(gettext("À faire relire par un professionnel avant tout usage."))
    for code in analysis.notices:
        yield Note(notice_text(code))


def _sections(analysis: Analysis) -> Iterator[Block]:
    points = [Point.restored(kept) for kept in analysis.points]
    for kind in KINDS:
        of_kind = [point for point in points if point.kind == kind]
        if of_kind:
            yield Heading(str(KIND_TITLES[kind]))
            yield from (ListItem(_with_marks(point), _BULLET) for point in of_kind)


def _with_marks(point: Point) -> str:
    marks = "".join(f"[{number}]" for number in point.citations)
    day = f"{format_date(point.day, 'long')} : " if point.day and point.basis == "case" else ""
    doubt = gettext("(sans appui dans les documents)") if point.basis == "unsupported" else ""
    return " ".join(part for part in (f"{day}{point_text(point)}", marks, doubt) if part)


def _sources(analysis: Analysis) -> Iterator[Block]:
    if analysis.citations:
        yield Heading(gettext("Sources"))
    for citation in analysis.citations:
        yield Quote(_on_one_line(citation.quote), f"[{citation.n}] {_place(citation)}")


def _place(citation: AnalysisCitation) -> str:
    page = gettext("page %(page)s", page=citation.page) if citation.page is not None else ""
    return ", ".join(part for part in (citation.document, page) if part)


def _marked_down(block: Block) -> Iterator[str]:
    match block:
        case Heading(text):
            yield f"## {_on_one_line(text)}"
        case ListItem(text):
            yield f"- {_on_one_line(text)}"
        case Quote(text, source):
            yield f"> {_on_one_line(text)}"
            yield f"> — {_on_one_line(source)}"
        case Note(text):
            yield f"*{_on_one_line(text)}*"
        case Paragraph(text):
            yield without_references(text)


def _on_one_line(text: str) -> str:
    return " ".join(without_references(text).split())
