"""Directories and files: made, written and removed so that each can be put back."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from provisioner import filesystem
from provisioner.apply.tools import Tools, Undo
from provisioner.backups import unpacking, writing
from provisioner.steps import (
    ArchiveTree,
    MakeDirectory,
    MoveTree,
    RemoveFile,
    RemoveTree,
    UnpackBackup,
    WriteBackup,
    WriteFile,
)


def make_directory(step: MakeDirectory, _tools: Tools) -> Undo | None:
    """A directory that was made here goes away again with all that was put in it since."""
    if not filesystem.make_directory(step.path, step.mode, step.owner, step.group):
        return None
    return partial(_erase, step.path)


def write_file(step: WriteFile, _tools: Tools) -> Undo | None:
    """A file that is as wanted is left alone; one that is replaced can be put back."""
    if filesystem.is_as_rendered(step.file):
        return None
    before = filesystem.snapshot(step.file.path)
    filesystem.write_file(step.file)
    return before.restore if before else partial(_erase, step.file.path)


def remove_file(step: RemoveFile, _tools: Tools) -> Undo | None:
    """Remove a file, keeping what it was."""
    before = filesystem.snapshot(step.path)
    filesystem.remove_file(step.path)
    return before.restore if before else None


def remove_tree(step: RemoveTree, _tools: Tools) -> Undo | None:
    """Erase a directory; there is no way back."""
    filesystem.remove_tree(step.path)
    return None


def archive_tree(step: ArchiveTree, _tools: Tools) -> Undo | None:
    """Write the archive; undone, it is removed."""
    filesystem.archive_tree(step.source, step.target)
    return partial(_erase, step.target)


def write_backup(step: WriteBackup, _tools: Tools) -> Undo | None:
    """Write the backup; undone, it is removed with its checksum."""
    writing.write_backup(step.source, step.target, step.about, step.seal)
    return partial(_erase_backup, step.target)


def unpack_backup(step: UnpackBackup, _tools: Tools) -> Undo | None:
    """Unpack it; undone, the directory with all that is in it is removed."""
    unpacking.unpack(step.archive, step.target, step.owner, usage=step.usage, keys=step.keys)
    return partial(_erase, step.target)


def move_tree(step: MoveTree, _tools: Tools) -> Undo | None:
    """Rename the directory; undone, it has its old name again."""
    filesystem.move_directory(step.source, step.target)
    return partial(filesystem.move_directory, step.target, step.source)


def _erase_backup(archive: Path) -> None:
    filesystem.remove_file(archive)
    filesystem.remove_file(writing.checksum_file(archive))


def _erase(path: Path) -> None:
    filesystem.remove_tree(path)
