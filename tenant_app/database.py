"""The tenant's SQLite database: one file, one writer at a time, nothing acknowledged before it is on disk."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, DateTime, Dialect, Engine, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

BUSY_TIMEOUT_SECONDS = 30


class Base(DeclarativeBase):
    """What every mapped class of the tenant derives from."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC moment; SQLite itself keeps no time zone, so a naive one is refused."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Store the UTC wall time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give back what was stored, aware."""
        return None if value is None else value.replace(tzinfo=UTC)


class Database:
    """Sessions on one SQLite file; nothing is opened before the first use."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # SQLite makes competing writers poll; inside the process they queue here instead.
        self._writing = threading.Lock()
        self._writer: int | None = None

    @cached_property
    def engine(self) -> Engine:
        """The engine, made on first use."""
        engine = create_engine(
            URL.create("sqlite", database=str(self.path)),
            connect_args={"timeout": BUSY_TIMEOUT_SECONDS},
            pool_size=4,
            max_overflow=60,
            # An error's text reaches the logs, and the values it would show are questions and hashes.
            hide_parameters=True,
        )
        event.listen(engine, "connect", _prepare_connection)
        event.listen(engine, "begin", _begin)
        return engine

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that sees one consistent state; what it changes is not kept."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open the one writing session: committed at the end, rolled back whole on any error.

        Raises RuntimeError when nested: the second one would wait for the first for ever.
        """
        if self._writer == threading.get_ident():
            raise RuntimeError("a write session is already open in this thread")
        with self._writing:
            self._writer = threading.get_ident()
            try:
                immediate = self.engine.execution_options(transaction="IMMEDIATE")
                with Session(immediate, expire_on_commit=False) as session, session.begin():
                    yield session
            finally:
                self._writer = None

    def ping(self) -> None:
        """Read one row; raises sqlalchemy.exc.OperationalError when the database does not answer."""
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close every connection, so that the write-ahead log is folded back into the file."""
        self.engine.dispose()


def _prepare_connection(dbapi_connection: Any, _record: Any) -> None:
    # The driver's own implicit BEGIN comes too late and is never IMMEDIATE: _begin does it.
    dbapi_connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        dbapi_connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("transaction", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")
