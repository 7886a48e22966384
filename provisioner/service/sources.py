"""The files an operator gives a client: single ones, those in folders at any depth, those in ZIP archives.

An archive is read where it lies, one entry at a time: its entries' names are shown, never used as paths.
"""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Final

from provisioner.errors import InvalidRequest

MOST_ENTRIES: Final = 10_000
"""Files of one archive; a larger one is to be divided."""
LARGEST_FILE: Final = 1_000_000_000
"""Bytes: what the most generous plan accepts."""
_ENCRYPTED: Final = 0x1
_LEFT_BY_SYSTEMS: Final = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class Source:
    """One file to send. `shown` names it in reports, `folder` says where it lay, parts joined by `/`.

    `refused` says why it is not sent; else `open` gives its bytes.
    """

    shown: str
    name: str
    folder: str = ""
    refused: str = ""
    open: Callable[[], IO[bytes]] | None = None


def sources_of(paths: Iterable[Path], archives: ExitStack) -> Sequence[Source]:
    """Return every file, in the order given; `archives` keeps the opened ones until they were sent.

    Raises InvalidRequest when a path does not exist or nothing is in it.
    """
    found: list[Source] = []
    for path in paths:
        if path.is_dir():
            found.extend(_of_folder(path, archives))
        elif path.is_file():
            found.extend(_of_file(path, "", archives))
        else:
            raise InvalidRequest("PATH", f"{path} is neither a file nor a folder.", "Check the path.")
    if not found:
        raise InvalidRequest("PATH", "there is no file in it.", "Give files, or folders that hold some.")
    return found


def _of_folder(folder: Path, archives: ExitStack) -> Iterator[Source]:
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder)
        if path.is_file() and _is_wanted(below.parts):
            place = PurePosixPath(folder.resolve().name, *below.parent.parts)
            yield from _of_file(path, str(place), archives)


def _of_file(path: Path, folder: str, archives: ExitStack) -> Iterator[Source]:
    if path.suffix.lower() == ".zip":
        yield from _of_archive(path, folder, archives)
    else:
        yield Source(str(path), path.name, folder, open=partial(_opened, path))


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


def _of_archive(path: Path, folder: str, archives: ExitStack) -> Iterator[Source]:
    try:
        archive = archives.enter_context(zipfile.ZipFile(path))
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        yield Source(str(path), path.name, folder, f"The archive cannot be read: {error}.")
        return
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_ENTRIES:
        yield Source(str(path), path.name, folder, f"It holds {len(entries)} files, {MOST_ENTRIES} at most.")
        return
    inside = "/".join(part for part in (folder, path.stem) if part)
    for entry in entries:
        if _is_wanted(tuple(entry.filename.split("/"))):
            yield _of_entry(path, archive, entry, inside)


def _of_entry(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, inside: str) -> Source:
    shown = f"{path}: {entry.filename}"
    directory, _, name = entry.filename.rpartition("/")
    folder = f"{inside}/{directory}" if directory else inside
    if refused := _refusal(entry):
        return Source(shown, name, folder, refused)
    return Source(shown, name, folder, open=partial(archive.open, entry))


def _refusal(entry: zipfile.ZipInfo) -> str:
    """Return why an entry is not sent, or nothing."""
    parts = entry.filename.split("/")
    if "\\" in entry.filename or any(part.strip() in ("", ".", "..") for part in parts):
        return "Its path in the archive is not accepted."
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "It is a link, which is not followed."
    if entry.flag_bits & _ENCRYPTED:
        return "It is protected by a password."
    if entry.filename.lower().endswith(".zip"):
        return "An archive inside an archive is not opened: give it by itself."
    if entry.file_size > LARGEST_FILE:
        return f"It is larger than any plan accepts ({LARGEST_FILE // 1_000_000} MB)."
    return ""


def _is_wanted(parts: Sequence[str]) -> bool:
    """Return whether a person put a file there; `..` is no hidden folder, and refused later."""
    hidden = (part.startswith(".") and part not in (".", "..") for part in parts)
    return not any(hidden) and not _LEFT_BY_SYSTEMS.intersection(parts)
