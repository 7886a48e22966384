"""Unpacks a backup into an empty directory that nobody but the operator can enter meanwhile."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from provisioner.backups.manifest import USAGE, Manifest, Member
from provisioner.backups.reading import drain, read_manifest, read_members
from provisioner.backups.sealing import NO_KEYS, Keys
from provisioner.errors import ProvisionError
from provisioner.trees import Place, walk

_KEEP: Final = -1
_USAGE_MODE: Final = 0o640


class NoRoom(ProvisionError):
    """The disk has not enough room for what a backup holds."""

    code = "no-room"


def unpack(archive: Path, target: Path, owner: str | None, *, usage: bool, keys: Keys = NO_KEYS) -> Manifest:
    """Put the files of a backup under `target`, for `owner` alone, all on disk before this returns.

    `target` must be closed to everybody else; a folder `usage` that is there keeps its group. Without
    `usage` its records stay out. Raises ArchiveRefused, NoRoom, or OSError as the system gave it; what was
    unpacked until then is worth nothing.
    """
    manifest = read_manifest(archive, keys)
    if shutil.disk_usage(target).free < manifest.size:
        raise NoRoom(
            f"{archive} holds {manifest.size:,} bytes, and {target} has not so much room.",
            "Make room, then run the command again.",
        )
    uid, gid = _ids(owner)
    manifest = read_members(archive, partial(_put, target, uid, gid, usage), keys)
    walk(target, _sync, _nothing)
    return manifest


def _ids(owner: str | None) -> tuple[int, int]:
    if owner is None:
        return _KEEP, _KEEP
    found = pwd.getpwnam(owner)
    return found.pw_uid, found.pw_gid


def _put(target: Path, uid: int, gid: int, usage: bool, member: Member, pieces: Iterator[bytes]) -> None:
    folder, _, _name = member.name.rpartition("/")
    is_usage = folder == USAGE
    if is_usage and not usage:
        drain(pieces)
        return
    if folder and not (target / folder).is_dir():
        (target / folder).mkdir(mode=0o700)
        os.chown(target / folder, uid, gid)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(target / member.name, flags, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        os.fchown(descriptor, uid, _KEEP if is_usage else gid)
        if is_usage:
            os.fchmod(descriptor, _USAGE_MODE)
        for piece in pieces:
            stream.write(piece)


def _sync(place: Place) -> None:
    """Once all is written, so that the disk takes the files together instead of one by one."""
    for name in place.others:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place.descriptor)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    os.fsync(place.descriptor)


def _nothing(_parent: int, _name: str) -> None:
    """Nothing is left to do after a directory."""
