"""Stopping a reading, trying again, and giving a document a new version, whatever else goes on."""

from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from tenant_app.passages import Chunk, Document, DocumentText
from tenant_app.services import Services
from tenant_app.settings import Settings
from tests.tenant_app.conftest import SignUp
from tests.tenant_app.environment import environment
from tests.tenant_app.library import samples
from tests.tenant_app.library.shelf import Shelf
from tests.tenant_app.waiting import wait_until

LEASE = "Le bail est conclu pour une durée de trois ans. ".encode()
LONG = "\n\n".join(f"## Clause {number}\n\nLe contrat {number} est signé." for number in range(400)).encode()


class TestCancelling:
    """A reading that somebody stops leaves nothing, and can be taken up again."""

    def test_a_waiting_document_is_not_read(self, shelf: Shelf, services: Services) -> None:
        document_id = shelf.upload(LEASE, "bail.txt").get_json()["id"]
        answer = shelf.post(f"/api/documents/{document_id}/cancel")
        assert answer.status_code == 200
        assert answer.get_json()["error"]["code"] == "cancelled"
        assert "annulée" in answer.get_json()["error"]["message"]
        services.start()
        shelf.add(b"Autre document.", "autre.txt")
        assert shelf.document(document_id)["status"] == "failed"
        services.close()

    def test_a_file_being_read_is_let_go_at_once(self, working: Shelf) -> None:
        document_id = working.upload(b"mot\n\n" * 3_000_000, "long.md").get_json()["id"]
        wait_until(lambda: working.document(document_id)["stage"] == "reading", "reading begun")
        assert working.post(f"/api/documents/{document_id}/cancel").status_code == 200
        # It would have kept the reader busy for long.
        assert working.add(LEASE, "bail.txt")["status"] == "indexed"
        document = working.document(document_id)
        assert (document["status"], document["error"]["code"], document["chunks"]) == (
            "failed",
            "cancelled",
            0,
        )

    def test_a_document_whose_vectors_are_being_computed_is_found_no_more(
        self, working: Shelf, services: Services
    ) -> None:
        document_id = working.upload(LONG, "long.md").get_json()["id"]
        wait_until(lambda: working.document(document_id)["stage"] == "embedding", "words findable")
        assert working.found("contrat 12 signé") == ["long.md"] * 5
        assert working.post(f"/api/documents/{document_id}/cancel").status_code == 200
        assert working.found("contrat 12 signé") == []
        assert working.add(LEASE, "bail.txt")["status"] == "indexed"
        assert _rows(services) == {"documents": 2, "chunks": 1, "terms": 1, "texts": 1}

    def test_what_is_read_already_cannot_be_cancelled(self, working: Shelf) -> None:
        document = working.add(LEASE, "bail.txt")
        answer = working.post(f"/api/documents/{document['id']}/cancel")
        assert (answer.status_code, answer.get_json()["code"]) == (409, "conflict")


class TestRetrying:
    """A document whose reading failed is read again."""

    def test_a_cancelled_document_is_read_when_asked_again(self, shelf: Shelf, services: Services) -> None:
        document_id = shelf.upload(LEASE, "bail.txt").get_json()["id"]
        shelf.post(f"/api/documents/{document_id}/cancel")
        answer = shelf.post(f"/api/documents/{document_id}/retry")
        assert (answer.status_code, answer.get_json()["status"]) == (202, "queued")
        services.start()
        assert shelf.wait_for(document_id)["status"] == "indexed"
        assert shelf.found("bail")[0] == "bail.txt"
        services.close()

    def test_what_did_not_fail_is_not_read_again(self, working: Shelf) -> None:
        document = working.add(LEASE, "bail.txt")
        assert working.post(f"/api/documents/{document['id']}/retry").status_code == 409


