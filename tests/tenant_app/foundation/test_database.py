"""What is written is whole, durable, and never lost to a parallel writer."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError

from tenant_app.accounts.models import User
from tenant_app.database import Base, Database
from tenant_app.migrations.upgrade import configuration, migrate
from tenant_app.schema_revision import SchemaOutOfDate, newest_revision, require_current

NOW = datetime(2025, 1, 15, 10, tzinfo=UTC)


@pytest.fixture
def database(data_dir: Path) -> Iterator[Database]:
    database = Database(data_dir / "tenant.sqlite3")
    yield database
    database.close()


def user(email: str, created_at: datetime = NOW) -> User:
    return User(
        email=email, email_key=email, password_hash="x", role="member", active=True, created_at=created_at
    )


def test_nothing_is_opened_before_the_first_use(tmp_path: Path) -> None:
    Database(tmp_path / "tenant.sqlite3")
    assert list(tmp_path.iterdir()) == []


def test_money_and_accounts_are_on_disk_before_they_are_acknowledged(database: Database) -> None:
    with database.read() as session:
        pragmas = {
            name: session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_an_error_leaves_nothing_of_what_was_being_written(database: Database) -> None:
    def fail_half_way() -> None:
        with database.write() as session:
            session.add(user("a@dupont.test"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    with database.read() as session:
        assert session.query(User).count() == 0


def test_an_error_names_none_of_the_values_being_written(database: Database) -> None:
    with database.write() as session:
        session.add(user("a@dupont.test"))
    with pytest.raises(IntegrityError) as taken, database.write() as session:
        session.add(user("a@dupont.test"))
    assert "a@dupont.test" not in str(taken.value)
    with pytest.raises(OperationalError) as failed, database.read() as session:
        session.execute(text("SELECT :asked FROM nowhere"), {"asked": "Mon client a-t-il volé ?"})
    assert "Mon client" not in str(failed.value)


def test_a_write_inside_a_write_fails_instead_of_waiting_for_ever(database: Database) -> None:
    def nested() -> None:
        with database.write(), database.write():
            pass

    with pytest.raises(RuntimeError, match="already open in this thread"):
        nested()
    with database.write() as session:
        session.add(user("a@dupont.test"))


def test_a_reader_keeps_nothing_and_sees_one_state(database: Database) -> None:
    with database.read() as reading:
        assert reading.query(User).count() == 0
        with database.write() as writing:
            writing.add(user("a@dupont.test"))
        assert reading.query(User).count() == 0
    with database.read() as session:
        assert session.query(User).count() == 1


def test_parallel_writers_each_see_what_the_others_wrote(database: Database) -> None:
    with database.write() as session:
        session.add(user("0"))

    def increment(_: int) -> None:
        with database.write() as session:
            counter = session.get_one(User, 1)
            counter.email = str(int(counter.email) + 1)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(increment, range(100)))
    with database.read() as session:
        assert session.get_one(User, 1).email == "100"


def test_a_moment_comes_back_as_the_same_moment(database: Database) -> None:
    paris = timezone(timedelta(hours=1))
    with database.write() as session:
        session.add(user("a@dupont.test", NOW.astimezone(paris)))
    with database.read() as session:
        read = session.get_one(User, 1).created_at
    assert (read, read.tzinfo) == (NOW, UTC)


def test_a_moment_without_time_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="has no time zone"), database.write() as session:
        session.add(user("a@dupont.test", NOW.replace(tzinfo=None)))


def test_the_migrations_build_exactly_the_tables_the_program_uses(database: Database) -> None:
    def concerned(object_: object, name: str | None, type_: str, *_: object) -> bool:
        # FTS5 makes its own shadow tables; the migration's raw SQL is the only definition of them.
        return not (type_ == "table" and (name or "").startswith("passage_terms"))

    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": concerned, "compare_type": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.write() as session:
        session.add(user("a@dupont.test"))
    migrate(database)
    with database.read() as session:
        assert session.query(User).count() == 1
    require_current(database.path)


def test_every_migration_can_be_undone(data_dir: Path) -> None:
    database = Database(data_dir / "tenant.sqlite3")
    with database.engine.begin() as connection:
        command.downgrade(configuration(connection), "base")
    database.close()
    with closing(sqlite3.connect(data_dir / "tenant.sqlite3")) as raw:
        tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables <= {"alembic_version", "sqlite_sequence"}


def test_rows_that_point_at_nothing_stop_the_migration(tmp_path: Path) -> None:
    path = tmp_path / "tenant.sqlite3"
    with sqlite3.connect(path) as broken:
        broken.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY)")
        broken.execute("CREATE TABLE children (parent_id INTEGER REFERENCES parents (id))")
        broken.execute("INSERT INTO children VALUES (7)")
    broken.close()
    database = Database(path)
    with pytest.raises(RuntimeError, match="1 rows pointing at nothing"):
        migrate(database)
    database.close()
    with pytest.raises(SchemaOutOfDate):
        require_current(path)


def test_a_database_that_is_absent_old_or_not_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tenant.sqlite3"
    with pytest.raises(SchemaOutOfDate, match="revision none"):
        require_current(path)
    path.write_bytes(b"not a database, but long enough to be read as one" * 50)
    with pytest.raises(SchemaOutOfDate, match="revision none"):
        require_current(path)
    path.unlink()
    with sqlite3.connect(path) as old:
        old.execute("CREATE TABLE alembic_version (version_num TEXT)")
        old.execute("INSERT INTO alembic_version VALUES ('0000_older')")
    old.close()
    with pytest.raises(SchemaOutOfDate, match=f"0000_older, this program needs {newest_revision()}"):
        require_current(path)
