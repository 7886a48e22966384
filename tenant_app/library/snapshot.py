"""A copy of the whole instance as it is at one moment, made while it goes on working.

The copied database is one transaction's view, and every original it names is kept beside it by a hard link:
no bytes are copied for those, and removing the document meanwhile takes nothing from the copy.
"""

import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tenant_app.branding import BRANDING
from tenant_app.data_directory import DATABASE, ORIGINALS, SNAPSHOT, USAGE
from tenant_app.library.originals import Originals
from tenant_app.server_errors import FILE as ERRORS

_BUSY_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Snapshot:
    """A copy that was made: the database's schema revision, and how many originals it names.

    Those `missing` were lost before; all the rest is worth keeping none the less.
    """

    revision: str
    originals: int
    missing: int


class Snapshots:
    """Makes the copy, in ``data/snapshot``; whoever asked for it takes it away."""

    def __init__(self, data_dir: Path, originals: Originals) -> None:
        self._data_dir = data_dir
        self._originals = originals
        self._copy = data_dir / SNAPSHOT

    def take(self) -> Snapshot:
        """Copy database, originals, logo and usage files; an earlier copy is replaced.

        Raises OSError when it cannot be made, the disk being full for one; nothing is left of it then.
        """
        shutil.rmtree(self._copy, ignore_errors=True)
        self._copy.mkdir(mode=0o700)
        try:
            return self._take()
        except BaseException as error:
            shutil.rmtree(self._copy, ignore_errors=True)
            if isinstance(error, sqlite3.Error):
                raise OSError(f"the database could not be copied: {error}") from error
            raise

    def _take(self) -> Snapshot:
        address = f"{(self._data_dir / DATABASE).absolute().as_uri()}?mode=rw"
        source = sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
        with closing(source):
            # While nobody may change a file and its row: what is named now is there now.
            with self._originals.changing:
                source.execute("BEGIN")
                named = [str(row[0]) for row in source.execute("SELECT DISTINCT sha256 FROM documents")]
                linked = self._link(ORIGINALS, named)
            self._link(BRANDING, _names(self._data_dir / BRANDING))
            self._link(USAGE, [name for name in _names(self._data_dir / USAGE) if _is_usage(name)])
            # Still the same transaction: the copy is what was there when the originals were linked.
            with closing(sqlite3.connect(self._copy / DATABASE)) as target:
                source.backup(target)
                # A file by itself, without a log beside it.
                target.execute("PRAGMA journal_mode = DELETE")
            (revision,) = source.execute("SELECT version_num FROM alembic_version").fetchone()
        return Snapshot(str(revision), len(named), len(named) - linked)

    def _link(self, folder: str, names: Sequence[str]) -> int:
        """Keep those files of a folder that are there; return how many."""
        kept = self._copy / folder
        kept.mkdir(mode=0o700)
        linked = 0
        for name in names:
            with suppress(FileNotFoundError):
                os.link(self._data_dir / folder / name, kept / name, follow_symlinks=False)
                linked += 1
        return linked


def _is_usage(name: str) -> bool:
    """What a month was billed by is worth keeping; which answers failed is of the process that gave them."""
    return name.endswith(".json") and name != ERRORS


def _names(folder: Path) -> list[str]:
    """The files of a folder, without those that are being written."""
    if not folder.is_dir():
        return []
    return [path.name for path in folder.iterdir() if not path.name.startswith(".")]
