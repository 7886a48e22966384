"""One command at a time; the others are told who is at work and since when."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from provisioner.apply import lock
from provisioner.errors import LockHeld
from tests.provisioner.clock import FixedClock


def quiet(_message: str) -> None:
    """Say nothing."""


def test_a_free_lock_is_taken_at_once_and_freed(tmp_path: Path) -> None:
    for _ in range(2):
        with lock.held(tmp_path / "lock", "new dupont", FixedClock(), wait=0, waiting=pytest.fail):
            assert (tmp_path / "lock").read_text()
    assert (tmp_path / "lock").read_text() == ""


def test_a_held_lock_says_who_holds_it_and_since_when(tmp_path: Path) -> None:
    said: list[str] = []
    with (
        lock.held(tmp_path / "lock", "new dupont", FixedClock(), wait=0, waiting=quiet),
        pytest.raises(LockHeld) as caught,
        lock.held(tmp_path / "lock", "list", FixedClock(), wait=0.1, waiting=said.append),
    ):
        pytest.fail("two commands at work")
    assert "`provision new dupont`" in caught.value.message
    assert "since 2026-01-31T09:05:07Z" in caught.value.message
    assert caught.value.exit_code == 2
    assert "Waiting for `provision new dupont`" in said[0]
    assert len(said) == 1


def test_who_waits_goes_on_when_the_other_ends(tmp_path: Path) -> None:
    free = threading.Event()
    inside = threading.Event()

    def hold() -> None:
        with lock.held(tmp_path / "lock", "new dupont", FixedClock(), wait=0, waiting=quiet):
            inside.set()
            free.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(10)
    with lock.held(tmp_path / "lock", "new martin", FixedClock(), wait=10, waiting=lambda _: free.set()):
        assert "new martin" in (tmp_path / "lock").read_text()
    holder.join()


def test_a_failing_command_frees_the_lock(tmp_path: Path) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        lock.held(tmp_path / "lock", "new dupont", FixedClock(), wait=0, waiting=quiet),
    ):
        raise ZeroDivisionError
    with lock.held(tmp_path / "lock", "new dupont", FixedClock(), wait=0, waiting=pytest.fail):
        pass


def test_an_unreadable_signature_still_makes_a_sentence(tmp_path: Path) -> None:
    with lock.held(tmp_path / "lock", "new dupont", FixedClock(), wait=0, waiting=quiet):
        (tmp_path / "lock").write_text("{")
        with (
            pytest.raises(LockHeld, match="another command is at work"),
            lock.held(tmp_path / "lock", "x", FixedClock(), wait=0, waiting=quiet),
        ):
            pytest.fail("two commands at work")
