"""Commands killed at every system call by which they change anything under the root.

For `new` also at every one of the programs it runs. A whole sweep takes hours; `FAULTS_EVERY=10` takes every
tenth point.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.provisioner.local_root import LocalRoot
from tests.provisioner.recovery import (
    NEIGHBOUR,
    changes_of,
    check_recovery,
    have_neighbour,
    new_words,
    was_killed,
)

pytestmark = [pytest.mark.faults, pytest.mark.timeout(6 * 3600)]

EVERY = int(os.environ.get("FAULTS_EVERY", "1"))
ID = "victor"
CHANGED = "indigo"
MUTATING = (
    "mkdir", "rmdir", "rename", "unlink", "openat", "write", "pwrite64", "ftruncate", "fsync", "fdatasync",
    "fchmod", "fchown", "chmod", "chown", "link", "symlink", "sendfile",
)  # fmt: skip
_CALL = re.compile(r"^(?:(\d+) +)?(\w+)\((.*)")
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


@pytest.fixture(scope="module")
def neighbour(host: LocalRoot) -> LocalRoot:
    have_neighbour(host)
    return host


@pytest.fixture(scope="module")
def changed(host: LocalRoot) -> Iterator[LocalRoot]:
    for tenant_id in (NEIGHBOUR, CHANGED):
        created = host.new(tenant_id)
        assert created.code == 0, created.said
    yield host
    for tenant_id in (NEIGHBOUR, CHANGED):
        assert host.provision("purge", tenant_id, "--yes").code == 0


@pytest.mark.parametrize("call", MUTATING)
def test_the_command_killed_at_any_change_is_absent_or_taken_up_again(
    neighbour: LocalRoot, call: str
) -> None:
    for point in own_points(neighbour, traced_new(neighbour), call)[::EVERY]:
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
            found = {path.parent for path in neighbour.path.rglob(f"*{ID}*")}
            assert found <= {neighbour.path / "erasures"}, point
        else:  # a path the command itself changes as well, or a call fewer this time
            assert was_killed(ended) or ended.returncode == 0, (point, ended.stderr)
        check(neighbour, point)
    assert undone


@pytest.mark.parametrize("call", MUTATING)
@pytest.mark.parametrize("name", changes_of(CHANGED))
def test_a_change_killed_at_any_change_is_brought_there_by_the_same_command(
    changed: LocalRoot, name: str, call: str
) -> None:
    change = changes_of(CHANGED)[name]
    change.get_ready(changed)
    points = own_points(changed, traced(changed, change.words), call)
    for point in points[::EVERY]:
        change.get_ready(changed)
        killed = changed.injected(point.fault, *change.words)
        assert was_killed(killed) or killed.returncode == 0, (point, killed.stderr)
        change.check_recovery(changed)


def check(host: LocalRoot, point: Point) -> None:
    """A command whose calls were fewer this time ran through; it makes room for the next."""
    if host.rows().get(ID, {}).get("state") == "running":
        assert host.provision("purge", ID, "--yes").code == 0
        return
    try:
        check_recovery(host, ID)
    except AssertionError as error:
        raise AssertionError(f"killed at {point}") from error


def own_points(host: LocalRoot, calls: list[Call], call: str) -> list[Point]:
    """The calls of this name by which the traced command itself changes something under the root."""
    lines = [line for _, name, line in calls if name == call]
    return [Point(call, number) for number, line in enumerate(lines, start=1) if changes(host, call, line)]


def program_points(host: LocalRoot) -> list[Point]:
    """The calls by which the programs it runs change something under the root, each counted by its path."""
    calls = traced_new(host, "-f")
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


def traced_new(host: LocalRoot, *more: str) -> list[Call]:
    """Run `new` to its end and undo it; return its changing calls."""
    calls = traced(host, new_words(ID), *more)
    assert host.provision("purge", ID, "--yes").code == 0
    return calls


def traced(host: LocalRoot, words: tuple[str, ...], *more: str) -> list[Call]:
    """Run a command to its end; return its changing calls."""
    log = host.path / "trace.txt"
    trace = ["strace", "-qq", "-y", "-s", "0", *more, "-o", str(log), "-e", f"trace={','.join(MUTATING)}"]
    subprocess.run([*trace, *host.command(*words)], env=host.environment(), check=True, capture_output=True)
    found = [_CALL.match(line) for line in log.read_text("utf-8", "replace").splitlines()]
    log.unlink()
    return [(call[1] or "", call[2], call[3]) for call in found if call]


def changes(host: LocalRoot, call: str, line: str) -> bool:
    """Say whether a traced call is about the root, and more than a look."""
    return str(host.path) in line and (call != "openat" or bool(_WRITING.search(line)))
