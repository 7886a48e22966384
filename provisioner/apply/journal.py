"""What a command is about to do, on disk before it does it, so that a kill leaves a trace.

One JSON-lines file per command in `<root>/journal/`: a `begin` line, then for every step its intent
before and its end after, each fsynced. A command that ends, well or undone, removes its file; a file
whose process is gone therefore tells of a command that was cut off, and at which step.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

from provisioner.clock import Clock, stamp
from provisioner.filesystem import remove_file, sync_directory

_SUFFIX = ".jsonl"
NOTHING_WRITTEN: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class CutOff:
    """A command that was killed: what it was, on which client, since when, and in which step.

    `pid` is its process; `shared`: that step was about what all clients share; `begins`: it makes the client.
    `writes` are the files it had begun to write, or had written, each with its SHA-256: they are ours, though
    the registry does not know of them.
    """

    path: Path
    command: str
    tenant_id: str
    since: datetime
    step: str
    pid: int = 0
    shared: bool = False
    begins: bool = False
    writes: frozenset[tuple[Path, str]] = frozenset()

    def __str__(self) -> str:
        where = f" while it was about to {self.step}" if self.step else ""
        return f"`provision {self.command}`, begun {stamp(self.since)}, was cut off{where}."


class Journal:
    """The journal of one running command."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600
        )

    @classmethod
    def begin(cls, folder: Path, command: str, tenant_id: str, clock: Clock, *, begins: bool = False) -> Self:
        """Open a new journal in an existing folder; `tenant_id` is empty for a command about the host.

        `begins`: the command makes that client.
        """
        now = clock.now()
        journal = cls(folder / f"{now:%Y%m%dT%H%M%S%f}-{os.getpid()}{_SUFFIX}")
        at = now.isoformat()
        journal._note(begin=command, tenant=tenant_id, at=at, pid=os.getpid(), begins=begins)
        sync_directory(folder)
        return journal

    def intend(
        self, number: int, step: str, *, shared: bool, writes: Mapping[str, str] = NOTHING_WRITTEN
    ) -> None:
        """Note that a step, on one client or on what all share, is about to be done.

        `writes` maps the path of each file it will write to the SHA-256 it will have.
        """
        self._note(intend=number, step=step, shared=shared, writes=dict(writes))

    def done(self, number: int) -> None:
        """Note that a step is done."""
        self._note(done=number)

    def end(self) -> None:
        """Forget the journal: the command has ended, and left nothing half-way."""
        self.close()
        remove_file(self.path)

    def close(self) -> None:
        """Leave the journal where it is: what it tells of is not settled."""
        os.close(self._descriptor)

    def _note(self, **entry: object) -> None:
        os.write(self._descriptor, json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        os.fsync(self._descriptor)


def cut_off(folder: Path) -> list[CutOff]:
    """Return the commands that left a journal, oldest first. Call it while holding the lock.

    Without it, one of them may be at work: the process `lock.holder` names.
    """
    entries = {path: _entries(path) for path in _journals(folder)}
    return [_cut_off(path, found) for path, found in entries.items() if found]


def unbegun(folder: Path) -> list[Path]:
    """Return the journals whose first line was never whole: their commands were killed before any step.

    Call it while holding the lock.
    """
    return [path for path in _journals(folder) if not _entries(path)]


def _journals(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{_SUFFIX}"))


def _entries(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text("utf-8", "replace").splitlines()
    return [entry for line in lines if (entry := _parse(line))]


def _cut_off(path: Path, entries: Sequence[Mapping[str, Any]]) -> CutOff:
    first, last = entries[0], entries[-1]
    begun = [entry for entry in entries if "intend" in entry]
    return CutOff(
        path,
        command=str(first["begin"]),
        tenant_id=str(first["tenant"]),
        since=datetime.fromisoformat(str(first["at"])),
        step=str(last.get("step", "")),
        pid=int(first["pid"]),
        shared=bool(begun and begun[-1].get("shared")),
        begins=bool(first.get("begins")),
        writes=frozenset(
            (Path(path), sha256) for entry in begun for path, sha256 in entry.get("writes", {}).items()
        ),
    )


def _parse(line: str) -> dict[str, Any]:
    """Read one line; the last one may have been cut off with the command and says nothing then."""
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
