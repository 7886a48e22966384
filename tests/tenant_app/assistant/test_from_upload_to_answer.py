"""The whole way: a document is uploaded, read, embedded and indexed, then asked about in other words."""

import json
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tenant_app.services import Services
from tenant_app.settings import Settings
from tests.embedding_server_fixture import EmbeddingServer
from tests.tenant_app.environment import environment
from tests.tenant_app.library.samples import word
from tests.tenant_app.library.shelf import Shelf

BAIL = """# Bail

## Congé

Le locataire peut donner congé à tout moment par lettre recommandée. Le préavis est de trois mois.

## Animaux

La détention d'un animal domestique est admise s'il ne trouble pas les voisins.
"""


@pytest.fixture
def settings(data_dir: object, embedding_server: EmbeddingServer) -> Settings:
    """Return the settings of a tenant whose embedding server runs."""
    return Settings.model_validate(
        environment(data_dir, embedding_socket=str(embedding_server.socket))  # type: ignore[arg-type]
    )


@pytest.fixture
def shelf(services: Services, client: FlaskClient, member: dict[str, str]) -> Iterator[Shelf]:
    """Return a library at work that holds the lease."""
    services.start()
    shelf = Shelf(client, member)
    assert shelf.add(BAIL.encode(), "bail.md")["status"] == "indexed"
    yield shelf
    services.close()


def test_an_uploaded_document_answers_and_is_cited(shelf: Shelf) -> None:
    answer = shelf.client.post(
        "/api/chat", json={"question": "Quel est le préavis du locataire ?"}, headers=shelf.credential
    ).get_json()

    assert "Le préavis est de trois mois." in answer["answer"]
    assert answer["citations"][0]["document"] == "bail.md"
    assert [notice["code"] for notice in answer["notices"]] == ["provider-not-configured"]


def test_a_table_answers_with_its_rows_and_never_with_the_names_of_its_columns_alone(shelf: Shelf) -> None:
    rows = [["Intervenant", "Taux horaire hors taxes"], ["Associé", "280 €"], ["Collaborateur", "180 €"]]
    shelf.add(word("Nos honoraires sont calculés au temps passé.", table=rows), "honoraires.docx")

    answer = shelf.client.post(
        "/api/chat", json={"question": "Quel est le taux horaire ?"}, headers=shelf.credential
    ).get_json()

    assert answer["answer"] == (
        "Intervenant: Associé | Taux horaire hors taxes: 280 € ; "
        "Intervenant: Collaborateur | Taux horaire hors taxes: 180 € [1]"
    )
    assert answer["citations"][0]["quote"] == "Associé | 280 €\n\nCollaborateur | 180 €"
    assert [sentence["supported"] for sentence in answer["sentences"]] == [True]


def test_the_usage_file_counts_a_document_as_soon_as_it_is_accepted_and_until_it_is_removed(
    shelf: Shelf, services: Services
) -> None:
    path = services.settings.data_dir / "usage" / "2025-01.json"

    shelf.upload(b"Une seconde note, plus courte.", "note.txt")
    assert json.loads(path.read_bytes())["documents"] == 2

    shelf.remove(1)
    assert json.loads(path.read_bytes())["documents"] == 1


def test_a_document_that_was_removed_answers_nothing_any_more(shelf: Shelf) -> None:
    shelf.remove(1)

    answer = shelf.client.post(
        "/api/chat", json={"question": "Quel est le préavis du locataire ?"}, headers=shelf.credential
    ).get_json()

    assert answer["found"] is False
