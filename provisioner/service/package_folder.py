"""Where a client's packages are kept, with what is known of each; a key's secret is in the package alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict

from provisioner.backups.writing import checksum_file, write_checksum
from provisioner.filesystem import RenderedFile, make_directory, new_file, read_text, remove_file, write_file

_SUFFIX: Final = ".zip"
_BEGUN: Final = "begun.json"


class Record(BaseModel):
    """What is known of a package. `file` is its name; `replaced_at`: when another took its key's place."""

    model_config = ConfigDict(frozen=True)

    client_id: str
    file: str
    made_at: datetime
    key_id: int
    key_name: str
    key_hint: str
    replaced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A package there is, and its size in bytes."""

    file: Path
    size: int
    record: Record


class Begun(BaseModel):
    """A package that is being made: the keys there were before, by number, and the one that gives way."""

    model_config = ConfigDict(frozen=True)

    file: str
    key_name: str
    before: tuple[int, ...]
    going: int | None


_Document = TypeVar("_Document", Record, Begun)


@dataclass(frozen=True, slots=True)
class PackageFolder:
    """The folder of one client's packages; it need not be there yet."""

    path: Path

    def make(self) -> None:
        """Have the folder, and the one of all clients', for the operator alone."""
        make_directory(self.path.parent, 0o700)
        make_directory(self.path, 0o700)

    def file(self, name: str) -> Path:
        """Where a package is, or was."""
        return self.path / name

    def new_name(self, client_id: str, moment: datetime) -> str:
        """Return a name that no package has had; two of one second are numbered."""
        stem = f"{client_id}-{moment:%Y%m%dT%H%M%SZ}"
        names = (f"{stem}{f'-{number}' if number else ''}{_SUFFIX}" for number in range(1000))
        return next(name for name in names if not self._record_file(name).exists())

    def write(self, name: str, content: bytes) -> None:
        """Put a package there, then its SHA-256 beside it. Raises OSError."""
        file = self.file(name)
        with new_file(file) as stream:
            stream.write(content)
        write_checksum(file, hashlib.sha256(content).hexdigest())

    def erase(self, name: str) -> None:
        """Remove a package and its checksum; what is known of it stays."""
        remove_file(self.file(name))
        remove_file(checksum_file(self.file(name)))

    def records(self) -> Sequence[Record]:
        """Return what is known of the packages, oldest first, of those that were cleaned away too."""
        files = self.path.glob(f"*{_SUFFIX}.json")
        found = (record for file in files if (record := _read(file, Record)))
        return sorted(found, key=lambda record: (record.made_at, record.file))

    def record(self, name: str) -> Record | None:
        """Return what is known of a package; None when it never became one."""
        return _read(self._record_file(name), Record)

    def keep(self, record: Record) -> None:
        """Write down what is known of a package."""
        _write(self._record_file(record.file), record)

    def forget(self, record: Record) -> None:
        """Write down nothing of a package any more."""
        remove_file(self._record_file(record.file))

    def begun(self) -> Begun | None:
        """Return what was begun and has not been settled."""
        return _read(self.path / _BEGUN, Begun)

    def begin(self, begun: Begun) -> None:
        """Write down that a package is being made."""
        _write(self.path / _BEGUN, begun)

    def settle(self) -> None:
        """Write down that nothing is being made."""
        remove_file(self.path / _BEGUN)

    def _record_file(self, name: str) -> Path:
        return self.path / f"{name}.json"


def folders(packages: Path, client_id: str | None) -> Sequence[PackageFolder]:
    """Return the folder of one client, or those of all, by id."""
    if client_id is not None:
        return [PackageFolder(packages / client_id)]
    return [PackageFolder(path) for path in sorted(packages.glob("*")) if path.is_dir()]


def _read(file: Path, shape: type[_Document]) -> _Document | None:
    text = read_text(file)
    return shape.model_validate_json(text) if text else None


def _write(file: Path, document: BaseModel) -> None:
    write_file(RenderedFile(file, document.model_dump_json(indent=2) + "\n", 0o600))
