"""`new` killed at every system call by which it, or a program it runs, changes anything under the root.

A whole sweep takes about an hour; `FAULTS_EVERY=10` takes every tenth point.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.provisioner.local_root import LocalRoot
from tests.provisioner.recovery import check_recovery, new_words, was_killed

pytestmark = [pytest.mark.faults, pytest.mark.timeout(6 * 3600)]

EVERY = int(os.environ.get("FAULTS_EVERY", "1"))
ID = "victor"
MUTATING = (
    "mkdir", "rmdir", "rename", "unlink", "openat", "write", "pwrite64", "ftruncate", "fsync", "fdatasync",
    "fchmod", "fchown", "chmod", "chown", "link", "symlink", "sendfile",
)  # fmt: skip
_CALL = re.compile(r"^(?:(\d+) +)?(\w+)\((.*)")
_WRITING = re.compile(r"O_CREAT|O_TRUNC|O_WRONLY|O_RDWR")


@dataclass(frozen=True)
class Point:
    """The `number`-th call of a name: of the command or, on the path `within`, of a program it runs."""

    call: str
    number: int
    within: Path | None = None

    @property
    def fault(self) -> str:
        return f"{self.call}:signal=SIGKILL:when={self.number}"


@pytest.fixture(scope="module")
def neighbour(host: LocalRoot) -> LocalRoot:
    created = host.new("tango")
    assert created.code == 0, created.said
    return host


@pytest.mark.parametrize("call", MUTATING)
def test_the_command_killed_at_any_change_is_absent_or_taken_up_again(
    neighbour: LocalRoot, call: str
) -> None:
    for point in own_points(neighbour, call)[::EVERY]:
        killed = neighbour.injected(point.fault, *new_words(ID))
        assert was_killed(killed) or killed.returncode == 0, (point, killed.stderr)
        check(neighbour, point)


def test_a_program_it_runs_killed_at_any_change_undoes_the_command(neighbour: LocalRoot) -> None:
    undone = 0
    for point in program_points(neighbour)[::EVERY]:
        ended = neighbour.injected(point.fault, *new_words(ID), within=point.within, programs=True)
        if ended.returncode == 1:
            undone += 1
            assert "was undone" in ended.stderr, (point, ended.stderr)
            assert ID not in neighbour.rows(), point
            assert not list(neighbour.path.rglob(f"*{ID}*")), point
        else:  # a path the command itself changes as well, or a call fewer this time
            assert was_killed(ended) or ended.returncode == 0, (point, ended.stderr)
        check(neighbour, point)
    assert undone


def check(host: LocalRoot, point: Point) -> None:
    """A command whose calls were fewer this time ran through; it makes room for the next."""
    if host.rows().get(ID, {}).get("state") == "running":
        assert host.provision("purge", ID, "--yes").code == 0
        return
    try:
        check_recovery(host, ID)
    except AssertionError as error:
        raise AssertionError(f"killed at {point}") from error


def own_points(host: LocalRoot, call: str) -> list[Point]:
    """The calls of this name by which the command itself changes something under the root."""
    lines = [line for _, name, line in traced(host) if name == call]
    return [Point(call, number) for number, line in enumerate(lines, start=1) if changes(host, call, line)]


def program_points(host: LocalRoot) -> list[Point]:
    """The calls by which the programs it runs change something under the root, each counted by its path."""
    calls = traced(host, "-f")
    seen: Counter[tuple[str, str]] = Counter()
    for process, name, line in calls:
        if process != calls[0][0] and (found := re.search(rf"{re.escape(str(host.path))}/[^\">]+", line)):
            seen[name, found[0]] += 1
    return [
        Point(name, number, Path(path))
        for (name, path), count in seen.items()
        for number in range(1, count + 1)
        if name != "openat"
    ]


def traced(host: LocalRoot, *more: str) -> list[tuple[str, str, str]]:
    """Run `new` to its end and undo it; return its changing calls: process, name, arguments."""
    log = host.path / "trace.txt"
    trace = ["strace", "-qq", "-y", "-s", "0", *more, "-o", str(log), "-e", f"trace={','.join(MUTATING)}"]
    subprocess.run(
        [*trace, *host.command(*new_words(ID))], env=host.environment(), check=True, capture_output=True
    )
    assert host.provision("purge", ID, "--yes").code == 0
    found = [_CALL.match(line) for line in log.read_text("utf-8", "replace").splitlines()]
    log.unlink()
    return [(call[1] or "", call[2], call[3]) for call in found if call]


def changes(host: LocalRoot, call: str, line: str) -> bool:
    """Say whether a traced call is about the root, and more than a look."""
    return str(host.path) in line and (call != "openat" or bool(_WRITING.search(line)))
