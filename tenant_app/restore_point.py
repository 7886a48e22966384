"""The database as it was before a migration, kept beside it until the newer version has proved itself.

A version that does not stay is taken back together with what it did to the database. What was written while
it served is not lost: its database is set aside then.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from tenant_app.data_directory import DATABASE
from tenant_app.schema_revision import revision_of

BEFORE: Final = "before-migration"
REFUSED: Final = "refused-migration"
_INDEX: Final = "chroma"


def keep(data_dir: Path) -> None:
    """Copy the database before it is migrated; raises OSError when there is no room for it."""
    _copy(data_dir / DATABASE, _kept(data_dir))


def take_back(data_dir: Path) -> bool:
    """Put the kept database back and set the migrated one aside; say whether there was one to put back.

    The index of vectors belongs to the migrated one: it is dropped, and rebuilt at the next start. Killed
    anywhere, it is finished by being run again.
    """
    kept, database = _kept(data_dir), data_dir / DATABASE
    if not kept.is_file():
        return False
    if revision_of(database) != revision_of(kept):
        _remove(data_dir / REFUSED)
        _copy(database, data_dir / REFUSED / DATABASE)
    for leftover in (f"{DATABASE}-wal", f"{DATABASE}-shm"):
        (data_dir / leftover).unlink(missing_ok=True)
    kept.replace(database)
    _sync(data_dir)
    shutil.rmtree(data_dir / _INDEX)
    (data_dir / _INDEX).mkdir(mode=0o700)
    settle(data_dir)
    return True


def settle(data_dir: Path) -> None:
    """Forget the kept database: the version that serves now stays. Raises OSError when it cannot go."""
    _remove(data_dir / BEFORE)


def _remove(directory: Path) -> None:
    if directory.exists():
        shutil.rmtree(directory)


def _kept(data_dir: Path) -> Path:
    return data_dir / BEFORE / DATABASE


def _copy(source: Path, target: Path) -> None:
    """Have a whole copy there, on disk, or none."""
    target.parent.mkdir(mode=0o700, exist_ok=True)
    unfinished = target.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as original,
            closing(sqlite3.connect(unfinished)) as copy,
        ):
            original.backup(copy)
            # A file by itself, without a log beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise OSError(f"the database could not be copied before its migration: {error}") from error
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(target)
    _sync(target.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
