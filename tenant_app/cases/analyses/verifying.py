"""A model's analysis as it is believed: its shape validated, every citation looked up, every point judged."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tenant_app.assistant.citations import without_marks, without_references
from tenant_app.assistant.sentences import sentences
from tenant_app.assistant.support import judge, read_source, together
from tenant_app.cases.analyses.confidence import confidence_of
from tenant_app.cases.analyses.content import CitationList, Content, Extract, Point
from tenant_app.cases.analyses.extractive import record_points
from tenant_app.cases.analyses.material import Material
from tenant_app.cases.analyses.prompting import VERSION
from tenant_app.cases.analyses.research import Finding
from tenant_app.retrieval.language import Language
from tenant_app.retrieval.search import Hit

MOST_POINTS: Final = 40
_FENCE: Final = re.compile(r"\A\s*```(?:json)?\s*|\s*```\s*\Z")

WrittenKind = Literal[
    "facts", "issues", "texts", "arguments_for", "arguments_against", "risks", "deadlines", "next_steps"
]


class Malformed(Exception):
    """A model's answer is not an analysis; the message says why, in a few words."""


class WrittenCitation(BaseModel):
    """A passage by the number it was given, and words the model says stand in it."""

    passage: int
    quote: Annotated[str, Field(max_length=1_000)] = ""


class WrittenPoint(BaseModel):
    """A point as the model wrote it."""

    kind: WrittenKind
    text: Annotated[str, Field(min_length=1, max_length=2_000)]
    citations: Annotated[list[WrittenCitation], Field(max_length=10)] = []


class WrittenAnalysis(BaseModel):
    """An analysis as the model wrote it; what it adds beside is not read."""

    model_config = ConfigDict(extra="ignore")

    summary: Annotated[str, Field(min_length=1, max_length=4_000)]
    points: Annotated[list[WrittenPoint], Field(min_length=1, max_length=MOST_POINTS)]


@dataclass(frozen=True)
class Written:
    """A model's analysis, and the passages it was given, numbered from 1."""

    analysis: WrittenAnalysis
    passages: tuple[Extract, ...]


def read_answer(answer: str) -> WrittenAnalysis:
    """Return the analysis an answer holds; raises Malformed."""
    text = _FENCE.sub("", answer).strip()
    try:
        return WrittenAnalysis.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise Malformed(f"{place}: {first['msg']}" if place else str(first["msg"])) from error


def written_analysis(
    material: Material,
    findings: Sequence[Finding],
    written: Written,
    assistant: str,
    today: date,
    notices: Sequence[str],
) -> Content:
    """Return a model's analysis as it is believed, with what the case's own record says beside it."""
    citations = CitationList()
    points = [
        *verified_points(written.analysis, written.passages, material.language, citations),
        *record_points(material, assistant, today),
    ]
    doubtful = any(point.basis == "unsupported" for point in points)
    return Content(
        mode="llm",
        language=material.language,
        summary=verified_summary(written.analysis.summary, written.passages, material.language),
        points=tuple(points),
        citations=citations.all(),
        confidence=confidence_of([finding.answer for finding in findings], points),
        notices=(*notices, "unsupported-points") if doubtful else tuple(notices),
        prompt_version=VERSION,
    )


def verified_summary(summary: str, passages: Sequence[Extract], language: Language) -> str:
    """Return the summary without the sentences whose figures, references or quotations no passage holds."""
    text = plain(summary)
    everything = {0: together([read_source(_as_hit(extract), language) for extract in passages])}
    kept = [
        text[span.start : span.end]
        for span in sentences(text)
        if judge(text[span.start : span.end], everything, None, language).doubt not in ("facts", "quotation")
    ]
    return " ".join(kept)


def verified_points(
    written: WrittenAnalysis, passages: Sequence[Extract], language: Language, citations: CitationList
) -> list[Point]:
    """Return the points with the citations that hold; a point that nothing supports is marked, not dropped.

    A citation holds when its number is that of a passage given and its words stand there, however they are
    spaced. A point is supported when its words, figures and denials are those of the passages it cites.
    """
    return [_verified(point, passages, language, citations) for point in written.points]


def plain(text: str) -> str:
    """Return a model's words on one line: no marks, no markup, nothing that leads outside."""
    return " ".join(without_references(without_marks(text)).split())


def _verified(
    point: WrittenPoint, passages: Sequence[Extract], language: Language, citations: CitationList
) -> Point:
    text = plain(point.text)
    cited = [
        (passages[one.passage - 1], place)
        for one in point.citations
        if 1 <= one.passage <= len(passages) and (place := _place(one.quote, passages[one.passage - 1].text))
    ]
    if not cited:
        return Point(point.kind, text, basis="unsupported")
    numbers = tuple(dict.fromkeys(citations.cite(extract, *place) for extract, place in cited))
    sources = {extract.chunk_id: read_source(_as_hit(extract), language) for extract, _ in cited}
    verdict = judge(text, sources, None, language)
    # Issues and next steps say what no passage says; they rest on what they cite.
    holds = verdict.supported is not False or (
        point.kind in ("issues", "next_steps") and verdict.doubt not in ("facts", "quotation")
    )
    return Point(point.kind, text, numbers, basis="documents" if holds else "unsupported")


def _place(quote: str, passage: str) -> tuple[int, int] | None:
    """Return where the words stand in the passage, however they are spaced; None when they do not."""
    words = quote.strip(" «»“”\"'…").split()
    if not words:
        return None
    found = re.search(r"\s+".join(re.escape(word) for word in words), passage)
    return found.span() if found else None


def _as_hit(extract: Extract) -> Hit:
    return Hit(
        chunk_id=extract.chunk_id,
        document_id=extract.document_id,
        document=extract.document,
        page=extract.page,
        heading=extract.heading,
        passage=extract.text,
        score=extract.score,
        lexical=0.0,
        dense=0.0,
    )
