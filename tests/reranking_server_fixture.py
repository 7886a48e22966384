"""A real embedding server that reranks, with a small real cross-encoder of chance weights."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from embedding_server.models import bundled_model_folder
from tests.embedding_server_fixture import EmbeddingServer, running_embedding_server
from tests.tenant_app.waiting import wait_until

_CROSS_ENCODER = """
import sys, torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification
source, folder = sys.argv[1:]
torch.manual_seed(3)
tokenizer = AutoTokenizer.from_pretrained(source)
shape = BertConfig(vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
                   intermediate_size=64, max_position_embeddings=128, num_labels=1)
model = BertForSequenceClassification(shape)
with torch.no_grad():
    # So that its scores lie clearly apart.
    model.classifier.weight.mul_(20)
model.save_pretrained(folder)
tokenizer.model_max_length = 128
tokenizer.save_pretrained(folder)
"""


@dataclass(frozen=True)
class RerankingServer:
    """A server of the default model and of a cross-encoder, by its name."""

    server: EmbeddingServer
    model: str

    def scores(self, query: str, documents: list[str]) -> list[float]:
        """Return each document's score, in the order of the documents."""
        body = {"model": self.model, "query": query, "documents": documents}
        with self.server.client() as client:
            answer = client.post("/v1/rerank", json=body)
        assert answer.status_code == 200, answer.text
        results = sorted(answer.json()["results"], key=lambda result: result["index"])
        return [result["relevance_score"] for result in results]

    def times_asked(self) -> int:
        """Return how many requests were reranked."""
        return self.server.log.read_text().count('"reranked"')


@pytest.fixture(scope="session")
def reranking_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RerankingServer]:
    """A ready server whose cross-encoder is loaded, shared by the whole session."""
    folder = tmp_path_factory.mktemp("reranking")
    model = str(folder / "cross-encoder")
    command = [sys.executable, "-c", _CROSS_ENCODER, str(bundled_model_folder()), model]
    subprocess.run(command, check=True, capture_output=True)
    with running_embedding_server(folder, "--rerank-model", model) as server:
        server.wait_for("/readyz")
        wait_until(lambda: _answers(server, model), "the cross-encoder loaded")
        yield RerankingServer(server, model)


def _answers(server: EmbeddingServer, model: str) -> bool:
    with server.client() as client:
        answer = client.post("/v1/rerank", json={"model": model, "query": "a", "documents": ["b"]})
    assert answer.status_code in (200, 503), answer.text
    return answer.status_code == 200
