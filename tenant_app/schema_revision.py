"""Which revision a database file is at, and which one this program needs.

Read with the bare driver: gunicorn's master asks before it starts the worker, and neither SQLAlchemy nor
Alembic should be in its memory for that.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaOutOfDate(Exception):
    """The database is not at the revision this program needs; the message says how to mend it."""


class DatabaseLost(SchemaOutOfDate):
    """Documents are kept but the database that knows them is gone; creating an empty one would lose them."""


def newest_revision() -> str:
    """Return the id of the last migration, which is its file's name."""
    return max(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def require_not_lost(database: Path, originals: Path) -> None:
    """Raise DatabaseLost when there is no migrated database while `originals` holds documents."""
    kept = sum(1 for _ in originals.iterdir())
    if kept and (not database.is_file() or revision_of(database) is None):
        raise DatabaseLost(
            f"database {database} is missing, empty or damaged while {originals} holds {kept} documents; "
            "restore the database from a backup, or move those files elsewhere to begin anew"
        )


def require_current(database: Path) -> None:
    """Raise SchemaOutOfDate unless the file exists and is at the newest revision."""
    wanted = newest_revision()
    found = revision_of(database) if database.is_file() else None
    if found != wanted:
        raise SchemaOutOfDate(
            f"database {database} is at revision {found or 'none'}, this program needs {wanted}; "
            "run `python -m tenant_app admin migrate`"
        )


def revision_of(database: Path) -> str | None:
    """Return the revision a file is at; None when it is no migrated database."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.DatabaseError:
            # Not migrated yet, or not a database at all: both are refused the same way.
            return None
    return str(row[0]) if row else None
