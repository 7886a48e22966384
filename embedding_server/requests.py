"""The wire shapes: OpenAI's `/v1/embeddings` request, answer, model list and error object."""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from embedding_server.errors import InvalidRequest, ModelNotFound, RequestError
from embedding_server.models import Vectors
from embedding_server.scheduler import Priority

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_TEXTS = 256
MAX_QUESTION_TEXTS = 16
MAX_TEXT_CHARACTERS = 32_000

EncodingFormat = Literal["float", "base64"]


def _as_list(value: object) -> object:
    """A single text is a list of one."""
    return [value] if isinstance(value, str) else value


_Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_CHARACTERS)]


class EmbeddingBody(BaseModel):
    """The JSON body. Token arrays and `dimensions` of OpenAI's shape are not offered."""

    # The input stays out of error messages: it is a tenant's text.
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    model: Annotated[str, Field(min_length=1, max_length=200)]
    input: Annotated[list[_Text], BeforeValidator(_as_list), Field(min_length=1, max_length=MAX_TEXTS)]
    encoding_format: EncodingFormat = "float"
    user: Annotated[str, Field(min_length=1, max_length=64)] = "anonymous"


@dataclass(frozen=True, slots=True)
class EmbeddingRequest:
    """A valid request."""

    user: str
    model: str
    priority: Priority
    texts: tuple[str, ...]
    encoding_format: EncodingFormat


def parse_request(body: bytes, priority: str | None, served_models: Collection[str]) -> EmbeddingRequest:
    """Read a body and its `X-Tenantry-Priority` header (absent: ingest).

    Raises `InvalidRequest`, `ModelNotFound`.
    """
    try:
        parsed = EmbeddingBody.model_validate_json(body)
    except ValidationError as error:
        raise InvalidRequest(first_problem(error)) from None
    if parsed.model not in served_models:
        raise ModelNotFound(
            f"The model {parsed.model!r} is not served here; this server has {', '.join(served_models)}."
        )
    lane = read_priority(priority)
    if lane is Priority.QUESTION and len(parsed.input) > MAX_QUESTION_TEXTS:
        raise InvalidRequest(
            f"A request with priority 'question' has at most {MAX_QUESTION_TEXTS} texts,"
            f" not {len(parsed.input)}; send them as 'ingest'."
        )
    return EmbeddingRequest(parsed.user, parsed.model, lane, tuple(parsed.input), parsed.encoding_format)


def read_priority(header: str | None) -> Priority:
    """Read an `X-Tenantry-Priority` header (absent: ingest). Raises `InvalidRequest`."""
    try:
        return Priority(header) if header is not None else Priority.INGEST
    except ValueError:
        allowed = ", ".join(Priority)
        raise InvalidRequest(f"X-Tenantry-Priority must be one of: {allowed}.") from None


def first_problem(error: ValidationError) -> str:
    """What is wrong with a body, with its place in it and without its content."""
    problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in problem["loc"]) or "body"
    return f"{place}: {problem['msg']}"


def embeddings_answer(
    vectors: Vectors, *, model: str, tokens: int, encoding_format: EncodingFormat
) -> dict[str, Any]:
    """OpenAI's answer: vectors in the request's order, as numbers or base64 little-endian float32."""
    return {
        "object": "list",
        "model": model,
        "data": [
            {"object": "embedding", "index": index, "embedding": embedding}
            for index, embedding in enumerate(_encoded(vectors, encoding_format))
        ],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _encoded(vectors: Vectors, encoding_format: EncodingFormat) -> Any:
    if encoding_format == "float":
        return vectors.tolist()
    return [base64.b64encode(row.astype("<f4").tobytes()).decode("ascii") for row in vectors]


def models_answer(models: Collection[str]) -> dict[str, Any]:
    """OpenAI's model list."""
    return {
        "object": "list",
        "data": [{"id": model, "object": "model", "created": 0, "owned_by": "tenantry"} for model in models],
    }


def error_answer(error: RequestError) -> dict[str, Any]:
    """OpenAI's error object."""
    return {"error": {"message": str(error), "type": error.kind, "param": None, "code": error.code}}
