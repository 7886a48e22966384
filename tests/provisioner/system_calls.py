"""The system calls by which a command changes anything under its root: where a fault sweep kills it."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from provisioner.filesystem import TEMPORARY_PREFIX
from tests.provisioner.local_root import LocalRoot
from tests.provisioner.recovery import was_killed

EVERY: Final = int(os.environ.get("FAULTS_EVERY", "1"))
"""A whole sweep takes hours: `FAULTS_EVERY=10` takes every tenth point."""
SWEEP_SECONDS: Final = 6 * 3600
MUTATING: Final = (
    "mkdir", "rmdir", "rename", "unlink", "unlinkat", "openat", "write", "pwrite64", "ftruncate", "fsync",
    "fdatasync", "fchmod", "fchown", "chmod", "chown", "link", "symlink", "sendfile",
)  # fmt: skip
_CALL = re.compile(r"^(?:(\d+) +)?(\w+)\((.*)")
_IN_TRIAL = re.compile(rf"/{re.escape(TEMPORARY_PREFIX)}[^/\">]+/")
_WRITING = re.compile(r"O_CREAT|O_TRUNC|O_WRONLY|O_RDWR")

#: A changing system call: process, name, arguments.
Call: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True)
class Point:
    """The `number`-th call of a name: of the command or, on the path `within`, of a program it runs."""

    call: str
    number: int
    within: Path | None = None

    @property
    def fault(self) -> str:
        return f"{self.call}:signal=SIGKILL:when={self.number}"


def tracing(log: Path) -> tuple[str, ...]:
    """The options of `strace` by which it writes every changing call into a file."""
    return ("-y", "-s", "0", "-o", str(log), "-e", f"trace={','.join(MUTATING)}")


def calls_in(log: str) -> list[Call]:
    """The calls in such a file's text."""
    found = [_CALL.match(line) for line in log.splitlines()]
    return [(call[1] or "", call[2], call[3]) for call in found if call]


def own_points(calls: list[Call], call: str, *roots: Path) -> list[Point]:
    """The calls of this name by which the traced command itself changes something, every `EVERY`-th.

    A folder for a trial goes as a whole, whatever is in it: of the calls inside, the first stands for all.
    """
    lines = [line for _, name, line in calls if name == call]
    found: list[Point] = []
    inside: set[str] = set()
    for number, line in enumerate(lines, start=1):
        trial = _IN_TRIAL.search(line)
        if _changes(call, line, roots) and not (trial and trial[0] in inside):
            found.append(Point(call, number))
            inside |= {trial[0]} if trial else set()
    return found[::EVERY]


def program_points(host: LocalRoot, calls: list[Call]) -> list[Point]:
    """The calls by which the programs it runs change something under the root, each counted by its path."""
    seen: Counter[tuple[str, str]] = Counter()
    for process, name, line in calls:
        if process != calls[0][0] and (found := re.search(rf"{re.escape(str(host.path))}/[^\">]+", line)):
            seen[name, found[0]] += 1
    return [
        Point(name, number, Path(path))
        for (name, path), count in seen.items()
        for number in range(1, count + 1)
        if name != "openat"
    ][::EVERY]


def traced(host: LocalRoot, words: tuple[str, ...], *more: str) -> list[Call]:
    """Run a command to its end; return its changing calls."""
    log = host.path / "trace.txt"
    ended = host.traced(*more, *tracing(log), words=words)
    assert ended.returncode == 0, ended.stderr
    calls = calls_in(log.read_text("utf-8", "replace"))
    log.unlink()
    return calls


def kill(host: LocalRoot, point: Point, words: tuple[str, ...]) -> bool:
    """Run a command, to be killed at a point; False when it had a call fewer this time and ended well."""
    ended = host.injected(point.fault, *words)
    assert was_killed(ended) or ended.returncode == 0, (point, ended.stderr)
    return was_killed(ended)


def require_most(killed: list[bool]) -> None:
    """A sweep that kills little shows little: at most a quarter of the calls, or one, may be missing."""
    assert killed.count(False) <= max(1, len(killed) // 4), killed


def _changes(call: str, line: str, roots: tuple[Path, ...]) -> bool:
    """Say whether a traced call is about one of the roots, and more than a look."""
    return any(str(root) in line for root in roots) and (call != "openat" or bool(_WRITING.search(line)))
