"""Documents of a case: the firm's own beside them, and nobody outside the case knows of them."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from flask.testing import FlaskClient

from tenant_app.case_files import CaseFile, CaseMember
from tenant_app.database import Database
from tenant_app.migrations.upgrade import configuration
from tenant_app.services import Services
from tests.tenant_app.conftest import SignUp
from tests.tenant_app.library.shelf import Shelf

BRIEF = "Le bailleur a donné congé le 3 mars pour un loyer de 850 euros.".encode()


@pytest.fixture
def case_id(services: Services, member: dict[str, str]) -> int:
    """Open a case whose only member is the member, and return its number."""
    now = services.clock.now()
    with services.database.write() as session:
        case = CaseFile(title="Congé Martin", created_at=now, updated_at=now)
        session.add(case)
        session.flush()
        user = services.accounts.users.find_by_email("member@dupont.test")
        session.add(CaseMember(case_id=case.id, user_id=user.id))
    return case.id


def put_in_case(shelf: Shelf, case_id: int) -> int:
    answer = shelf.upload(BRIEF, "conge.txt", case_id=str(case_id))
    assert answer.status_code == 202, answer.get_data(as_text=True)
    body = answer.get_json()
    assert body["case_id"] == case_id
    return int(body["id"])


def test_whoever_is_not_of_the_case_does_not_know_of_its_document(
    client: FlaskClient, shelf: Shelf, case_id: int, sign_up: SignUp
) -> None:
    document_id = put_in_case(shelf, case_id)
    stranger = Shelf(client, sign_up("autre@dupont.test", "member"))

    assert stranger.documents() == []
    assert stranger.get(f"/api/documents/{document_id}").status_code == 404
    assert stranger.get(f"/api/documents/{document_id}/original").status_code == 404
    assert stranger.remove(document_id).status_code == 404
    assert stranger.upload(b"Autre chose.", case_id=str(case_id)).status_code == 404
    assert [one["id"] for one in shelf.documents()] == [document_id]


def test_an_administrator_sees_the_documents_of_every_case(
    client: FlaskClient, shelf: Shelf, case_id: int, admin: dict[str, str]
) -> None:
    document_id = put_in_case(shelf, case_id)

    assert [one["id"] for one in Shelf(client, admin).documents()] == [document_id]


def test_the_same_file_may_be_the_firms_and_a_cases(
    client: FlaskClient, services: Services, shelf: Shelf, case_id: int, sign_up: SignUp
) -> None:
    of_the_case = put_in_case(shelf, case_id)
    stranger = Shelf(client, sign_up("autre@dupont.test", "member"))

    # Not 200 with the existing id: that would tell a stranger what the case holds.
    answer = stranger.upload(BRIEF, "conge.txt")
    assert answer.status_code == 202
    of_the_firm = answer.get_json()["id"]
    again = shelf.upload(BRIEF, "conge.txt", case_id=str(case_id))
    assert (again.status_code, again.get_json()["id"]) == (200, of_the_case)

    assert stranger.remove(of_the_firm).status_code == 204
    original = shelf.get(f"/api/documents/{of_the_case}/original")
    assert original.get_data() == BRIEF
    original.close()
    assert shelf.remove(of_the_case).status_code == 204
    assert list((services.settings.data_dir / "originals").iterdir()) == []


def test_a_closed_case_takes_no_document(services: Services, shelf: Shelf, case_id: int) -> None:
    with services.database.write() as session:
        session.get_one(CaseFile, case_id).status = "closed"

    assert shelf.upload(BRIEF, case_id=str(case_id)).status_code == 409


@pytest.mark.parametrize("written", ["0", "-1", "1.5", "un", "", "9" * 30, "1 "])
def test_what_is_no_number_of_a_case_is_not_found(shelf: Shelf, case_id: int, written: str) -> None:
    assert shelf.upload(BRIEF, case_id=written).status_code == 404


def test_ids_of_deleted_documents_are_not_used_again_after_a_migration(
    services: Services, shelf: Shelf, data_dir: Path
) -> None:
    kept = shelf.upload(b"Le premier texte.").get_json()["id"]
    deleted = shelf.upload(b"Le second texte.").get_json()["id"]
    shelf.remove(deleted)

    _migrate_down_and_up(services.database)

    assert shelf.document(kept)["status"] == "queued"
    assert shelf.upload(b"Un autre texte.").get_json()["id"] > deleted


def _migrate_down_and_up(database: Database) -> None:
    with database.engine.connect() as connection:
        connection.execute(sa.text("PRAGMA foreign_keys = OFF"))
        connection.commit()
        with connection.begin():
            command.downgrade(configuration(connection), "0004_conversations")
            command.upgrade(configuration(connection), "head")
            assert connection.execute(sa.text("PRAGMA foreign_key_check")).all() == []
