"""What a request may hold, and the words a wrong one is refused with."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import numpy as np
import pytest

from embedding_server.errors import InvalidRequest, ModelNotFound
from embedding_server.requests import embeddings_answer, parse_request
from embedding_server.scheduler import Priority

MODEL = "all-MiniLM-L6-v2"


def body(**fields: Any) -> bytes:
    return json.dumps({"model": MODEL, "input": "Quel est le délai ?", **fields}).encode()


def test_one_text_or_several_are_accepted() -> None:
    assert parse_request(body(input="un"), None, [MODEL]).texts == ("un",)
    assert parse_request(body(input=["un", "deux"]), None, [MODEL]).texts == ("un", "deux")


def test_documents_are_the_default_and_questions_say_so() -> None:
    assert parse_request(body(), None, [MODEL]).priority is Priority.INGEST
    assert parse_request(body(), "question", [MODEL]).priority is Priority.QUESTION


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"input": []}, "input: Value should have at least 1 item"),
        ({"input": ""}, "input.0: String should have at least 1 character"),
        ({"input": [1, 2]}, "input.0: Input should be a valid string"),
        ({"input": ["x"] * 257}, "input: Value should have at most 256 items"),
        ({"input": "x" * 32_001}, "input.0: String should have at most 32000 characters"),
        ({"encoding_format": "hex"}, "encoding_format: Input should be 'float' or 'base64'"),
        ({"user": ""}, "user: String should have at least 1 character"),
        ({"dimensions": 12}, "dimensions: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        parse_request(body(**fields), None, [MODEL])


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"model":"m","input":"\\ud800"}', b"\xff"])
def test_what_is_not_a_json_object_of_text_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidRequest):
        parse_request(raw, None, [MODEL])


def test_a_refusal_never_repeats_the_tenants_text() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_request(body(input=["secret médical", 3], user="x" * 65), None, [MODEL])

    assert "secret" not in str(refusal.value)


def test_an_unknown_priority_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="question, ingest"):
        parse_request(body(), "urgent", [MODEL])


def test_a_bulk_load_cannot_pass_for_a_question() -> None:
    with pytest.raises(InvalidRequest, match="at most 16 texts, not 17"):
        parse_request(body(input=["x"] * 17), "question", [MODEL])


def test_another_model_is_not_found() -> None:
    with pytest.raises(ModelNotFound, match=r"'other' is not served here; this server has all-MiniLM-L6-v2"):
        parse_request(body(model="other"), None, [MODEL])


def test_base64_and_numbers_carry_the_same_vectors() -> None:
    vectors = np.array([[0.6, 0.8], [1.0, 0.0]], dtype=np.float32)

    numbers = embeddings_answer(vectors, model=MODEL, tokens=5, encoding_format="float")
    encoded = embeddings_answer(vectors, model=MODEL, tokens=5, encoding_format="base64")

    assert [item["index"] for item in numbers["data"]] == [0, 1]
    decoded = [struct.unpack("<2f", base64.b64decode(item["embedding"])) for item in encoded["data"]]
    assert [list(row) for row in decoded] == [item["embedding"] for item in numbers["data"]]
    assert numbers["usage"] == {"prompt_tokens": 5, "total_tokens": 5}
