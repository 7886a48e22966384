"""The analysis without a language model: words of the documents, put in order, and what the record lacks.

Nothing is written or interpreted here: each point about documents is one of their sentences.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Final

from tenant_app.assistant.citations import without_marks, without_references
from tenant_app.cases.analyses.checklists import missing_pieces
from tenant_app.cases.analyses.confidence import confidence_of
from tenant_app.cases.analyses.content import CitationList, Content, Extract, Point, PointKind
from tenant_app.cases.analyses.material import Material
from tenant_app.cases.analyses.references import references_in
from tenant_app.cases.analyses.research import Finding
from tenant_app.cases.analyses.statements import Statement, statements_of

MOST_FACTS: Final = 10
MOST_OF_A_KIND: Final = 5
MOST_TEXTS: Final = 8
LEAST_WEIGHT_OF_A_FACT: Final = 3
"""A day and one more sign of a fact; see ``Statement.weight``."""
_BULLETS: Final = "-–—•*# "


def issues_of(material: Material) -> list[Statement]:
    """Return the sentences of the case's documents that ask something or name what is in dispute."""
    found = [one for one in statements_of(material.extracts) if one.raises_an_issue]
    return found[:MOST_OF_A_KIND]


def extract_analysis(
    material: Material, findings: Sequence[Finding], assistant: str, today: date, notices: Sequence[str]
) -> Content:
    """Return the analysis of a case drawn from its documents and from what the library was found to say."""
    citations = CitationList()
    statements = list(statements_of(material.extracts))
    points = [
        *_facts(statements, citations),
        *_quoted("issues", issues_of(material), citations),
        *_texts(material.extracts, findings, citations),
        *_selected("claims", statements, lambda one: one.claims, citations),
        *_selected("risks", statements, lambda one: one.threatens, citations),
        *_time_limits(statements, citations),
        *record_points(material, assistant, today),
    ]
    return Content(
        mode="local",
        language=material.language,
        summary="",
        points=tuple(points),
        citations=citations.all(),
        confidence=confidence_of([finding.answer for finding in findings], points),
        notices=tuple(notices),
    )


def record_points(material: Material, assistant: str, today: date) -> Iterator[Point]:
    """Yield what the case's own record says: pieces that seem to be missing, and what is to be done."""
    missing = missing_pieces(assistant, material.documents)
    for piece in missing:
        yield Point("missing", basis="case", code="missing-piece", values={"piece": piece.code})
    for name in material.unread:
        yield Point("missing", basis="case", code="unread", values={"document": name})
    for deadline in material.deadlines:
        code = "overdue" if deadline.due_on < today else "upcoming"
        yield Point(
            "next_steps", basis="case", day=deadline.due_on, code=code, values={"title": deadline.title}
        )
    if missing:
        yield Point("next_steps", basis="case", code="ask-for-pieces", values={"count": len(missing)})


def readable(words: str) -> str:
    """Return a quote on one line, without the bullet it may begin with nor anything that is not words."""
    return " ".join(without_references(without_marks(words)).split()).lstrip(_BULLETS)


def _facts(statements: Iterable[Statement], citations: CitationList) -> list[Point]:
    weighed = [one for one in statements if one.weight >= LEAST_WEIGHT_OF_A_FACT and not one.raises_an_issue]
    best = sorted(weighed, key=lambda one: -one.weight)[:MOST_FACTS]
    in_time = sorted(best, key=lambda one: (one.days[:1] or (date.max,), one.extract.chunk_id, one.start))
    return [_quoting("facts", one, citations) for one in in_time]


def _time_limits(statements: Iterable[Statement], citations: CitationList) -> list[Point]:
    found = [one for one in statements if one.limits_time and not one.raises_an_issue]
    # What names its day comes first: that one can be put in a diary.
    chosen = sorted(found, key=lambda one: not one.days)[:MOST_OF_A_KIND]
    return [_quoting("deadlines", one, citations) for one in chosen]


def _selected(
    kind: PointKind,
    statements: Iterable[Statement],
    wanted: Callable[[Statement], bool],
    citations: CitationList,
) -> list[Point]:
    return _quoted(kind, [one for one in statements if wanted(one)][:MOST_OF_A_KIND], citations)


def _quoted(kind: PointKind, statements: Iterable[Statement], citations: CitationList) -> list[Point]:
    return [_quoting(kind, one, citations) for one in statements]


def _quoting(kind: PointKind, one: Statement, citations: CitationList) -> Point:
    number = citations.cite(one.extract, one.start, one.end)
    return Point(kind, readable(one.text), (number,), day=one.days[-1] if one.days else None)


def _texts(extracts: Sequence[Extract], findings: Sequence[Finding], citations: CitationList) -> list[Point]:
    """Return the legal texts that the documents name, then what the library says to the questions."""
    points: dict[str, Point] = {}
    for extract in extracts:
        for reference in references_in(extract.text):
            name = reference.text[0].upper() + reference.text[1:]
            if name.lower() not in points and len(points) < MOST_OF_A_KIND:
                number = citations.cite(extract, reference.start, reference.end)
                points[name.lower()] = Point("texts", name, (number,))
    for extract, words in _library_quotes(findings):
        start = extract.text.find(words)
        if start >= 0 and words not in points and len(points) < MOST_TEXTS:
            number = citations.cite(extract, start, start + len(words))
            points[words] = Point("texts", readable(words), (number,))
    return list(points.values())


def _library_quotes(findings: Sequence[Finding]) -> Iterator[tuple[Extract, str]]:
    for finding in findings:
        for quote in finding.quotes:
            yield finding.extracts[quote.index], quote.text
