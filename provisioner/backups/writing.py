"""Writes a backup: a gzipped tar file with its manifest in front, and its SHA-256 in a file beside it."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from pydantic import ValidationError

from provisioner.backups.age_streams import Target, encrypting
from provisioner.backups.gzip_members import GzipMembers, fitting_level
from provisioner.backups.manifest import MANIFEST, Manifest, Member
from provisioner.backups.sealing import Seal
from provisioner.errors import ProvisionError
from provisioner.filesystem import RenderedFile, new_file, write_file
from provisioner.trees import Place, walk

_PIECE: Final = 1024 * 1024


class UnknownFile(ProvisionError):
    """Something lies among a client's data that no backup holds."""

    code = "unknown-file"


class ChangedMeanwhile(ProvisionError):
    """A file was not the same when it was written as when it was measured."""

    code = "changed-meanwhile"


def checksum_file(archive: Path) -> Path:
    """Where a backup's own SHA-256 stands, in the form `sha256sum --check` reads."""
    return archive.with_name(f"{archive.name}.sha256")


def write_backup(source: Path, target: Path, about: Manifest, seal: Seal | None = None) -> None:
    """Write the files under `source` into a new backup (mode 0600); it appears when it is whole.

    `about` is its manifest, still without the files. With `seal` it is encrypted; nothing of it is on
    the disk in the clear.

    `source` may belong to a client: links are not followed, and anything but a regular file is refused.
    Raises OSError as the system gave it, ChangedMeanwhile, UnknownFile.
    """
    found: list[Member] = []
    walk(source, partial(_each_file, partial(_measure, found)), _nothing)
    manifest = about.model_copy(update={"members": tuple(found)})
    with new_file(target) as stream:
        hashed = _HashedStream(stream)
        with (
            sealing(hashed, seal) as plain,
            GzipMembers(plain) as packed,
            tarfile.TarFile(
                fileobj=packed, mode="w", format=tarfile.GNU_FORMAT, copybufsize=_PIECE
            ) as archive,
        ):
            _pack_manifest(archive, manifest)
            members = {member.name: member for member in manifest.members}
            pack = partial(_pack, packed, archive, members, manifest)
            walk(source, partial(_each_file, pack), _nothing)
    write_checksum(target, hashed.digest)


def sealing(target: Target, seal: Seal | None) -> AbstractContextManager[Target]:
    """Return a stream to write an archive to, which arrives in `target` encrypted when there is a seal."""
    return encrypting(target, seal) if seal else nullcontext(target)


def write_checksum(archive: Path, sha256: str) -> None:
    """Put an archive's SHA-256 beside it."""
    write_file(RenderedFile(checksum_file(archive), f"{sha256}  {archive.name}\n", 0o600))


def _each_file(act: Callable[[str, BinaryIO], None], place: Place) -> None:
    for name in place.others:
        with _regular_file(place.descriptor, name) as stream:
            act(f"{place.path}/{name}" if place.path else name, stream)


@contextmanager
def _regular_file(folder: int, name: str) -> Iterator[BinaryIO]:
    # Without O_NONBLOCK, a pipe in its place would hold the command up for ever.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, dir_fd=folder), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise UnknownFile(f"{name!r} among the client's data is no regular file.", "Look at it.")
        yield stream


def _measure(found: list[Member], name: str, stream: BinaryIO) -> None:
    sha256, size = hashlib.sha256(), 0
    while piece := stream.read(_PIECE):
        sha256.update(piece)
        size += len(piece)
    try:
        found.append(Member(name=name, size=size, sha256=sha256.hexdigest()))
    except ValidationError as error:
        raise UnknownFile(f"{name!r} is no file that a backup holds.", "Look at it.") from error


def _pack_manifest(archive: tarfile.TarFile, manifest: Manifest) -> None:
    text = manifest.model_dump_json(indent=1).encode()
    archive.addfile(_entry(MANIFEST, len(text), manifest), io.BytesIO(text))


def _pack(
    packed: GzipMembers,
    archive: tarfile.TarFile,
    members: dict[str, Member],
    manifest: Manifest,
    name: str,
    stream: BinaryIO,
) -> None:
    member, hashed = members[name], _HashedStream(stream)
    packed.go_on_with(fitting_level(stream, member.size))
    archive.addfile(_entry(name, member.size, manifest), hashed)
    if hashed.digest != member.sha256:
        raise ChangedMeanwhile(f"{name} changed while it was written into the backup.", "Try again.")


def _entry(name: str, size: int, manifest: Manifest) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o600, int(manifest.taken_at.timestamp())
    return entry


class _HashedStream:
    """A binary stream whose bytes are hashed as they pass, read or written."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._sha256 = hashlib.sha256()

    @property
    def digest(self) -> str:
        """The SHA-256 of what has passed so far."""
        return self._sha256.hexdigest()

    def read(self, size: int = -1, /) -> bytes:
        piece = self._stream.read(size)
        self._sha256.update(piece)
        return piece

    def write(self, piece: bytes, /) -> int:
        self._sha256.update(piece)
        return self._stream.write(piece)

    def flush(self) -> None:
        self._stream.flush()


def _nothing(_parent: int, _name: str) -> None:
    """A backup needs nothing after a directory."""