class TestReplacing:
    """The old version is found until the new one is indexed; then the document is the new one."""

    def test_the_document_keeps_its_id_and_remembers_its_name(
        self, working: Shelf, services: Services, data_dir: Path
    ) -> None:
        document = working.add(LEASE, "bail 2024.txt")
        (old_hit,) = working.search("durée du bail")["results"]
        answer = working.replace(document["id"], b"Le loyer est de neuf cents euros.", "bail 2025.txt")
        assert (answer.status_code, answer.get_json()["id"]) == (202, document["id"])
        new = _replaced(working, document["id"])
        assert (new["status"], new["name"], new["version"]) == ("indexed", "bail 2025.txt", 2)
        assert working.found("loyer") == ["bail 2025.txt"]
        assert "trois ans" not in working.search("durée du bail")["results"][0]["passage"]
        (hit,) = working.search("loyer")["results"]
        assert hit["document_id"] == document["id"]
        assert hit["chunk_id"] > old_hit["chunk_id"], "a passage's number is never used again"
        (version,) = working.get(f"/api/documents/{document['id']}/versions").get_json()["versions"]
        assert (version["number"], version["name"]) == (1, "bail 2024.txt")
        assert _rows(services) == {"documents": 1, "chunks": 1, "terms": 1, "texts": 1}
        assert len(list((data_dir / "originals").iterdir())) == 1

    def test_the_old_version_is_found_meanwhile(self, working: Shelf) -> None:
        document = working.add(LEASE, "bail.txt")
        working.replace(document["id"], LONG, "contrats.md")
        wait_until(
            lambda: working.document(document["id"])["replacement"]["stage"] == "embedding", "new one read"
        )
        assert working.found("bail durée contrat") == ["bail.txt"]
        assert len(working.documents()) == 1
        assert working.document(document["id"])["status"] == "indexed"

    def test_a_new_version_that_cannot_be_read_leaves_the_old_one_and_says_why(self, working: Shelf) -> None:
        document = working.add(LEASE, "bail.txt")
        working.replace(document["id"], samples.encrypted_pdf(), "bail.pdf")
        wait_until(
            lambda: working.document(document["id"])["replacement"]["status"] == "failed", "new one refused"
        )
        shown = working.document(document["id"])
        assert (shown["status"], shown["replacement"]["error"]["code"]) == ("indexed", "encrypted")
        assert working.found("bail") == ["bail.txt"]
        given_up = working.post(f"/api/documents/{document['id']}/cancel").get_json()
        assert (given_up["status"], given_up["replacement"]) == ("indexed", None)

    def test_a_second_new_version_takes_the_place_of_an_unfinished_one(
        self, shelf: Shelf, services: Services
    ) -> None:
        document_id = shelf.upload(LEASE, "un.txt").get_json()["id"]
        shelf.replace(document_id, b"Version deux.", "deux.txt")
        shelf.replace(document_id, b"Version trois.", "trois.txt")
        services.start()
        assert _replaced(shelf, document_id)["name"] == "trois.txt"
        assert _rows(services) == {"documents": 1, "chunks": 1, "terms": 1, "texts": 1}
        services.close()

    def test_the_same_content_is_no_new_version_and_another_documents_is_refused(self, shelf: Shelf) -> None:
        lease = shelf.upload(LEASE, "bail.txt").get_json()["id"]
        shelf.upload(b"Autre document.", "autre.txt")
        assert shelf.replace(lease, LEASE, "bail.txt").status_code == 200
        refused = shelf.replace(lease, b"Autre document.", "autre.txt")
        assert refused.status_code == 409
        assert "autre.txt" in refused.get_json()["detail"]

    def test_a_file_sent_again_that_is_a_new_version_already_is_that_document(self, shelf: Shelf) -> None:
        lease = shelf.upload(LEASE, "bail.txt").get_json()["id"]
        shelf.replace(lease, b"Version deux.", "deux.txt")
        again = shelf.upload(b"Version deux.", "deux.txt")
        assert (again.status_code, again.get_json()["id"]) == (200, lease)

    def test_a_document_removed_meanwhile_takes_its_new_version_with_it(
        self, working: Shelf, services: Services, data_dir: Path
    ) -> None:
        document = working.add(LEASE, "bail.txt")
        working.replace(document["id"], LONG, "contrats.md")
        assert working.remove(document["id"]).status_code == 204
        working.add(b"Autre document.", "autre.txt")
        assert _rows(services) == {"documents": 1, "chunks": 1, "terms": 1, "texts": 1}
        assert len(list((data_dir / "originals").iterdir())) == 1


