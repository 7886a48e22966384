"""POST /api/search, over passages written as the ingest leaves them."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tenant_app.accounts.actor import Actor
from tenant_app.passages import Chunk
from tenant_app.services import Services
from tenant_app.settings import Settings
from tests.embedding_server_fixture import EmbeddingServer
from tests.tenant_app.environment import environment
from tests.tenant_app.retrieval.passages_sample import PassagesSample

MODEL = "all-MiniLM-L6-v2"


@pytest.fixture
def settings(data_dir: Path, embedding_server: EmbeddingServer) -> Settings:
    """Return the settings of a tenant whose embedding server runs."""
    return Settings.model_validate(environment(data_dir, embedding_socket=str(embedding_server.socket)))


@pytest.fixture
def library(services: Services) -> PassagesSample:
    """Return a library with a passage in each language."""
    sample = PassagesSample(services.database)
    texts = {
        sample.add("Le préavis du locataire est de trois mois.", name="bail.txt"): "notice of the tenant",
        sample.add("To unlock your account, contact the help desk.", name="it.txt", language="en"): "unlock",
        sample.add("La cantine ouvre à midi.", name="cantine.txt"): "La cantine ouvre à midi.",
    }
    vectors = services.search._embeddings.embed_passages(list(texts.values()))
    sample.set_vectors(dict(zip(texts, vectors, strict=True)), model=MODEL)
    return sample


def _search(client: FlaskClient, credential: dict[str, str], **body: object) -> dict[str, object]:
    answer = client.post("/api/search", json=body, headers=credential)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: dict[str, object] = answer.get_json()
    return found


def test_a_french_question_finds_its_words(
    client: FlaskClient, viewer: dict[str, str], library: PassagesSample
) -> None:
    found = client.post("/api/search", json={"query": "quel est le préavis ?"}, headers=viewer).get_json()
    best = found["results"][0]
    assert best["document"] == "bail.txt"
    assert best["lexical"] == 1
    assert 0 <= best["score"] <= 1
    assert found["degraded"] is False


def test_an_english_question_finds_what_is_meant_without_its_words(
    client: FlaskClient, member: dict[str, str], library: PassagesSample
) -> None:
    found = client.post(
        "/api/search", json={"query": "How do I unlock my account?", "top_k": 1}, headers=member
    ).get_json()
    assert [hit["document"] for hit in found["results"]] == ["it.txt"]
    assert found["results"][0]["dense"] > 0.3


def test_an_empty_library_finds_nothing(client: FlaskClient, api_key: dict[str, str]) -> None:
    assert _search(client, api_key, query="préavis") == {"results": [], "degraded": False}


def test_no_more_is_answered_than_asked_for(
    client: FlaskClient, member: dict[str, str], library: PassagesSample
) -> None:
    results = _search(client, member, query="préavis cantine", top_k=1)["results"]
    assert isinstance(results, list)
    assert len(results) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": ""},
        {"query": "   "},
        {"query": 7},
        {"query": "x" * 501},
        {"query": "a\x07"},
        {"query": "x", "top_k": 0},
        {"query": "x", "top_k": 51},
        {"query": "x", "top_k": "5"},
        {"query": "x", "filter": "all"},
    ],
)
def test_a_search_of_another_shape_is_refused(
    client: FlaskClient, member: dict[str, str], body: dict[str, object]
) -> None:
    assert client.post("/api/search", json=body, headers=member).status_code == 400


def test_nobody_searches_without_a_credential(client: FlaskClient) -> None:
    assert client.post("/api/search", json={"query": "x"}).status_code == 401


def test_who_may_neither_read_nor_ask_finds_nothing(services: Services, library: PassagesSample) -> None:
    nobody = Actor(
        user_id=None, name="nobody", role="viewer", permissions=frozenset({"usage.read"}), credential="jwt"
    )
    assert services.search.search(nobody, "préavis", 5).hits == ()
    assert services.library.documents(nobody) == []


def test_vectors_of_another_length_leave_the_words_to_answer(
    client: FlaskClient, member: dict[str, str], services: Services, library: PassagesSample
) -> None:
    with services.database.read() as session:
        ids = session.scalars(select(Chunk.id)).all()
    library.set_vectors({chunk_id: bytes(16) for chunk_id in ids}, model=MODEL)
    found = _search(client, member, query="préavis")
    assert found["degraded"] is True
    results = found["results"]
    assert isinstance(results, list)
    assert results[0]["document"] == "bail.txt"


def test_the_assistants_vocabulary_finds_the_other_way_of_saying_it(
    client: FlaskClient, member: dict[str, str], services: Services
) -> None:
    sample = PassagesSample(services.database)
    sample.add("L'obligation de quitter le territoire se conteste en trente jours.", name="delais.txt")
    sample.add("La cantine ouvre à midi.", name="cantine.txt")
    sample.add("Une OQTF a été notifiée.", name="notification.txt")
    for query in ("Comment contester une OQTF ?", "obligation de quitter le territoire"):
        found = client.post("/api/search", json={"query": query}, headers=member).get_json()
        assert {hit["document"] for hit in found["results"]} >= {"delais.txt", "notification.txt"}
