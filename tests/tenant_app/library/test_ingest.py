"""From an uploaded file to passages that are found, whatever comes in between."""

import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ExceptionContext, event, func, select, text, update

from tenant_app.accounts.actor import OPERATOR
from tenant_app.library.reading_queue import MOST_ATTEMPTS
from tenant_app.passages import Chunk, Document, DocumentText
from tenant_app.services import Services
from tenant_app.settings import Settings
from tests.embedding_server_fixture import EmbeddingServer
from tests.tenant_app.environment import environment
from tests.tenant_app.library import samples
from tests.tenant_app.library.shelf import Shelf
from tests.tenant_app.waiting import wait_until

CODE = """# Code de l'entrée

## Titre II : Le séjour

#### Article L313-11

La carte de séjour temporaire portant la mention « vie privée et familiale » est délivrée de plein droit.

#### Article L511-1

L'étranger qui ne peut justifier être entré régulièrement est obligé de quitter le territoire français.
"""


def test_a_document_is_found_with_its_page_and_place(working: Shelf) -> None:
    document = working.add(
        samples.pdf(["Le bail commence le 1er janvier."], ["Le préavis du locataire est de trois mois."]),
        "bail.pdf",
    )
    assert (document["status"], document["pages"], document["progress"]) == ("indexed", 2, 1.0)
    (hit, *_) = working.search("quel est le préavis du locataire ?")["results"]
    assert (hit["document"], hit["page"]) == ("bail.pdf", 1)
    assert "préavis" in hit["passage"]


def test_a_citation_opens_on_its_exact_words(working: Shelf) -> None:
    document = working.add(CODE.encode(), "code.md")
    (hit, *_) = working.search("L. 511-1")["results"]
    path = f"/api/documents/{document['id']}/passages/{hit['chunk_id']}"
    passage = working.get(path).get_json()
    assert passage["passage"] == hit["passage"]
    assert passage["heading"].endswith("Article L511-1")
    assert "vie privée" in passage["before"]
    assert passage["char_end"] - passage["char_start"] == len(passage["passage"])
    other = working.add(b"Autre document.", "autre.txt")
    assert working.get(f"/api/documents/{other['id']}/passages/{hit['chunk_id']}").status_code == 404


def test_the_leaves_of_a_document_are_its_whole_text(working: Shelf, services: Services) -> None:
    document = working.add(CODE.encode() * 3, "code.md")
    reading = services.library.leaves(OPERATOR, document["id"], 0, 100)
    with services.database.read() as session:
        whole = session.scalar(select(DocumentText.text))
    assert "".join(leaf.text for leaf in reading.leaves) == whole
    assert reading.total == len(reading.leaves) == document["chunks"]
    middle = services.library.leaves(OPERATOR, document["id"], 2, 2)
    assert middle.leaves == reading.leaves[2:4]
    assert services.library.leaves(OPERATOR, document["id"], 99, 2).leaves == ()
    chunk_id = reading.leaves[3].chunk_id
    assert services.library.ordinal_of(OPERATOR, document["id"], chunk_id) == 3


@pytest.mark.parametrize(
    ("content", "name", "code", "words"),
    [
        (samples.encrypted_pdf(), "secret.pdf", "encrypted", "mot de passe"),
        (samples.cyclic_pdf(), "piege.pdf", "damaged", "endommagé"),
        (samples.pdf([]), "scan.pdf", "no_text_recognised", "ne contient pas de texte"),
        (samples.word("x")[:700], "coupé.docx", "damaged", "endommagé"),
    ],
)
def test_what_cannot_be_read_fails_with_its_reason_and_leaves_no_passage(
    working: Shelf, services: Services, content: bytes, name: str, code: str, words: str
) -> None:
    document = working.add(content, name)
    assert (document["status"], document["error"]["code"]) == ("failed", code)
    assert words in document["error"]["message"]
    with services.database.read() as session:
        assert session.scalar(select(func.count(Chunk.id))) == 0


def test_a_bomb_is_refused_and_the_application_goes_on(working: Shelf) -> None:
    bomb = samples.word_bomb()
    assert len(bomb) < 1024 * 1024
    assert working.add(bomb, "bombe.docx")["error"]["code"] == "too_large"
    assert working.add(b"Le bail.", "bail.txt")["status"] == "indexed"


def test_sending_a_failed_file_again_tries_again(working: Shelf) -> None:
    content = samples.encrypted_pdf()
    first = working.add(content, "secret.pdf")
    again = working.upload(content, "secret.pdf")
    assert (again.status_code, again.get_json()["status"]) == (200, "queued")
    assert working.wait_for(first["id"])["error"]["code"] == "encrypted"


def test_a_removed_document_is_found_no_more(working: Shelf) -> None:
    document = working.add(CODE.encode(), "code.md")
    working.add(b"Le bail.", "bail.txt")
    assert "code.md" in working.found("carte de séjour")
    working.remove(document["id"])
    assert "code.md" not in working.found("carte de séjour")


