"""Commands killed at every system call by which they change anything under the root.

For `new` also at every one of the programs it runs.
"""

from __future__ import annotations

from collections.abc import Iterator

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
from tests.provisioner.system_calls import (
    MUTATING,
    SWEEP_SECONDS,
    Call,
    Point,
    kill,
    own_points,
    program_points,
    require_most,
    traced,
)

pytestmark = [pytest.mark.faults, pytest.mark.timeout(SWEEP_SECONDS)]

ID = "victor"
CHANGED = "indigo"


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
    killed = []
    for point in own_points(traced_new(neighbour), call, neighbour.path):
        killed.append(kill(neighbour, point, new_words(ID)))
        check(neighbour, point)
    require_most(killed)


def test_a_program_it_runs_killed_at_any_change_undoes_the_command(neighbour: LocalRoot) -> None:
    undone = 0
    for point in program_points(neighbour, traced_new(neighbour, "-f")):
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
    killed = []
    for point in own_points(traced(changed, change.words), call, changed.path):
        change.get_ready(changed)
        killed.append(kill(changed, point, change.words))
        change.check_recovery(changed)
    require_most(killed)


def check(host: LocalRoot, point: Point) -> None:
    """A command whose calls were fewer this time ran through; it makes room for the next."""
    if host.rows().get(ID, {}).get("state") == "running":
        assert host.provision("purge", ID, "--yes").code == 0
        return
    try:
        check_recovery(host, ID)
    except AssertionError as error:
        raise AssertionError(f"killed at {point}") from error


def traced_new(host: LocalRoot, *more: str) -> list[Call]:
    """Run `new` to its end and undo it; return its changing calls."""
    calls = traced(host, new_words(ID), *more)
    assert host.provision("purge", ID, "--yes").code == 0
    return calls
