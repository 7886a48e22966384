"""Changing the embedding model: the old one answers until the vectors of the new one are all there."""

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from embedding_server.models import DEFAULT_MODEL, bundled_model_folder
from tenant_app.accounts.actor import OPERATOR
from tenant_app.api.context import EXTENSION
from tenant_app.api.status import status_of
from tenant_app.factory import create_app
from tenant_app.library import model_change
from tenant_app.passages import Chunk, ShadowVector
from tenant_app.retrieval.vectors import cosine
from tenant_app.services import Services
from tenant_app.settings import Settings
from tests.embedding_server_fixture import EmbeddingServer, running_embedding_server
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.environment import environment
from tests.tenant_app.library.shelf import Shelf
from tests.tenant_app.waiting import wait_until

TEXTS = {
    "bail.txt": "Le bail est conclu pour une durée de trois ans.",
    "loyer.txt": "Le loyer est payable le cinq de chaque mois.",
    "congé.txt": "Le préavis du locataire est de trois mois.",
}
_SMALL_MODEL = """
import sys, torch
from sentence_transformers import SentenceTransformer, models
from transformers import AutoTokenizer, BertConfig, BertModel
source, folder = sys.argv[1:]
torch.manual_seed(1)
tokenizer = AutoTokenizer.from_pretrained(source)
shape = BertConfig(vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
                   intermediate_size=64)
BertModel(shape).save_pretrained(f"{folder}/bert")
tokenizer.save_pretrained(f"{folder}/bert")
bert = models.Transformer(f"{folder}/bert", max_seq_length=128)
SentenceTransformer(modules=[bert, models.Pooling(32)], device="cpu").save(f"{folder}/model")
"""


