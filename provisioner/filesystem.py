"""The one door to the disk: whole files or none, with owner and mode set before they are seen.

A file is written beside its target, given its owner and mode, fsynced and renamed over the target,
then its directory is fsynced. A failing fsync is final: the temporary file is removed and the error
goes up; it is never retried, because the kernel may already have dropped the pages.
"""

from __future__ import annotations

import errno
import grp
import hashlib
import os
import pwd
import secrets
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from provisioner.trees import Place, walk

TEMPORARY_PREFIX = ".tenantry-"
_KEEP = -1


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """A file as it shall be: absolute path, whole text, permission bits, owner and group by name.

    Without `owner` or `group` the file belongs to whoever runs the command. A `secret` file's text is
    never shown, neither by `--dry-run` nor by `diff`.
    """

    path: Path
    text: str
    mode: int = 0o644
    owner: str | None = None
    group: str | None = None
    secret: bool = False

    @property
    def digest(self) -> str:
        """The SHA-256 of the text in UTF-8, in hexadecimal."""
        return digest(self.text.encode())


def digest(content: bytes) -> str:
    """Return the SHA-256 of `content` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def write_file(file: RenderedFile) -> None:
    """Replace `file.path` by the rendered text, atomically and durably.

    Raises OSError as the system gave it; the target is then untouched. Raises LookupError when the
    owner or the group does not exist.
    """
    uid, gid = _ids(file.owner, file.group)
    _replace(file.path, file.text.encode(), file.mode, uid, gid)


def is_as_rendered(file: RenderedFile) -> bool:
    """Say whether `file.path` already is a regular file with that text, mode, owner and group."""
    now = snapshot(file.path)
    uid, gid = _ids(file.owner, file.group)
    return (
        now is not None
        and now.content == file.text.encode()
        and now.mode == file.mode
        and uid in (_KEEP, now.uid)
        and gid in (_KEEP, now.gid)
    )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A file as it was: enough to put it back."""

    path: Path
    content: bytes = field(repr=False)
    mode: int
    uid: int
    gid: int

    def restore(self) -> None:
        """Put the file back as it was, atomically and durably."""
        _replace(self.path, self.content, self.mode, self.uid, self.gid)


def snapshot(path: Path) -> Snapshot | None:
    """Read a file with its owner and mode; None when there is none. A link in its place raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as stream:
        now = os.fstat(descriptor)
        return Snapshot(path, stream.read(), stat.S_IMODE(now.st_mode), now.st_uid, now.st_gid)


def _replace(path: Path, content: bytes, mode: int, uid: int, gid: int) -> None:
    temporary = path.parent / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    try:
        _write_new(temporary, content, mode, uid, gid)
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def _write_new(path: Path, content: bytes, mode: int, uid: int, gid: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        if (uid, gid) != (_KEEP, _KEEP):
            os.fchown(descriptor, uid, gid)
        os.fchmod(descriptor, mode)
        stream.write(content)
        stream.flush()
        os.fsync(descriptor)


def make_directory(path: Path, mode: int, owner: str | None = None, group: str | None = None) -> bool:
    """Make one directory with exactly this mode and owner; say whether it was missing.

    An existing directory is brought to the mode and owner. A symbolic link or a file in its place is
    refused with NotADirectoryError: links are never followed.
    """
    uid, gid = _ids(owner, group)
    created = _mkdir_if_missing(path)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _settle_directory(descriptor, mode, uid, gid)
    finally:
        os.close(descriptor)
    if created:
        sync_directory(path.parent)
    return created


def is_directory_as_made(path: Path, mode: int, owner: str | None = None, group: str | None = None) -> bool:
    """Say whether `make_directory` would find nothing to do: no link, and exactly this mode and owner."""
    try:
        uid, gid = _ids(owner, group)
        now = path.lstat()
    except (FileNotFoundError, NotADirectoryError, LookupError):
        return False
    return (
        stat.S_ISDIR(now.st_mode)
        and stat.S_IMODE(now.st_mode) == mode
        and uid in (_KEEP, now.st_uid)
        and gid in (_KEEP, now.st_gid)
    )


def _mkdir_if_missing(path: Path) -> bool:
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return False
    return True


def _settle_directory(descriptor: int, mode: int, uid: int, gid: int) -> None:
    now = os.fstat(descriptor)
    if (uid not in (_KEEP, now.st_uid)) or (gid not in (_KEEP, now.st_gid)):
        os.fchown(descriptor, uid, gid)
    if stat.S_IMODE(now.st_mode) != mode:
        os.fchmod(descriptor, mode)


def move_directory(source: Path, target: Path) -> None:
    """Rename a directory durably on the same disk; raises FileExistsError when the name is taken."""
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, "The name is taken", str(target))
    source.rename(target)
    try:
        for folder in {source.parent, target.parent}:
            sync_directory(folder)
    except OSError:
        target.rename(source)
        raise


def remove_file(path: Path) -> bool:
    """Remove a file or a link durably; say whether it was there."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    sync_directory(path.parent)
    return True


