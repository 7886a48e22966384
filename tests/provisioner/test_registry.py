"""The registry books ids, ports and domains once, and forgets no event."""

from __future__ import annotations

import grp
import os
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from provisioner.errors import (
    InvalidConfiguration,
    InvalidRequest,
    PortUnavailable,
    UnknownTenant,
    WrongState,
)
from provisioner.registry.database import Database, RegistryFailed, share
from provisioner.registry.models import State
from provisioner.registry.registry import Registry
from tests.provisioner.clock import FixedClock
from tests.provisioner.samples import request, spec


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "registry.sqlite3"


@pytest.fixture
def registry(file: Path) -> Registry:
    return Registry(Database.open(file), FixedClock())


def test_a_booked_client_is_creating_and_holds_its_port(registry: Registry) -> None:
    registry.book(request(), spec())
    entry = registry.get("dupont")
    assert (entry.state, entry.port, entry.plan, entry.price_cents) == (
        State.CREATING,
        5001,
        "professional",
        29900,
    )
    assert entry.request == request()
    assert entry.limits["users"] == 10
    assert entry.created_at == datetime(2026, 1, 31, 9, 5, 7, tzinfo=UTC)
    assert registry.booked_ports() == {5001: "dupont"}


def test_an_id_is_given_once(registry: Registry) -> None:
    registry.book(request(), spec())
    with pytest.raises(WrongState, match="There already is a client 'dupont'"):
        registry.book(request(), spec(port=5002))


def test_a_port_is_given_once(registry: Registry) -> None:
    registry.book(request(), spec())
    with pytest.raises(PortUnavailable, match="Port 5001 is booked by 'dupont'"):
        registry.book(request("martin"), spec("martin"))
    assert registry.find("martin") is None


def test_a_domain_is_given_once_and_free_again_when_given_up(registry: Registry) -> None:
    registry.book(request(domains=("ia.dupont.fr",)), spec(domains=("ia.dupont.fr",)))
    with pytest.raises(InvalidRequest, match="belongs to another client"):
        registry.book(
            request("martin", domains=("ia.dupont.fr",)), spec("martin", 5002, domains=("ia.dupont.fr",))
        )
    assert registry.find("martin") is None
    registry.change(request(), spec())
    registry.book(
        request("martin", domains=("ia.dupont.fr",)), spec("martin", 5002, domains=("ia.dupont.fr",))
    )


def test_archiving_keeps_the_id_and_frees_the_port(registry: Registry) -> None:
    registry.book(request(), spec())
    registry.record_written("dupont", {Path("/a"): "1"})
    registry.archive("dupont", Path("/archive/dupont.tar.gz"))
    entry = registry.get("dupont")
    assert (entry.state, entry.port, entry.archive) == (
        State.ARCHIVED, None, Path("/archive/dupont.tar.gz"),
    )  # fmt: skip
    assert registry.booked_ports() == {}
    assert registry.written("dupont") == {}


def test_a_forgotten_client_leaves_its_events(registry: Registry) -> None:
    registry.book(request(), spec())
    registry.record_written("dupont", {Path("/a"): "1"})
    registry.add_event("dupont", "new dupont", "root", "done")
    registry.forget("dupont")
    assert registry.all() == []
    assert registry.booked_ports() == {}
    assert [event.command for event in registry.events("dupont", 10)] == ["new dupont"]


def test_events_can_neither_be_changed_nor_removed(registry: Registry, file: Path) -> None:
    registry.add_event("dupont", "new dupont", "root", "done")
    with sqlite3.connect(file) as connection:
        for statement in ("DELETE FROM events", "UPDATE events SET outcome = 'x'"):
            with pytest.raises(sqlite3.IntegrityError, match="events stay"):
                connection.execute(statement)
    connection.close()


def test_the_last_events_come_oldest_first(registry: Registry) -> None:
    for number in range(5):
        registry.add_event("dupont", f"command {number}", "root", "done")
    registry.add_event("martin", "other", "root", "done")
    assert [event.command for event in registry.events("dupont", 2)] == ["command 3", "command 4"]
    assert [event.command for event in registry.events(None, 1)] == ["other"]


def test_written_files_are_replaced_as_a_whole(registry: Registry) -> None:
    registry.book(request(), spec())
    registry.record_written("dupont", {Path("/a"): "1", Path("/b"): "2"})
    registry.record_written("dupont", {Path("/b"): "3"})
    assert registry.written("dupont") == {Path("/b"): "3"}


def test_a_state_is_kept(registry: Registry) -> None:
    registry.book(request(), spec())
    registry.set_state("dupont", State.RUNNING)
    assert registry.get("dupont").state == State.RUNNING


def test_unknown_clients_are_told(registry: Registry) -> None:
    with pytest.raises(UnknownTenant):
        registry.get("nobody")
    with pytest.raises(UnknownTenant):
        registry.set_state("nobody", State.RUNNING)


def test_reading_a_registry_that_was_not_begun_finds_nothing_and_makes_nothing(file: Path) -> None:
    assert Registry(Database.open_to_read(file), FixedClock()).all() == []
    assert not file.exists()


def test_a_reader_cannot_write(registry: Registry, file: Path) -> None:
    registry.book(request(), spec())
    reader = Registry(Database.open_to_read(file), FixedClock())
    assert [entry.id for entry in reader.all()] == ["dupont"]
    with pytest.raises(RegistryFailed):
        reader.add_event("", "x", "root", "done")


def test_the_file_has_no_companions_and_is_not_for_everybody(registry: Registry, file: Path) -> None:
    registry.book(request(), spec())
    assert [path.name for path in file.parent.iterdir()] == ["registry.sqlite3"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_registry_of_a_newer_program_is_left_alone(registry: Registry, file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(InvalidConfiguration, match="newer Tenantry"):
        Database.open(file)


def test_a_damaged_registry_is_told_to_who_reads_and_to_who_changes(file: Path) -> None:
    file.write_bytes(b"this is no database" * 100)
    with pytest.raises(RegistryFailed, match="is damaged"):
        Database.open(file)
    with pytest.raises(RegistryFailed, match="is damaged"):
        Registry(Database.open_to_read(file), FixedClock()).all()
    file.unlink()
    Database.open(file)
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + bytes(len(whole) - 4096))
    with pytest.raises(RegistryFailed, match="is damaged"):
        Registry(Database.open_to_read(file), FixedClock()).all()


def test_a_group_of_this_system_may_be_let_in_to_read(registry: Registry, file: Path) -> None:
    group = grp.getgrgid(os.getgid())
    share(file, group.gr_name)
    assert file.stat().st_gid == group.gr_gid
    for nobody in (None, "no-such-group"):
        share(file, nobody)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert registry.all() == []


KILLED_WHILE_COMMITTING = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE tenants SET name = 'half'")
connection.execute("CREATE TABLE filling (text)")
connection.executemany("INSERT INTO filling VALUES (?)", [("x" * 4000,)] * 50)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_change_killed_while_it_was_committed_is_taken_back_by_who_reads(
    registry: Registry, file: Path
) -> None:
    registry.book(request(), spec())
    before = registry.get("dupont")
    subprocess.run([sys.executable, "-c", KILLED_WHILE_COMMITTING, str(file)], check=False)
    assert file.with_name("registry.sqlite3-journal").stat().st_size
    reader = Registry(Database.open_to_read(file), FixedClock())
    assert reader.get("dupont") == before
    assert not file.with_name("registry.sqlite3-journal").exists()
