"""The wire shape of `/v1/rerank`, Cohere's and Jina's: a query and documents, answered by scores."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from embedding_server.errors import InvalidRequest, ModelNotFound
from embedding_server.requests import MAX_TEXT_CHARACTERS, first_problem, read_priority
from embedding_server.scheduler import Priority

MAX_DOCUMENTS: Final = 64

_Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_CHARACTERS)]


class RerankBody(BaseModel):
    """The JSON body; documents are texts, and are not repeated in the answer."""

    # The input stays out of error messages: it is a tenant's text.
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    model: Annotated[str, Field(min_length=1, max_length=200)]
    query: _Text
    documents: Annotated[list[_Text], Field(min_length=1, max_length=MAX_DOCUMENTS)]
    top_n: Annotated[int, Field(ge=1)] | None = None
    user: Annotated[str, Field(min_length=1, max_length=64)] = "anonymous"


@dataclass(frozen=True, slots=True)
class RerankRequest:
    """A valid request; `top_n` is how many results are wanted."""

    user: str
    model: str
    priority: Priority
    query: str
    documents: tuple[str, ...]
    top_n: int


def parse_rerank_request(body: bytes, priority: str | None, served_models: Collection[str]) -> RerankRequest:
    """Read a body and its `X-Tenantry-Priority` header (absent: ingest).

    Raises `InvalidRequest`, `ModelNotFound`.
    """
    try:
        parsed = RerankBody.model_validate_json(body)
    except ValidationError as error:
        raise InvalidRequest(first_problem(error)) from None
    if parsed.model not in served_models:
        raise ModelNotFound(
            f"The model {parsed.model!r} does not rerank here; this server has {', '.join(served_models)}."
        )
    documents = tuple(parsed.documents)
    top_n = parsed.top_n or len(documents)
    return RerankRequest(parsed.user, parsed.model, read_priority(priority), parsed.query, documents, top_n)


def rerank_answer(scores: Sequence[float], request: RerankRequest, *, tokens: int) -> dict[str, Any]:
    """Positions of the documents with their scores (one each, in the request's order), best first."""
    best = sorted(range(len(scores)), key=lambda index: -scores[index])[: request.top_n]
    return {
        "model": request.model,
        "results": [{"index": index, "relevance_score": scores[index]} for index in best],
        "usage": {"total_tokens": tokens},
    }
