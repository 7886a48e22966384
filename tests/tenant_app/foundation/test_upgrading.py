"""An instance whose database an older version has left: brought up to date as it starts, or put back."""

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from alembic import command

from tenant_app.data_directory import DATABASE
from tenant_app.database import Database
from tenant_app.migrations.upgrade import configuration
from tenant_app.schema_revision import newest_revision, revision_of
from tests.tenant_app.instance import ADMIN, ADMIN_PASSWORD, API_KEY, Instance, make_instance

OLDER = "0009_shadow_vectors"


@pytest.fixture
def outdated(tmp_path: Path) -> Instance:
    """An instance as the version before the last migration has left it."""
    instance = make_instance(tmp_path)
    instance.init()
    set_back(instance.data_dir / DATABASE)
    return instance


def set_back(path: Path) -> None:
    database = Database(path)
    with database.engine.begin() as connection:
        command.downgrade(configuration(connection), OLDER)
    database.close()


def test_it_starts_with_its_accounts_after_its_database_is_brought_up_to_date(outdated: Instance) -> None:
    with outdated.serving() as served:
        signed_in = httpx.post(
            f"{served.url}/api/auth/login", json={"email": ADMIN, "password": ADMIN_PASSWORD}
        )
        assert signed_in.status_code == 200
    assert revision_of(outdated.data_dir / DATABASE) == newest_revision()


def test_taken_back_it_is_as_before_and_what_was_written_since_is_set_aside(outdated: Instance) -> None:
    with outdated.serving() as served:
        created = httpx.post(
            f"{served.url}/api/cases", json={"title": "Ouvert entre-temps"}, headers={"X-API-Key": API_KEY}
        )
        assert created.status_code == 201, created.text
    assert outdated.admin("take-back") == (0, {"taken_back": True})
    assert revision_of(outdated.data_dir / DATABASE) == OLDER
    assert titles(outdated.data_dir / DATABASE) == []
    assert titles(outdated.data_dir / "refused-migration" / DATABASE) == ["Ouvert entre-temps"]
    assert not (outdated.data_dir / "before-migration").exists()
    # Run again, as after a kill, there is nothing left to do.
    assert outdated.admin("take-back") == (0, {"taken_back": False})
    assert revision_of(outdated.data_dir / DATABASE) == OLDER


def test_once_it_is_settled_there_is_no_way_back(outdated: Instance) -> None:
    with outdated.serving():
        pass
    assert outdated.admin("settle") == (0, {})
    assert outdated.admin("take-back") == (0, {"taken_back": False})
    assert revision_of(outdated.data_dir / DATABASE) == newest_revision()


def test_a_migration_that_fails_leaves_the_database_as_it_was_and_says_why(outdated: Instance) -> None:
    database = outdated.data_dir / DATABASE
    with closing(sqlite3.connect(database)) as raw, raw:
        raw.execute("ALTER TABLE api_keys ADD COLUMN ends_at INTEGER")
    status, message = outdated.refused()
    assert status == 78
    assert f"could not be migrated from {OLDER}" in message
    assert "duplicate column name" in message
    assert revision_of(database) == OLDER


def test_a_database_of_a_newer_version_is_refused_and_not_touched(outdated: Instance) -> None:
    database = outdated.data_dir / DATABASE
    with closing(sqlite3.connect(database)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999_later'")
    status, message = outdated.refused()
    assert status == 78
    assert "9999_later" in message
    assert revision_of(database) == "9999_later"


def titles(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as raw:
        return [str(title) for (title,) in raw.execute("SELECT title FROM cases")]