@pytest.fixture(scope="module")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the folder of another real model, with chance weights and 32 values a vector."""
    folder = tmp_path_factory.mktemp("small")
    command = [sys.executable, "-c", _SMALL_MODEL, str(bundled_model_folder()), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return str(folder / "model")


@pytest.fixture(scope="module")
def prefixed_model(small_model: str) -> str:
    """Return the folder of the same model under the name of one that wants prefixes."""
    return str(shutil.copytree(small_model, Path(small_model).with_name("multilingual-e5-tiny")))


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, small_model: str, prefixed_model: str
) -> Iterator[EmbeddingServer]:
    """Return a server of the small model, under both its names, that still has the present one."""
    also = ("--also", DEFAULT_MODEL, "--also", prefixed_model)
    with running_embedding_server(tmp_path_factory.mktemp("both"), "--model", small_model, *also) as server:
        server.wait_for("/readyz")
        yield server


@pytest.fixture(scope="module")
def only_small(tmp_path_factory: pytest.TempPathFactory, small_model: str) -> Iterator[EmbeddingServer]:
    """Return a server of the small model that has no other."""
    with running_embedding_server(tmp_path_factory.mktemp("only"), "--model", small_model) as server:
        server.wait_for("/readyz")
        yield server


@pytest.fixture
def filled(working: Shelf, services: Services) -> Shelf:
    """Return a library with vectors of the present model, its instance stopped."""
    for name, text in TEXTS.items():
        assert working.add(text.encode(), name)["status"] == "indexed"
    services.close()
    return working


@contextmanager
def _restarted(data_dir: Path, server: EmbeddingServer, model: str, prefixes: str = "") -> Iterator[Services]:
    """Build the instance anew with another model, or prefixes (JSON); its worker does not run yet."""
    values = environment(
        data_dir, embedding_socket=str(server.socket), embedding_model=model, embedding_prefixes=prefixes
    )
    app = create_app(Settings.model_validate(values), FixedClock())
    services: Services = app.extensions[EXTENSION]
    yield services
    services.close()


def _found(services: Services, question: str) -> tuple[str, bool]:
    answer = services.search.search(OPERATOR, question, 1)
    return answer.hits[0].document, answer.degraded


def _models(services: Services) -> set[str | None]:
    with services.database.read() as session:
        return set(session.scalars(select(Chunk.embedding_model)))


def _exported_change(services: Services) -> dict[str, int] | None:
    """Return what the usage file says of the change."""
    services.billing.export.publish()
    (file,) = (services.settings.data_dir / "usage").glob("[0-9]*.json")
    change: dict[str, int] | None = json.loads(file.read_text())["model_change"]
    return change


def _shadows(services: Services) -> int:
    with services.database.read() as session:
        return session.scalar(select(func.count(ShadowVector.chunk_id))) or 0


def test_the_old_model_answers_until_the_switch_even_after_an_interruption(
    filled: Shelf, data_dir: Path, both: EmbeddingServer, small_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_change, "BATCH", 2)
    with _restarted(data_dir, both, small_model) as services:
        services.model_change.settle()
        wait_until(lambda: not _found(services, "durée du bail")[1], "the old model loaded again")
        assert services.model_change.advance()
        assert status_of(services)["model_change"] == {
            "serving": DEFAULT_MODEL,
            "coming": small_model,
            "done": 2,
            "total": 3,
        }
        assert _exported_change(services) == {"done": 2, "total": 3}
        assert _found(services, "durée du bail") == ("bail.txt", False)
        assert _models(services) == {DEFAULT_MODEL}

    with _restarted(data_dir, both, small_model) as services:
        services.model_change.settle()
        assert _shadows(services) == 2, "what was computed before the interruption is kept"
        assert services.model_change.advance()
        assert services.model_change.advance()
        assert (_models(services), _shadows(services)) == ({small_model}, 0)
        assert status_of(services)["model_change"] is None
        assert _exported_change(services) is None
        assert not services.model_change.advance()
        assert not services.search.search(OPERATOR, "durée du bail", 1).degraded


def test_documents_that_come_meanwhile_are_found_by_the_old_model_and_then_the_new(
    filled: Shelf, data_dir: Path, both: EmbeddingServer, small_model: str
) -> None:
    with _restarted(data_dir, both, small_model) as services:
        services.start()
        wait_until(lambda: _models(services) == {small_model}, "the switch")
        assert _shadows(services) == 0
        wait_until(lambda: services.index.state == "ready", "the new vectors in the store")
        assert not services.search.search(OPERATOR, "loyer payable", 1).degraded


def test_without_the_old_model_words_alone_answer_until_the_new_one_is_there(
    filled: Shelf, data_dir: Path, only_small: EmbeddingServer, small_model: str
) -> None:
    with _restarted(data_dir, only_small, small_model) as services:
        services.model_change.settle()
        assert _found(services, "loyer payable") == ("loyer.txt", True)
        services.start()
        wait_until(lambda: _models(services) == {small_model}, "the switch")
        assert not services.search.search(OPERATOR, "loyer payable", 1).degraded


def test_a_change_taken_back_leaves_everything_as_it_was(
    filled: Shelf, client: FlaskClient, data_dir: Path, both: EmbeddingServer, small_model: str
) -> None:
    with _restarted(data_dir, both, small_model) as services:
        services.model_change.settle()
        services.model_change.advance()
    with _restarted(data_dir, both, DEFAULT_MODEL) as services:
        services.model_change.settle()
        assert (services.model_change.pending, _shadows(services)) == (False, 0)
        assert _models(services) == {DEFAULT_MODEL}


def test_passages_embedded_without_their_models_prefix_are_embedded_again_with_it(
    filled: Shelf, data_dir: Path, both: EmbeddingServer, prefixed_model: str
) -> None:
    stored = f"{prefixed_model} + passage: "
    with _restarted(data_dir, both, prefixed_model) as services:
        services.start()
        wait_until(lambda: _models(services) == {stored}, "the switch to the model with prefixes")
        wait_until(lambda: not _found(services, "durée du bail")[1], "the model loaded for questions")
        with services.database.read() as session:
            text, vector = session.execute(select(Chunk.text, Chunk.embedding).limit(1)).one()
        question = services.search._embeddings.embed_question("durée du bail")
        assert cosine(vector or b"", _plain(both, prefixed_model, f"passage: {text}")) == pytest.approx(
            1, abs=1e-4
        )
        assert cosine(question, _plain(both, prefixed_model, "query: durée du bail")) == pytest.approx(
            1, abs=1e-4
        )

    with _restarted(data_dir, both, prefixed_model) as services:
        # As a library that was filled before the model's prefixes were known.
        with services.database.write() as session:
            session.execute(update(Chunk).values(embedding_model=prefixed_model))
        services.model_change.settle()
        assert services.model_change.pending
        bare = services.search._embeddings.embed_question("durée du bail")
        assert cosine(bare, _plain(both, prefixed_model, "durée du bail")) == pytest.approx(1, abs=1e-4)
        while services.model_change.advance():
            pass
        assert _models(services) == {stored}


def test_other_prefixes_are_a_change_of_the_index_during_which_the_former_ones_answer(
    filled: Shelf, data_dir: Path, both: EmbeddingServer
) -> None:
    given = json.dumps({"question": "Frage: ", "passage": "Absatz: "})
    stored = f"{DEFAULT_MODEL} + Absatz: "
    with _restarted(data_dir, both, DEFAULT_MODEL, given) as services:
        services.model_change.settle()
        assert _exported_change(services) == {"done": 0, "total": 3}
        wait_until(lambda: not _found(services, "durée du bail")[1], "the model loaded for questions")
        bare = services.search._embeddings.embed_question("durée du bail")
        assert cosine(bare, _plain(both, DEFAULT_MODEL, "durée du bail")) == pytest.approx(1, abs=1e-4)
        while services.model_change.advance():
            pass
        assert (_models(services), _exported_change(services)) == ({stored}, None)
        with services.database.read() as session:
            text, vector = session.execute(select(Chunk.text, Chunk.embedding).limit(1)).one()
        question = services.search._embeddings.embed_question("durée du bail")
        assert cosine(vector or b"", _plain(both, DEFAULT_MODEL, f"Absatz: {text}")) == pytest.approx(
            1, abs=1e-4
        )
        assert cosine(question, _plain(both, DEFAULT_MODEL, "Frage: durée du bail")) == pytest.approx(
            1, abs=1e-4
        )

    with _restarted(data_dir, both, DEFAULT_MODEL) as services:
        services.model_change.settle()
        assert services.model_change.pending, "taking the setting away is a change as well"


def _plain(server: EmbeddingServer, model: str, text: str) -> bytes:
    """Return the server's vector of exactly this text."""
    with server.client() as client:
        body = {"model": model, "input": [text], "encoding_format": "base64"}
        answer = client.post("/v1/embeddings", json=body).json()
    return base64.b64decode(answer["data"][0]["embedding"])