def test_a_document_removed_while_it_is_indexed_leaves_nothing(
    working: Shelf, services: Services, data_dir: Path
) -> None:
    for round_number in range(4):
        content = f"{CODE * 10}{round_number}".encode()
        document_id = working.upload(content, "code.md").get_json()["id"]
        if round_number % 2:
            wait_until(partial(_has_passages, working, document_id), "reading done")
        assert working.remove(document_id).status_code == 204
    working.add(b"Le bail.", "bail.txt")
    with services.database.read() as session:
        assert session.scalar(select(func.count(Chunk.id))) == 1
        assert session.scalar(text("SELECT count(*) FROM passage_terms")) == 1
        assert session.scalar(select(func.count(Document.id))) == 1
    assert len(list((data_dir / "originals").iterdir())) == 1


def _has_passages(shelf: Shelf, document_id: int) -> bool:
    return bool(shelf.document(document_id)["chunks"])


def test_what_was_being_read_when_the_process_ended_is_read_again(shelf: Shelf, services: Services) -> None:
    document_id = shelf.upload(CODE.encode(), "code.md").get_json()["id"]
    with services.database.write() as session:
        session.execute(update(Document).values(status="processing", attempts=1))
    services.start()
    assert shelf.wait_for(document_id)["status"] == "indexed"
    services.close()


def test_a_file_that_ends_the_process_each_time_is_given_up(shelf: Shelf, services: Services) -> None:
    document_id = shelf.upload(CODE.encode(), "code.md").get_json()["id"]
    with services.database.write() as session:
        session.execute(update(Document).values(status="processing", attempts=MOST_ATTEMPTS))
    services.start()
    assert shelf.wait_for(document_id)["error"]["code"] == "damaged"
    services.close()


def test_stopping_puts_the_document_in_hand_back_into_the_queue(shelf: Shelf, services: Services) -> None:
    document_id = shelf.upload(b"mot\n\n" * 3_000_000, "long.md").get_json()["id"]
    services.start()
    wait_until(lambda: shelf.document(document_id)["status"] == "processing", "reading begun")
    services.close()
    document = shelf.document(document_id)
    assert (document["status"], document["chunks"]) == ("queued", 0)


class TestEmbeddingServerDown:
    """Nobody listens on the embedding server's socket at first."""

    @pytest.fixture
    def settings(self, data_dir: Path) -> Settings:
        """Return settings that name a socket nobody listens on yet."""
        return Settings.model_validate(environment(data_dir))

    def test_documents_are_found_by_their_words_and_the_answer_says_so(self, working: Shelf) -> None:
        document = working.add(CODE.encode(), "code.md")
        assert document["status"] == "indexed"
        answer = working.search("carte de séjour")
        assert answer["degraded"] is True
        assert answer["results"][0]["document"] == "code.md"
        assert answer["results"][0]["dense"] == 0

    def test_a_document_that_could_not_be_stored_is_not_called_indexed(
        self, shelf: Shelf, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tenant_app.library.worker.RETRY_SECONDS", 0.1)
        _make_storing_fail(services)
        trap = shelf.upload("Un piège.".encode(), "piege.txt").get_json()["id"]
        lease = shelf.upload(b"Le bail.", "bail.txt").get_json()["id"]
        services.start()
        assert shelf.wait_for(lease)["status"] == "indexed"
        assert shelf.wait_for(trap)["status"] == "failed"
        services.close()

    def test_vectors_follow_when_the_server_is_back(
        self,
        working: Shelf,
        services: Services,
        settings: Settings,
        embedding_server: EmbeddingServer,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("tenant_app.library.worker.RETRY_SECONDS", 0.2)
        working.add(CODE.encode(), "code.md")
        settings.embedding_socket.symlink_to(embedding_server.socket)
        wait_until(lambda: services.index.state == "ready", "vectors in the store")
        answer = working.search("carte de séjour")
        assert answer["degraded"] is False
        assert answer["results"][0]["dense"] > 0


def test_a_document_waits_for_room_however_long_the_disk_is_full(
    shelf: Shelf, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenant_app.library.worker.RETRY_SECONDS", 0.1)
    document_id = shelf.upload(f"Le bail. {'mot ' * 6_000}".encode(), "bail.txt").get_json()["id"]
    engine = services.database.engine
    failures: list[ExceptionContext] = []
    full = threading.Event()

    def leave_no_room(connection: Any, _record: object) -> None:
        if full.is_set():
            # SQLite takes the least it may for the database's present size.
            connection.execute("PRAGMA max_page_count = 1")

    event.listen(engine, "handle_error", failures.append)
    event.listen(engine, "connect", leave_no_room)
    full.set()
    engine.dispose()
    services.start()
    wait_until(lambda: len(failures) > MOST_ATTEMPTS, "the disk found full again and again")
    assert shelf.document(document_id)["status"] in ("queued", "processing")
    full.clear()
    engine.dispose()
    wait_until(lambda: _has_passages(shelf, document_id), "the document taken in")
    assert "bail.txt" in shelf.found("bail")
    services.close()


def _make_storing_fail(services: Services) -> None:
    """Refuse every text that tells of a trap."""
    with services.database.write() as session:
        session.execute(
            text(
                "CREATE TRIGGER broken BEFORE INSERT ON document_texts WHEN new.text LIKE '%piège%' "
                "BEGIN SELECT RAISE(ABORT, 'broken'); END"
            )
        )