def remove_tree(path: Path) -> bool:
    """Remove a directory with all it holds, never following a link out of it; say whether it was there."""
    if not path.is_dir() or path.is_symlink():
        return remove_file(path)
    walk(path, _unlink_all, lambda parent, name: os.rmdir(name, dir_fd=parent))
    path.rmdir()
    sync_directory(path.parent)
    return True


def _unlink_all(place: Place) -> None:
    for name in place.others:
        os.unlink(name, dir_fd=place.descriptor)


def archive_tree(source: Path, target: Path) -> None:
    """Write a directory into a gzipped tar file (mode 0600), owners, modes and links as they are.

    Links are stored, never followed. The file appears under its name only when it is whole and on disk.
    """
    with (
        new_file(target) as stream,
        tarfile.open(fileobj=stream, mode="w:gz", compresslevel=6) as archive,
    ):
        walk(source, partial(_add, archive, source.name), _nothing)


@contextmanager
def new_file(target: Path) -> Iterator[BinaryIO]:
    """Write a file (mode 0600) in a `with` block; it takes its name when it is whole and on disk.

    Whatever is raised inside leaves no file and goes up.
    """
    temporary = target.parent / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(descriptor)
        temporary.rename(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    try:
        sync_directory(target.parent)
    except OSError:
        target.unlink(missing_ok=True)
        raise


def _add(archive: tarfile.TarFile, top: str, place: Place) -> None:
    """Add a directory and what is in it beside directories; sockets have no form in an archive."""
    inside, shown = f"/proc/self/fd/{place.descriptor}", f"{top}/{place.path}" if place.path else top
    archive.addfile(archive.gettarinfo(f"{inside}/.", shown))
    for name in place.others:
        entry = archive.gettarinfo(f"{inside}/{name}", f"{shown}/{name}")
        if entry is not None and entry.isreg():
            file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place.descriptor)
            with os.fdopen(file, "rb") as stream:
                archive.addfile(entry, stream)
        elif entry is not None:
            archive.addfile(entry)


def _nothing(_parent: int, _name: str) -> None:
    """An archive needs nothing after a directory."""


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """Give a folder, its maker's alone, for a `with` block; `sweep` removes one left by a kill."""
    with tempfile.TemporaryDirectory(prefix=TEMPORARY_PREFIX, dir=parent) as folder:
        yield Path(folder)


def sweep(folder: Path) -> None:
    """Remove the temporary files that killed commands left under a folder; clients' data is not entered."""
    for path in temporary_files(folder):
        remove_tree(path)


def temporary_files(folder: Path) -> Iterator[Path]:
    """Return the temporary files and folders under a folder; clients' data is not entered."""
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in (*folders, *files) if name.startswith(TEMPORARY_PREFIX))
        folders[:] = [name for name in folders if name != "data" and not name.startswith(TEMPORARY_PREFIX)]


def sync_directory(path: Path) -> None:
    """Make a directory's entries durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_text(path: Path) -> str | None:
    """Return a regular file's text, or None when there is none.

    Bytes that are not UTF-8 are kept as surrogates, so that a damaged file still compares as different.
    """
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None


def _ids(owner: str | None, group: str | None) -> tuple[int, int]:
    uid = pwd.getpwnam(owner).pw_uid if owner else _KEEP
    gid = grp.getgrnam(group).gr_gid if group else _KEEP
    return uid, gid
