"""What `doctor` looks at on the host as an operator would by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provisioner.clock import SystemClock
from provisioner.registry.database import Database
from provisioner.registry.models import State
from provisioner.registry.registry import Entry, Event, Registry
from provisioner.service.host_checks import (
    Room,
    clock_set_back,
    little_room,
    old_backup,
    old_host_backup,
    stray_files,
)
from tests.provisioner.samples import request

NOW = datetime(2026, 3, 29, 3, 0, tzinfo=UTC)
GB = 1_000_000_000


def entry(state: State = State.RUNNING, *, days: float = 30) -> Entry:
    begun = NOW - timedelta(days=days)
    asked = request()
    return Entry(
        "dupont", "Dupont", "starter", 5001, "d.localhost", state, 9900, {}, asked, None, begun, begun
    )


def event(at: datetime) -> Event:
    return Event(at, "dupont", "stop dupont", "root", "done", "")


@pytest.mark.parametrize(
    ("total", "free", "found"),
    [
        (100 * GB, 50 * GB, 0),
        (100 * GB, 1 * GB, 1),
        (4000 * GB, 300 * GB, 0),
        (5 * GB, 1 * GB, 0),
        (5 * GB, 0, 1),
    ],
)
def test_a_disk_that_is_nearly_full_is_told(tmp_path: Path, total: int, free: int, found: int) -> None:
    assert len(list(little_room(tmp_path, lambda _: Room(total, total - free, free)))) == found


@pytest.mark.parametrize(("minutes", "found"), [(-60, 0), (0, 0), (0.5, 0), (60, 1)])
def test_a_clock_that_was_set_back_is_told(minutes: float, found: int) -> None:
    assert len(list(clock_set_back([event(NOW + timedelta(minutes=minutes))], NOW))) == found
    assert list(clock_set_back([], NOW)) == []


def test_a_client_without_a_recent_backup_is_told_of() -> None:
    (never,) = old_backup(entry(), None, NOW)
    assert (never.subject, never.problem) == ("dupont", "It has never been backed up.")
    (old,) = old_backup(entry(), NOW - timedelta(days=9), NOW)
    assert old.problem == "Its last backup is of 2026-03-20."
    assert list(old_backup(entry(), NOW - timedelta(days=1), NOW)) == []


@pytest.mark.parametrize("state", [State.ARCHIVED, State.CREATING])
def test_who_has_nothing_to_be_backed_up_is_not(state: State) -> None:
    assert list(old_backup(replace(entry(), state=state), None, NOW)) == []


def test_a_new_client_has_two_days() -> None:
    assert list(old_backup(entry(days=1), None, NOW)) == []


def test_a_host_with_clients_whose_own_files_are_not_kept_is_told_of() -> None:
    (never,) = old_host_backup([entry()], None, NOW)
    assert "never backed up" in never.problem
    (old,) = old_host_backup([entry()], NOW - timedelta(days=9), NOW)
    assert "last backed up on 2026-03-20" in old.problem
    assert list(old_host_backup([entry()], NOW - timedelta(days=1), NOW)) == []
    for young in ([], [entry(days=1)], [entry(State.ARCHIVED)]):
        assert list(old_host_backup(young, None, NOW)) == []


def test_a_backup_counts_wherever_it_went_once_it_was_done(tmp_path: Path) -> None:
    registry = Registry(Database.open(tmp_path / "registry.sqlite3"), SystemClock())
    registry.add_event("dupont", "backup dupont", "root", "failed")
    assert registry.last_done("dupont", "backup dupont") is None
    registry.add_event("dupont", "backup dupont", "root", "done")
    registry.add_event("dupont", "stop dupont", "root", "done")
    taken = registry.last_done("dupont", "backup dupont")
    assert taken is not None
    assert datetime.now(UTC) - taken < timedelta(minutes=1)


def test_what_a_killed_command_left_is_told_but_nothing_of_a_clients_data(tmp_path: Path) -> None:
    (tmp_path / "client-dupont" / "data").mkdir(parents=True)
    (tmp_path / "client-dupont" / "data" / ".tenantry-x").touch()
    assert list(stray_files(tmp_path)) == []
    (tmp_path / "passing-x").mkdir()
    (found,) = stray_files(tmp_path)
    assert found.mend == f"rm -r {tmp_path}/passing-x"
    (tmp_path / "passing-x").rmdir()
    (tmp_path / "client-dupont" / ".tenantry-env").touch()
    (found,) = stray_files(tmp_path)
    assert found.mend == f"rm {tmp_path}/client-dupont/.tenantry-env"
    (tmp_path / ".tenantry-y").touch()
    (found,) = stray_files(tmp_path)
    assert "and 1 more" in found.problem