class TestWithoutEmbeddings:
    """Nobody listens on the embedding server's socket."""

    @pytest.fixture
    def settings(self, data_dir: Path) -> Settings:
        """Return settings that name a socket nobody listens on."""
        return Settings.model_validate(environment(data_dir))

    def test_a_new_version_takes_the_old_ones_place_without_its_vectors(self, working: Shelf) -> None:
        document = working.add(LEASE, "bail.txt")
        working.replace(document["id"], b"Le loyer est de neuf cents euros.", "loyer.txt")
        assert _replaced(working, document["id"])["name"] == "loyer.txt"
        assert working.found("loyer") == ["loyer.txt"]


@pytest.mark.parametrize("action", ["cancel", "retry", "versions"])
def test_who_may_only_read_changes_no_reading(
    working: Shelf, viewer: dict[str, str], sign_up: SignUp, action: str
) -> None:
    document = working.add(LEASE, "bail.txt")
    reader = Shelf(working.client, viewer)
    assert reader.post(f"/api/documents/{document['id']}/{action}").status_code == 403
    assert working.post("/api/documents/999/cancel").status_code == 404


class TestLists:
    """A long list is asked for in parts."""

    @pytest.fixture
    def long_shelf(self, shelf: Shelf) -> Shelf:
        """Return a library of several documents."""
        for number, name in enumerate(["Été 2024.txt", "ete 2023.txt", "Hiver.txt"]):
            shelf.upload(f"Texte {number}".encode(), name, folder="Saisons/Notes")
        return shelf

    @pytest.mark.parametrize(
        ("asked", "names", "total"),
        [
            ("", ["Hiver.txt", "ete 2023.txt", "Été 2024.txt"], 3),
            ("q=ÉTÉ", ["ete 2023.txt", "Été 2024.txt"], 2),
            ("q=saisons 2024", ["Été 2024.txt"], 1),
            ("limit=1&offset=1", ["ete 2023.txt"], 3),
            ("status=queued&limit=2", ["Hiver.txt", "ete 2023.txt"], 3),
            ("status=indexed", [], 0),
            ("offset=9", [], 3),
        ],
    )
    def test_names_states_and_pages(
        self, long_shelf: Shelf, asked: str, names: list[str], total: int
    ) -> None:
        listed = long_shelf.get(f"/api/documents?{asked}").get_json()
        assert [document["name"] for document in listed["documents"]] == names
        assert listed["total"] == total

    @pytest.mark.parametrize("asked", ["limit=0", "limit=x", "status=lost", "offset=-1", "sort=name"])
    def test_what_is_not_offered_is_refused(self, shelf: Shelf, asked: str) -> None:
        assert shelf.get(f"/api/documents?{asked}").status_code == 400

    @pytest.mark.parametrize("folder", ["../x", "/etc", "a//b", "a\\b", "a/./b", "a/\u202eb", "x" * 501])
    def test_a_folder_is_a_relative_path_to_show(self, shelf: Shelf, folder: str) -> None:
        answer = shelf.upload(LEASE, "bail.txt", folder=folder)
        assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid-file-name")


def _replaced(shelf: Shelf, document_id: int) -> dict[str, object]:
    wait_until(lambda: shelf.document(document_id)["version"] > 1, "the new version in place")
    return shelf.document(document_id)


def _rows(services: Services) -> dict[str, int | None]:
    with services.database.read() as session:
        return {
            "documents": session.scalar(select(func.count(Document.id))),
            "chunks": session.scalar(select(func.count(Chunk.id))),
            "terms": session.scalar(text("SELECT count(*) FROM passage_terms")),
            "texts": session.scalar(select(func.count(DocumentText.document_id))),
        }
