"""Reads a backup, believing nothing: names, kinds, sizes and SHA-256 are judged before a byte is used.

What an archive may hold is decided by the manifest's own rules (`manifest.Member`), so that links, devices,
absolute names and `..` have no form in it. Its end is read too, where gzip keeps the sum of the whole.
An encrypted one is decrypted while it is read, never onto a disk.
"""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from pydantic import ValidationError

from provisioner.backups.age_streams import opened
from provisioner.backups.manifest import DATABASE, MANIFEST, ArchiveRefused, Manifest, Member
from provisioner.backups.sealing import NO_KEYS, Keys
from provisioner.backups.writing import checksum_file
from provisioner.filesystem import read_text

_PIECE: Final = 1024 * 1024
_LARGEST_MANIFEST: Final = 256 * 1024 * 1024
_LARGEST_PADDING: Final = 1024 * 1024

Take: TypeAlias = Callable[[Member, Iterator[bytes]], None]
"""Is given one file of the archive, piece by piece; must use them all."""


def read_manifest(archive: Path, keys: Keys = NO_KEYS) -> Manifest:
    """Return what a backup says of itself, without reading the rest; raises ArchiveRefused."""
    with _opened(archive, keys) as packed, tarfile.open(fileobj=packed, mode="r|") as entries:
        return _manifest(archive, entries)


def verify(archive: Path, keys: Keys = NO_KEYS) -> Manifest:
    """Read a backup to its end and return its manifest; raises ArchiveRefused unless all is as written.

    A checksum file beside it must agree; without one, what is inside still guards every byte.
    """
    matches_checksum(archive)
    return read_members(archive, lambda _member, pieces: drain(pieces), keys)


def read_members(archive: Path, take: Take, keys: Keys = NO_KEYS) -> Manifest:
    """Hand out every file of a backup; raises ArchiveRefused at the first that is not as it was written.

    What `take` was given before that is worth nothing.
    """
    with _opened(archive, keys) as packed:
        with tarfile.open(fileobj=packed, mode="r|", bufsize=_PIECE) as entries:
            manifest = _manifest(archive, entries)
            _read_all(archive, entries, manifest, take)
        _require_end(archive, packed)
    return manifest


def drain(pieces: Iterator[bytes]) -> None:
    """Read a file of a backup to its end, where it is judged, without keeping any of it."""
    for _ in pieces:
        pass


@contextmanager
def _opened(archive: Path, keys: Keys) -> Iterator[gzip.GzipFile]:
    """Open a gzipped file, encrypted or not; whatever is wrong with its content is told as ArchiveRefused."""
    _require_file(archive)
    try:
        with opened(archive, keys) as plain, gzip.GzipFile(fileobj=plain, mode="rb") as packed:
            yield packed
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, UnicodeError) as error:
        raise ArchiveRefused(archive, f"it is damaged or no backup ({error})") from error


def _require_file(archive: Path) -> None:
    """A pipe or a device would hold the command up."""
    if not archive.is_file():
        raise ArchiveRefused(archive, "there is no such file", "`provision backups` lists those there are.")


def _manifest(archive: Path, entries: tarfile.TarFile) -> Manifest:
    first = entries.next()
    if first is None or first.name != MANIFEST or not first.isreg() or first.size > _LARGEST_MANIFEST:
        raise ArchiveRefused(archive, f"it does not begin with {MANIFEST}, so it is no backup of a client")
    try:
        manifest = Manifest.model_validate_json(b"".join(_pieces(entries, first)))
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        reason = error.errors()[0]["msg"]
        raise ArchiveRefused(
            archive, f"{MANIFEST} does not fit at {where} ({reason})", "A newer Tenantry may read it."
        ) from error
    names = [member.name for member in manifest.members]
    if len(set(names)) != len(names) or DATABASE not in names:
        raise ArchiveRefused(archive, f"{MANIFEST} names a file twice, or no {DATABASE}")
    return manifest


def _read_all(archive: Path, entries: tarfile.TarFile, manifest: Manifest, take: Take) -> None:
    expected = {member.name: member for member in manifest.members}
    while entry := entries.next():
        member = expected.pop(entry.name, None)
        if member is None or not entry.isreg() or entry.issparse() or entry.size != member.size:
            raise ArchiveRefused(archive, f"{entry.name!r} is not among the files it may hold")
        take(member, _checked(archive, member, _pieces(entries, entry)))
    if expected:
        raise ArchiveRefused(archive, f"{next(iter(expected))} is missing")


def _checked(archive: Path, member: Member, pieces: Iterator[bytes]) -> Iterator[bytes]:
    sha256 = hashlib.sha256()
    for piece in pieces:
        sha256.update(piece)
        yield piece
    if sha256.hexdigest() != member.sha256:
        raise ArchiveRefused(archive, f"{member.name} is not as it was written")


def _pieces(entries: tarfile.TarFile, entry: tarfile.TarInfo) -> Iterator[bytes]:
    stream = entries.extractfile(entry)
    assert stream is not None
    while piece := stream.read(_PIECE):
        yield piece


def _require_end(archive: Path, packed: gzip.GzipFile) -> None:
    """Read to the end, where gzip's own sum is compared; nothing but padding may be left."""
    rest = packed.read(_LARGEST_PADDING)
    if rest.strip(b"\0") or packed.read(1):
        raise ArchiveRefused(archive, "something follows its last file")


def matches_checksum(archive: Path) -> bool:
    """Say whether there is a checksum file beside a backup; raises ArchiveRefused when it does not agree."""
    beside = read_text(checksum_file(archive))
    if beside is None:
        return False
    _require_file(archive)
    with archive.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    if beside.split()[:1] != [sha256]:
        raise ArchiveRefused(archive, f"its SHA-256 is not the one in {checksum_file(archive).name}")
    return True
