"""The search page: what was asked and where, the passages found with their words marked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from flask import render_template, request, url_for
from flask_babel import gettext
from pydantic import ValidationError

from tenant_app.api.context import current_actor, current_services
from tenant_app.cases.register import CaseSummary
from tenant_app.errors import InvalidInput
from tenant_app.passages import Document
from tenant_app.retrieval.analysis import analyse
from tenant_app.retrieval.language import Language
from tenant_app.retrieval.query import accepted_query
from tenant_app.retrieval.schemas import SearchQuery
from tenant_app.retrieval.search import Hit, SearchAnswer
from tenant_app.validation import refused
from tenant_app.web.formats import day
from tenant_app.web.frame import page
from tenant_app.web.passages import Piece, Range, found_pieces, written

RESULTS_SHOWN: Final = 20
EXCERPT_CHARACTERS: Final = 420
BEFORE_FIRST_WORD: Final = 90
"""How much of a passage an excerpt shows before the first word looked for."""
MOST_CHOICES: Final = 500
"""Documents and cases offered to limit a search to."""
MOST_MARKED: Final = 40
_WORD: Final = re.compile(r"[^\W_]+(?:[-.'’][^\W_]+)*")


@dataclass(frozen=True)
class Wanted:
    """The form as it was sent, to be shown again."""

    query: str
    document_id: str
    case_id: str
    since: str
    until: str


@dataclass(frozen=True)
class Found:
    """One result: where it stands, an excerpt with the words marked, and the address of the passage."""

    document: str
    page: int | None
    heading: str
    excerpt: Sequence[Piece]
    cut_before: bool
    cut_after: bool
    url: str


@page("documents.read")
def search() -> str:
    """Show the form, and what was found when something is asked."""
    wanted = _wanted()
    answer: SearchAnswer | None = None
    refusal = ""
    if wanted.query.strip():
        try:
            answer = _answer(wanted)
        except InvalidInput as error:
            refusal = str(error.detail)
    documents = current_services().library.documents(current_actor())[:MOST_CHOICES]
    return render_template(
        "search.html",
        wanted=wanted,
        refusal=refusal,
        answer=answer,
        results=_results(answer) if answer else (),
        documents=documents,
        cases=_cases(),
        longest_query=current_services().settings.max_question_chars,
        limits=_limits(wanted, documents) if answer else (),
    )


def _wanted() -> Wanted:
    given = request.args
    return Wanted(
        query=given.get("q", ""),
        document_id=given.get("document", ""),
        case_id=given.get("case", ""),
        since=given.get("since", ""),
        until=given.get("until", ""),
    )


def _answer(wanted: Wanted) -> SearchAnswer:
    services = current_services()
    query = accepted_query(wanted.query, services.settings.max_question_chars)
    try:
        limits = SearchQuery.model_validate(
            {
                "query": query,
                "document_id": _number(wanted.document_id),
                "case_id": _number(wanted.case_id),
                "since": wanted.since or None,
                "until": wanted.until or None,
            }
        )
    except ValidationError as error:
        raise refused(error, gettext("Les limites de la recherche sont incomplètes ou erronées.")) from error
    return services.search.search(current_actor(), query, RESULTS_SHOWN, limits.scope())


def _number(text: str) -> int | str | None:
    """Return a chosen row's number; what is none is left for the model to refuse."""
    return int(text) if re.fullmatch(r"\d{1,18}", text, re.ASCII) else text or None


def _cases() -> Sequence[CaseSummary]:
    actor = current_actor()
    if not actor.may("cases.read"):
        return ()
    return current_services().cases.register.find(actor, most=MOST_CHOICES).cases


def _limits(wanted: Wanted, documents: Sequence[Document]) -> list[str]:
    """Say in words what a search that was made was limited to."""
    names = {str(document.id): document.name for document in documents}
    titles = {str(summary.case.id): summary.case.title for summary in _cases()}
    said = []
    if wanted.document_id in names:
        said.append(gettext("document « %(name)s »", name=names[wanted.document_id]))
    if wanted.case_id in titles:
        said.append(gettext("dossier « %(title)s »", title=titles[wanted.case_id]))
    if wanted.since:
        said.append(gettext("ajoutés depuis le %(day)s", day=day(date.fromisoformat(wanted.since))))
    if wanted.until:
        said.append(gettext("ajoutés jusqu’au %(day)s", day=day(date.fromisoformat(wanted.until))))
    return said


def _results(answer: SearchAnswer) -> list[Found]:
    language: Language = answer.language or current_services().settings.language_default
    return [_found(hit, answer.terms, language) for hit in answer.hits]


def _found(hit: Hit, terms: frozenset[str], language: Language) -> Found:
    ranges = marked_words(hit.passage, terms, language)
    start, end = _excerpt(hit.passage, ranges)
    inside = [
        (first - start, last - start, False) for first, last in ranges if start <= first and last <= end
    ]
    return Found(
        document=hit.document,
        page=hit.page,
        heading=hit.heading,
        excerpt=found_pieces(hit.passage[start:end], inside),
        cut_before=start > 0,
        cut_after=end < len(hit.passage),
        url=url_for(
            "web.document",
            document_id=hit.document_id,
            passage=hit.chunk_id,
            words=written(ranges[:MOST_MARKED]),
            _anchor="passage",
        ),
    )


def marked_words(passage: str, terms: frozenset[str], language: Language) -> list[Range]:
    """Return where words stand whose terms are among those looked for."""
    return [
        match.span() for match in _WORD.finditer(passage) if terms.intersection(analyse(match[0], language))
    ]


def _excerpt(passage: str, ranges: Sequence[Range]) -> Range:
    """Return which part of a passage is shown: from a little before the first word looked for on."""
    first = ranges[0][0] if ranges else 0
    start = max(0, min(first - BEFORE_FIRST_WORD, len(passage) - EXCERPT_CHARACTERS))
    if start:
        start = passage.find(" ", start, first) + 1 or start
    end = start + EXCERPT_CHARACTERS
    if end < len(passage):
        end = max(passage.rfind(" ", start, end), start + EXCERPT_CHARACTERS // 2)
    return start, min(end, len(passage))
