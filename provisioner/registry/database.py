"""Opens the registry's file: rollback journal (no side files), foreign keys, append-only events."""

from __future__ import annotations

import grp
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, Self

from sqlalchemy import Engine, FromClause, create_engine, event, text
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool, StaticPool

from provisioner.errors import InvalidConfiguration, ProvisionError, WrongState
from provisioner.registry import terms
from provisioner.registry.billing_models import APPEND_ONLY
from provisioner.registry.models import Base
from provisioner.system_accounts import group_exists

_VERSION: Final = 2
BILLS: Final = 2
"""The version that began to keep terms, charges, invoices and payments."""
_BUSY_SECONDS: Final = 10.0
_DAMAGED: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
#: `INSERT OR REPLACE` passes by the triggers that keep rows: any but the next number is refused.
_NO_GAP: Final = """
CREATE TRIGGER invoices_in_order BEFORE INSERT ON invoices
WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM invoices WHERE year = NEW.year)
  OR EXISTS (SELECT 1 FROM invoices WHERE contract = NEW.contract AND closes = NEW.closes)
BEGIN SELECT RAISE(ABORT, 'invoices are numbered without a gap, and stay'); END
"""


class RegistryFailed(ProvisionError):
    """The registry could not be read or written."""

    code = "registry-failed"


def copy(path: Path, target: Path) -> None:
    """Write the registry as it is at this moment into a new file (mode 0600), while others may change it."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    os.close(descriptor)
    with (
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=_BUSY_SECONDS)) as source,
        closing(sqlite3.connect(target)) as written,
    ):
        source.backup(written)


def adopt_bills(path: Path, source: Path) -> None:
    """Take over the bills of another registry, whole, into one that has none; hold the lock.

    Raises InvalidConfiguration when the other is no registry of this version, WrongState when there are bills
    or clients here already.
    """
    _require_version(source)
    tables = [model.__tablename__ for model in APPEND_ONLY]
    with _told(), closing(_connect(path, "rw")) as connection:
        connection.execute("ATTACH ? AS source", (f"{source.absolute().as_uri()}?mode=ro",))
        connection.execute("BEGIN IMMEDIATE")
        for table in ("tenants", *tables):
            if connection.execute(f"SELECT EXISTS (SELECT 1 FROM {table})").fetchone() != (0,):  # noqa: S608
                raise WrongState(
                    f"There is something in the registry's {table} already.",
                    "Take bills over right after `provision host init`, before the first client.",
                )
        for table in tables:
            connection.execute(f"INSERT INTO {table} SELECT * FROM source.{table} ORDER BY rowid")  # noqa: S608
        connection.execute("COMMIT")


def _require_version(source: Path) -> None:
    try:
        with closing(_connect(source, "ro")) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        raise InvalidConfiguration(
            str(source),
            f"it cannot be read as a registry ({error}).",
            "Give the registry.sqlite3 of a backup.",
        ) from error
    if version != _VERSION:
        raise InvalidConfiguration(
            str(source), "it is a registry of another version.", "Use the version of Tenantry that wrote it."
        )


class Database:
    """The registry's tables, in a file or (a registry not yet begun) in memory."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file for changing, and make it (mode 0640) with its tables when it is missing.

        Raises InvalidConfiguration when a newer Tenantry has written it, RegistryFailed when it is damaged.
        """
        _make_file(path)
        database = cls(_file_engine(path, "rw"))
        database._prepare(path)
        return database

    @classmethod
    def open_to_read(cls, path: Path, written_by: int = 1) -> Self:
        """Open the file for reading only.

        Without a file, and of a registry older than version `written_by`, what is read is empty.
        """
        if path.exists():
            database = cls(_file_engine(path, "ro"))
            if written_by == 1 or database._version() >= written_by:
                return database
        database = cls(create_engine("sqlite://", poolclass=StaticPool))
        Base.metadata.create_all(database._engine)
        return database

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading."""
        with _told(), Session(self._engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are committed together at its end, or not at all."""
        with _told(), Session(self._engine) as session, session.begin():
            session.execute(text("BEGIN IMMEDIATE"))
            yield session

    def _version(self) -> int:
        with self.read() as session:
            return int(session.execute(text("PRAGMA user_version")).scalar_one())

    def _prepare(self, path: Path) -> None:
        with self.write() as session:
            version = session.execute(text("PRAGMA user_version")).scalar_one()
            if version < _VERSION:
                _migrate(session, version)
        if version > _VERSION:
            raise InvalidConfiguration(
                str(path), "it was written by a newer Tenantry.", "Use that version, or a newer one."
            )


@contextmanager
def _told() -> Iterator[None]:
    """Turn the database's own failures (disk full, locked, read-only) into one the operator is told."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlite_errorname", "") == "SQLITE_READONLY_ROLLBACK":
            raise RegistryFailed(
                "A command was cut off while it was recording a change in the registry.",
                "`provision list`, as the user who began this root, takes the half-made change back.",
            ) from error
        raise RegistryFailed(f"The registry failed: {error.orig}.", "Nothing was recorded.") from error
    except DatabaseError as error:
        if getattr(error.orig, "sqlite_errorname", "") not in _DAMAGED:
            raise
        raise RegistryFailed(
            f"The registry is damaged: {error.orig}.",
            "docs/operators/bad-days.md, `The registry is damaged`, says how to put it back from a backup.",
        ) from error


def _make_file(path: Path) -> None:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640))


