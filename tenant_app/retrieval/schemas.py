"""The JSON body and answer of the search route."""

import re
from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, Field

from tenant_app.retrieval.scope import Scope
from tenant_app.retrieval.search import MOST_HITS, Hit, SearchAnswer
from tenant_app.validation import Body

DEFAULT_HITS = 10


_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def _written_day(value: object) -> object:
    """Refuse what pydantic would also take for a day: numbers of seconds, moments of a day."""
    if value is not None and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("must be a day written YYYY-MM-DD")
    return value


RowId = Annotated[int, Field(ge=1, lt=10**18, strict=True)]
Day = Annotated[date | None, BeforeValidator(_written_day)]


class SearchQuery(Body):
    """What to look for, and where; how long the query may be depends on the plan.

    ``case_id`` and ``document_id`` leave that case's documents or that document; ``since`` and ``until`` are
    the first and last day (UTC) on which a document came in.
    """

    query: Annotated[str, Field(min_length=1)]
    top_k: Annotated[int, Field(ge=1, le=MOST_HITS, strict=True)] = DEFAULT_HITS
    case_id: RowId | None = None
    document_id: RowId | None = None
    since: Day = None
    until: Day = None

    def scope(self) -> Scope:
        """Return what the search is limited to. Raises InvalidInput when the dates are reversed."""
        return Scope(
            case_id=self.case_id,
            within_case_only=True,
            document_id=self.document_id,
            since=self.since,
            until=self.until,
        )


class SearchResult(BaseModel):
    """A passage found; ``lexical`` and ``dense`` are what speaks for it, from 0 to 1."""

    document_id: int
    document: str
    page: int | None
    passage: str
    score: float
    chunk_id: int
    heading: str
    lexical: float
    dense: float

    @classmethod
    def of(cls, hit: Hit) -> Self:
        """Return the view of a hit."""
        return cls(
            document_id=hit.document_id,
            document=hit.document,
            page=hit.page,
            passage=hit.passage,
            score=round(hit.score, 4),
            chunk_id=hit.chunk_id,
            heading=hit.heading,
            lexical=round(hit.lexical, 4),
            dense=round(hit.dense, 4),
        )


class SearchResults(BaseModel):
    """The passages, best first; ``degraded`` when only words could be compared."""

    results: list[SearchResult]
    degraded: bool

    @classmethod
    def of(cls, answer: SearchAnswer) -> Self:
        """Return the view of an answer."""
        return cls(results=[SearchResult.of(hit) for hit in answer.hits], degraded=answer.degraded)
