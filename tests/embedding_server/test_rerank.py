"""Documents judged by a question: a real cross-encoder behind the real socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.embedding_server_fixture import EmbeddingServer, running_embedding_server
from tests.reranking_server_fixture import RerankingServer
from tests.tenant_app.waiting import wait_until

QUERY = "Quel est le préavis du locataire ?"
DOCUMENTS = [
    "Le bail est conclu pour trois ans.",
    "Le préavis du locataire est de trois mois.",
    "La cantine ferme à deux heures. " * 40,
    "Le loyer est payable le cinq.",
]


def _rerank(reranking: RerankingServer, **changes: Any) -> httpx.Response:
    body = {"model": reranking.model, "query": QUERY, "documents": DOCUMENTS, "user": "dupont", **changes}
    with reranking.server.client() as client:
        return client.post("/v1/rerank", json=body, headers={"X-Tenantry-Priority": "question"})


def test_documents_come_back_best_first_each_once(reranking_server: RerankingServer) -> None:
    answer = _rerank(reranking_server).json()

    scores = [result["relevance_score"] for result in answer["results"]]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(DOCUMENTS)
    assert sorted(result["index"] for result in answer["results"]) == [0, 1, 2, 3]
    assert answer["usage"]["total_tokens"] > 128


def test_only_the_wanted_number_comes_back(reranking_server: RerankingServer) -> None:
    every, two = _rerank(reranking_server).json(), _rerank(reranking_server, top_n=2).json()

    assert [result["index"] for result in two["results"]] == [
        result["index"] for result in every["results"][:2]
    ]


def test_a_document_has_the_same_score_alone_or_in_company(reranking_server: RerankingServer) -> None:
    company = reranking_server.scores(QUERY, DOCUMENTS)

    assert reranking_server.scores(QUERY, [DOCUMENTS[1]])[0] == pytest.approx(company[1], abs=1e-4)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"documents": []}, 400),
        ({"documents": ["x"] * 65}, 400),
        ({"documents": [{"text": "x"}]}, 400),
        ({"query": ""}, 400),
        ({"top_n": 0}, 400),
        ({"model": "all-MiniLM-L6-v2"}, 404),
    ],
)
def test_a_wrong_request_is_refused(
    reranking_server: RerankingServer, changes: dict[str, Any], status: int
) -> None:
    answer = _rerank(reranking_server, **changes)

    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_a_server_without_a_cross_encoder_has_no_such_place(embedding_server: EmbeddingServer) -> None:
    with embedding_server.client() as client:
        answer = client.post("/v1/rerank", json={"model": "any", "query": "a", "documents": ["b"]})

    assert answer.status_code == 404


def test_neither_query_nor_document_is_logged(reranking_server: RerankingServer) -> None:
    _rerank(reranking_server)
    _rerank(reranking_server, documents=["le secret de Madame Martin", 3])

    log = reranking_server.server.log.read_text()
    assert ("Martin" in log, "locataire" in log) == (False, False)


def test_a_cross_encoder_that_cannot_be_loaded_leaves_the_embeddings_alone(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{}")
    body = {"model": str(broken), "query": "a", "documents": ["b"]}
    with (
        running_embedding_server(tmp_path, "--rerank-model", str(broken)) as server,
        server.client() as client,
    ):
        server.wait_for("/readyz")
        assert "model_ended" not in server.log.read_text(), "nothing is loaded before it is asked for"
        wait_until(lambda: client.post("/v1/rerank", json=body).status_code == 404, "the failure to be told")
        embedding = client.post("/v1/embeddings", json={"model": "all-MiniLM-L6-v2", "input": "a"})

    assert embedding.status_code == 200
    assert "cannot be loaded" in server.log.read_text()
