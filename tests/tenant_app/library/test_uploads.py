"""What happens at once when a file is sent, and what is shown of it afterwards."""

import io
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tenant_app.accounts.actor import OPERATOR
from tenant_app.errors import TooLarge
from tenant_app.library.originals import SET_ASIDE_FOR, Originals
from tenant_app.passages import library_totals
from tenant_app.services import Services
from tenant_app.settings import Settings
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.environment import environment
from tests.tenant_app.library import samples
from tests.tenant_app.library.shelf import Shelf

MB = 1_000_000


class TestSmallPlan:
    """With room for 2 MiB, and 1 MiB a file."""

    @pytest.fixture
    def settings(self, data_dir: Path) -> Settings:
        """Return the settings of a small plan."""
        return Settings.model_validate(environment(data_dir, max_upload_mb="1", max_storage_mb="2"))

    def test_a_file_beyond_the_plan_is_refused_and_leaves_nothing(self, shelf: Shelf, data_dir: Path) -> None:
        answer = shelf.upload(b"x" * (MB + 1))
        assert answer.status_code == 413
        assert "1 Mo" in answer.get_json()["detail"]
        assert shelf.documents() == []
        assert list((data_dir / "tmp").iterdir()) == list((data_dir / "originals").iterdir()) == []

    def test_a_body_far_beyond_the_plan_is_refused_before_it_is_read(self, shelf: Shelf) -> None:
        assert shelf.upload(b"x" * (3 * MB)).status_code == 413

    def test_a_full_library_takes_no_more(self, shelf: Shelf, data_dir: Path) -> None:
        assert shelf.upload(b"a" * MB).status_code == 202
        assert shelf.upload(b"b" * MB).status_code == 202
        answer = shelf.upload(b"c")
        assert (answer.status_code, answer.get_json()["code"]) == (413, "storage-full")
        assert len(list((data_dir / "originals").iterdir())) == 2
        assert list((data_dir / "tmp").iterdir()) == []


def test_an_upload_is_queued_under_its_name_and_counted(shelf: Shelf, services: Services) -> None:
    answer = shelf.upload(b"Le bail.", "bail été.txt")
    assert answer.status_code == 202
    assert answer.get_json()["status"] == "queued"
    assert [document["name"] for document in shelf.documents()] == ["bail été.txt"]
    assert services.library.pending() == 1
    with services.database.read() as session:
        assert library_totals(session) == (1, 8)


def test_the_same_content_again_is_the_document_there_is(shelf: Shelf) -> None:
    first = shelf.upload(b"Le bail.", "bail.txt").get_json()
    again = shelf.upload(b"Le bail.", "copie.txt")
    assert (again.status_code, again.get_json()["id"], again.get_json()["name"]) == (
        200,
        first["id"],
        "bail.txt",
    )


@pytest.mark.parametrize(
    ("content", "name", "status"),
    [
        (b"", "vide.txt", 400),
        (b"x", "../../etc/passwd", 400),
        (b"x", "n" * 300, 400),
        (samples.packed({"mimetype": b"application/epub+zip"}), "livre.pdf", 415),
        (b"<html><body>%PDF-1.7", "polyglotte.pdf", 415),
    ],
)
def test_what_is_not_accepted_is_said_at_once(
    shelf: Shelf, data_dir: Path, content: bytes, name: str, status: int
) -> None:
    answer = shelf.upload(content, name)
    assert answer.status_code == status
    assert answer.get_json()["detail"]
    assert list((data_dir / "tmp").iterdir()) == list((data_dir / "originals").iterdir()) == []


def test_a_form_without_its_file_or_with_two_is_refused(shelf: Shelf, member: dict[str, str]) -> None:
    two = {"file": [(io.BytesIO(b"a"), "a.txt"), (io.BytesIO(b"b"), "b.txt")]}
    for data in ({}, {"other": (io.BytesIO(b"a"), "a.txt")}, two):
        answer = shelf.client.post(
            "/api/documents", data=data, headers=member, content_type="multipart/form-data"
        )
        assert answer.status_code == 400


def test_a_case_that_does_not_exist_is_not_found(shelf: Shelf) -> None:
    assert shelf.upload(b"x", case_id="7").status_code == 404


def test_an_upload_cut_off_half_way_leaves_nothing(data_dir: Path) -> None:
    class CutOff(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:  # noqa: ARG002 - ten bytes at a time
            piece = super().read(10)
            if not piece:
                raise ConnectionResetError("the sender went away")
            return piece

    with pytest.raises(ConnectionResetError):
        Originals(data_dir).receive(CutOff(b"x" * 25), 1000)
    assert list((data_dir / "tmp").iterdir()) == []


def test_a_stream_is_not_read_beyond_the_limit(data_dir: Path) -> None:
    endless = io.BytesIO(b"x" * (10 * MB))
    with pytest.raises(TooLarge):
        Originals(data_dir).receive(endless, MB)
    assert endless.tell() < 2 * MB


def test_viewers_read_and_do_not_write(client: FlaskClient, viewer: dict[str, str], shelf: Shelf) -> None:
    document_id = shelf.upload(b"Le bail.").get_json()["id"]
    reader = Shelf(client, viewer)
    assert reader.document(document_id)["id"] == document_id
    assert reader.upload(b"x").status_code == 403
    assert reader.remove(document_id).status_code == 403


def test_what_does_not_exist_is_not_found(shelf: Shelf) -> None:
    for path in ("/api/documents/1", "/api/documents/1/original", "/api/documents/1/passages/1"):
        assert shelf.get(path).status_code == 404
    assert shelf.remove(1).status_code == 404


def test_the_original_comes_back_unchanged_as_a_download(shelf: Shelf) -> None:
    content = b"<html><script>alert(1)</script><p>Note"
    document_id = shelf.upload(content, 'note "1".html').get_json()["id"]
    with shelf.get(f"/api/documents/{document_id}/original") as answer:
        assert answer.get_data() == content
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_files_left_by_a_sudden_end_are_swept_away(services: Services, shelf: Shelf, data_dir: Path) -> None:
    shelf.upload(b"Le bail.")
    (data_dir / "tmp" / "upload-left").write_bytes(b"x")
    (data_dir / "originals" / ("0" * 64)).write_bytes(b"x")
    services.library.sweep()
    assert list((data_dir / "tmp").iterdir()) == []
    assert len(list((data_dir / "originals").iterdir())) == 1


def test_files_no_document_claims_are_set_aside_and_come_back_with_the_database_that_knows_them(
    services: Services, shelf: Shelf, data_dir: Path, clock: FixedClock
) -> None:
    """A backup older than the newest documents was restored, then the right one."""
    shelf.upload(b"Le bail.")
    (kept,) = (data_dir / "originals").iterdir()
    originals = Originals(data_dir)
    assert originals.sweep(known=(), now=clock.now()) == 1
    assert list((data_dir / "originals").iterdir()) == []
    services.library.sweep()
    assert kept.read_bytes() == b"Le bail."
    originals.sweep(known=(), now=clock.now())
    originals.sweep(known=(), now=clock.now() + SET_ASIDE_FOR)
    assert list((data_dir / "set-aside").iterdir()) == []


def test_removing_takes_the_file_too(shelf: Shelf, services: Services, data_dir: Path) -> None:
    document_id = shelf.upload(b"Le bail.").get_json()["id"]
    assert shelf.remove(document_id).status_code == 204
    assert list((data_dir / "originals").iterdir()) == []
    assert services.library.documents(OPERATOR) == []
