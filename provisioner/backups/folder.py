"""The names of backups: `<client>-<moment>.tar.gz`, so that they sort by time and tell whose they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from provisioner.backups.writing import checksum_file
from provisioner.filesystem import remove_file


def new_path(folder: Path, client_id: str, moment: datetime) -> Path:
    """Return a name that no backup in the folder has; two of one second are numbered."""
    stem = f"{client_id}-{moment:%Y%m%dT%H%M%SZ}"
    names = (f"{stem}{f'-{number}' if number else ''}.tar.gz" for number in range(1000))
    return next(path for name in names if not (path := folder / name).exists())


def backups_in(folder: Path, client_id: str) -> Sequence[Path]:
    """Return a client's backups in a folder, oldest first; none when there is no such folder."""
    shape = re.compile(rf"{re.escape(client_id)}-(\d{{8}}T\d{{6}}Z)(?:-(\d+))?\.tar\.gz")
    found = ((match, path) for path in folder.glob("*.tar.gz") if (match := shape.fullmatch(path.name)))
    return [path for _, path in sorted(((one[1], int(one[2] or 0)), path) for one, path in found)]


def erase(archive: Path) -> None:
    """Remove a backup, then its checksum."""
    remove_file(archive)
    remove_file(checksum_file(archive))
