"""The names of backups: `<client>-<moment>.tar.gz`, with `.age` when encrypted.

They sort by time and tell whose they are and when they were taken, without a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from provisioner.backups.sealing import SUFFIX
from provisioner.backups.writing import checksum_file
from provisioner.filesystem import remove_file

T = TypeVar("T")
_SHAPE: Final = r"-(\d{8}T\d{6}Z)(?:-(\d+))?\.tar\.gz(?:\.age)?"


def new_path(folder: Path, name: str, moment: datetime, *, sealed: bool = False) -> Path:
    """Return a name that no backup in the folder has, encrypted or not; two of one second are numbered."""
    stem = f"{name}-{moment:%Y%m%dT%H%M%SZ}"
    names = (f"{stem}{f'-{number}' if number else ''}.tar.gz" for number in range(1000))
    free = next(name for name in names if not any((folder / f"{name}{end}").exists() for end in ("", SUFFIX)))
    return folder / f"{free}{SUFFIX if sealed else ''}"


def backups_in(folder: Path, client_id: str) -> Sequence[Path]:
    """Return a client's backups in a folder, oldest first; none when there is no such folder."""
    return [folder / name for name in in_order((path.name for path in folder.glob("*.tar.gz*")), client_id)]


def in_order(names: Iterable[str], client_id: str) -> Sequence[str]:
    """Return those names that a client's backups have, oldest first."""
    shape = re.compile(re.escape(client_id) + _SHAPE)
    found = ((match, name) for name in names if (match := shape.fullmatch(name)))
    return [name for _, name in sorted(((one[1], int(one[2] or 0)), name) for one, name in found)]


def surplus(found: Sequence[T], keep: int | None) -> Sequence[T]:
    """Return what is older than the `keep` newest of backups that are in order; nothing without `keep`."""
    return found[: max(len(found) - keep, 0)] if keep else ()


def taken_at(name: str) -> datetime | None:
    """Return when a backup was taken, by its name; None when that does not say it."""
    found = re.search(f"{_SHAPE}$", name)
    return datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if found else None


def erase(archive: Path) -> None:
    """Remove a backup, then its checksum."""
    remove_file(archive)
    remove_file(checksum_file(archive))