def share(path: Path, readers: str | None) -> None:
    """Let a group read the file; a name that is None or no group of this system shares it with nobody."""
    if readers and group_exists(readers):
        os.chown(path, -1, grp.getgrnam(readers).gr_gid, follow_symlinks=False)


def _migrate(session: Session, version: int) -> None:
    """Bring a registry, or an empty file (0), to this version, with all or none of what that takes."""
    Base.metadata.create_all(session.connection())
    if version < 1:
        _keep_rows(session, "events")
    if version < 2:
        for model in APPEND_ONLY:
            _keep_rows(session, model.__tablename__)
            _add_only(session, model.__table__)
        session.execute(text(_NO_GAP))
        terms.adopt(session)
    session.execute(text(f"PRAGMA user_version = {_VERSION}"))


def _keep_rows(session: Session, table: str) -> None:
    """Have the database itself refuse to change or delete a row."""
    for name, change in (("stay", "DELETE"), ("keep", "UPDATE")):
        session.execute(
            text(
                f"CREATE TRIGGER {table}_{name} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} stay'); END"
            )
        )


def _add_only(session: Session, table: FromClause) -> None:
    """Refuse `INSERT OR REPLACE` of a row that is there, which passes by the triggers that keep it."""
    key = next(iter(table.primary_key)).name
    there = f"EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"  # noqa: S608 - names of our own
    session.execute(
        text(
            f"CREATE TRIGGER {table}_once BEFORE INSERT ON {table} WHEN {there} "
            f"BEGIN SELECT RAISE(ABORT, '{table} stay'); END"
        )
    )


def _connect(path: Path, access: str) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={access}"
    return sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)


def _roll_back_cut_off(path: Path) -> None:
    """Take back a change that was killed while it was committed: SQLite does so, but only for a writer.

    SQLite's own locks tell such a change from one under way. Who may not write gets SQLite's error.
    """
    if not path.with_name(f"{path.name}-journal").exists():
        return
    with closing(_connect(path, "rw")) as connection:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


def _file_engine(path: Path, access: str) -> Engine:
    def connect() -> sqlite3.Connection:
        """Open in autocommit: transactions are begun by `write`, as immediate ones."""
        if access == "ro":
            _roll_back_cut_off(path)
        return _connect(path, access)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        if access == "rw":
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA synchronous = FULL")

    return engine
