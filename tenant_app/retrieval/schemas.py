"""The JSON body and answer of the search route."""

from typing import Annotated, Self

from pydantic import BaseModel, Field

from tenant_app.retrieval.search import MOST_HITS, Hit, SearchAnswer
from tenant_app.validation import Body

DEFAULT_HITS = 10


class SearchQuery(Body):
    """What to look for; how long it may be depends on the plan."""

    query: Annotated[str, Field(min_length=1)]
    top_k: Annotated[int, Field(ge=1, le=MOST_HITS, strict=True)] = DEFAULT_HITS


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
