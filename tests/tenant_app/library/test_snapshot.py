"""The copy a backup is made of, and what an instance checks of data that were restored."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tenant_app.clock import SystemClock
from tenant_app.data_directory import clear_leftovers
from tenant_app.errors import Conflict, Forbidden, TenantAppError, Unauthenticated
from tenant_app.operations import perform
from tenant_app.services import Services, build_services
from tenant_app.settings import Settings
from tests.tenant_app.library.shelf import Shelf

LEAVE = "Chaque salarié a droit à vingt-cinq jours ouvrés de congés payés par an.\n"


def originals(folder: Path) -> set[str]:
    return {path.name for path in (folder / "originals").iterdir()}


def named(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        return {row[0] for row in connection.execute("SELECT sha256 FROM documents")}


def test_it_is_one_moment_of_a_library_that_changes(
    working: Shelf, services: Services, data_dir: Path
) -> None:
    over, changed = threading.Event(), threading.Event()

    def change() -> None:
        number = 0
        while not over.is_set():
            number += 1
            answer = working.upload(f"Document {number}.\n".encode() * 500)
            working.remove(answer.get_json()["id"])
            changed.set()

    changing = threading.Thread(target=change)
    changing.start()
    assert changed.wait(30)
    copy = data_dir / "snapshot"
    try:
        for _ in range(10):
            taken = perform("snapshot", services, {}, running=True)
            assert originals(copy) == named(copy / "tenant.sqlite3")
            assert taken["originals"] == len(originals(copy))
            assert [path.name for path in copy.glob("tenant.sqlite3*")] == ["tenant.sqlite3"]
    finally:
        over.set()
        changing.join()


def test_what_is_removed_afterwards_stays_in_the_copy(
    working: Shelf, services: Services, data_dir: Path
) -> None:
    document = working.add(LEAVE.encode())
    taken = perform("snapshot", services, {}, running=True)
    working.remove(document["id"])
    assert originals(data_dir) == set()
    (kept,) = (data_dir / "snapshot" / "originals").iterdir()
    assert kept.read_text() == LEAVE
    assert taken["revision"].startswith("0")
    clear_leftovers(data_dir)
    assert not (data_dir / "snapshot").exists()


def test_an_original_that_is_lost_is_told(working: Shelf, services: Services, data_dir: Path) -> None:
    working.add(LEAVE.encode())
    (lost,) = (data_dir / "originals").iterdir()
    lost.unlink()
    taken = perform("snapshot", services, {}, running=True)
    assert (taken["originals"], taken["missing"]) == (1, 1)


def test_a_copy_that_cannot_be_made_leaves_nothing(services: Services, data_dir: Path) -> None:
    (data_dir / "tenant.sqlite3").write_bytes(b"no database" * 1000)
    with pytest.raises(OSError, match="could not be copied"):
        perform("snapshot", services, {}, running=True)
    assert not (data_dir / "snapshot").exists()


def examined(settings: Settings) -> dict[str, Any]:
    """Examine the data as the command does that is run for this alone."""
    alone = build_services(settings, SystemClock())
    try:
        return perform("examine", alone, {}, running=False)
    finally:
        alone.close()


def test_an_examined_library_knows_its_documents(
    working: Shelf, services: Services, settings: Settings, data_dir: Path
) -> None:
    for sentence in (
        LEAVE,
        "Un badge perdu est remplacé contre dix euros.\n",
        "Le parking ferme à vingt heures.\n",
    ):
        working.add(sentence.encode())
    services.close()
    found = examined(settings)
    assert (found["documents"], found["asked"], found["found"]) == (3, 3, 3)
    assert (found["missing_originals"], found["problems"]) == (0, ())
    for original in (data_dir / "originals").iterdir():
        original.unlink()
    with closing(sqlite3.connect(data_dir / "tenant.sqlite3")) as database, database:
        database.execute("DELETE FROM documents WHERE id = 1")
    found = examined(settings)
    assert found["missing_originals"] == 2
    assert found["problems"]


def test_restored_data_open_nothing_that_was_open(services: Services) -> None:
    key = services.accounts.keys.create("old").secret
    user = services.accounts.users.create("a@dupont.test", "admin").user
    cookie = services.accounts.sessions.open_page(user.id)
    perform("restored", services, {}, running=False)
    with pytest.raises(Unauthenticated):
        services.accounts.sessions.actor_of_cookie(cookie)
    assert services.accounts.keys.actor_of(key)
    first = {
        "admin_email": "a@dupont.test",
        "admin_password": "un mot de passe de test",
        "api_key": f"sk_professional_{'k' * 43}",
        "restored": True,
    }
    perform("init", services, first, running=False)
    with pytest.raises(Forbidden):
        services.accounts.keys.actor_of(key)
    assert [one.name for one in services.accounts.keys.list_live()] == ["initial"]


def test_data_of_a_newer_program_are_refused(services: Services) -> None:
    with services.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
    with pytest.raises(Conflict, match="9999_future"):
        perform("restored", services, {}, running=False)


@pytest.mark.parametrize("name", ["restored", "examine"])
def test_a_running_instance_refuses(services: Services, name: str) -> None:
    with pytest.raises(TenantAppError):
        perform(name, services, {}, running=True)
