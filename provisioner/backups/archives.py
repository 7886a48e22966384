"""Writes files of the operator's own into one archive: gzipped tar, mode 0600, its SHA-256 beside it."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from provisioner.backups.age_streams import opened
from provisioner.backups.sealing import NO_KEYS, Seal
from provisioner.backups.writing import sealing, write_checksum
from provisioner.filesystem import new_file

_PIECE: Final = 1024 * 1024


def write_archive(
    target: Path,
    kept: Iterable[tuple[Path, str]],
    seal: Seal | None,
    linked: Iterable[tuple[Path, str]] = (),
) -> tuple[str, ...]:
    """Write files and folders under these names, encrypted with a `seal`; return the names of all in it.

    What links lead to is kept in their place; in `linked` folders links stay links. It is read back to its
    end before this returns. Raises OSError, EncryptionFailed, ArchiveRefused.
    """
    with (
        new_file(target) as stream,
        sealing(stream, seal) as plain,
        gzip.GzipFile("", "wb", fileobj=plain) as packed,
        tarfile.open(fileobj=packed, mode="w", dereference=True) as archive,
    ):
        for path, name in kept:
            archive.add(path, name)
        archive.dereference = False
        for path, name in linked:
            archive.add(path, name)
        names = tuple(archive.getnames())
    _read_back(target, seal)
    write_checksum(target, _digest(target))
    return names


def _read_back(target: Path, seal: Seal | None) -> None:
    """See that it opens, to its end."""
    with opened(target, seal.keys if seal else NO_KEYS) as plain, gzip.GzipFile(fileobj=plain) as packed:
        while packed.read(_PIECE):
            pass


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
