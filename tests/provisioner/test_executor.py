"""Steps are done in order; when one fails, those before it are taken back, last one first."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.apply.executor import Executor
from provisioner.apply.interruption import Interruption
from provisioner.apply.journal import Journal
from provisioner.apply.tools import Tools
from provisioner.commands.command import Command
from provisioner.errors import StepFailed, UndoFailed
from provisioner.filesystem import RenderedFile
from provisioner.runner import SystemRunner
from provisioner.steps import (
    ArchiveTree,
    MakeDirectory,
    RemoveFile,
    RemoveTree,
    Run,
    SignalProgram,
    StartProgram,
    StopProgram,
    WriteFile,
)
from tests.provisioner.clock import FixedClock
from tests.provisioner.observer import Watching
from tests.provisioner.programs import RememberedPrograms

FAILS = Run("stumble", Command(("sh", "-c", "echo a stone >&2; exit 1")))


class Bench:
    """An executor with everything it works with in sight."""

    def __init__(self, folder: Path, interruption: Interruption) -> None:
        self.programs = RememberedPrograms("nginx")
        self.observer = Watching()
        self.journal = Journal.begin(folder, "test", "", FixedClock())
        tools = Tools(SystemRunner(), self.programs, interruption, folder)
        self.executor = Executor(tools, self.journal, self.observer)


@pytest.fixture
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with Interruption() as interruption:
        bench = Bench(tmp_path_factory.mktemp("journal"), interruption)
        yield bench
        bench.journal.end()


def write(path: Path, text: str = "new") -> WriteFile:
    return WriteFile(RenderedFile(path, text))


def test_steps_are_done_in_order_and_told(bench: Bench, tmp_path: Path) -> None:
    steps = (MakeDirectory(tmp_path / "d", 0o700), write(tmp_path / "d" / "f"), StartProgram("tenant"))
    bench.executor.execute(steps)
    assert (tmp_path / "d" / "f").read_text() == "new"
    assert bench.programs.running == {"nginx", "tenant"}
    assert bench.observer.begun == bench.observer.ended == list(steps)


def test_every_step_is_in_the_journal_before_it_is_done(bench: Bench, tmp_path: Path) -> None:
    bench.executor.execute((write(tmp_path / "f"),))
    lines = [json.loads(line) for line in bench.journal.path.read_text().splitlines()]
    digest = write(tmp_path / "f").file.digest
    assert lines[1] == {
        "intend": 1,
        "step": f"write {tmp_path}/f (0644)",
        "shared": False,
        "writes": {f"{tmp_path}/f": digest},
    }
    assert lines[2] == {"done": 1}


def test_a_failure_takes_everything_back_last_first(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "old").write_text("before")
    (tmp_path / "gone").write_text("precious")
    steps = (
        MakeDirectory(tmp_path / "d", 0o700),
        write(tmp_path / "d" / "f"),
        write(tmp_path / "old"),
        RemoveFile(tmp_path / "gone"),
        ArchiveTree(tmp_path / "d", tmp_path / "d.tar.gz"),
        StartProgram("tenant"),
        StopProgram("nginx"),
        Run("open a door", Command(("true",)), undo=Command(("touch", str(tmp_path / "door-closed")))),
        FAILS,
    )
    with pytest.raises(StepFailed) as caught:
        bench.executor.execute(steps)
    assert "Could not stumble" in caught.value.message
    assert "a stone" in caught.value.message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["door-closed", "gone", "old"]
    assert (tmp_path / "old").read_text() == "before"
    assert (tmp_path / "gone").read_text() == "precious"
    assert bench.programs.running == {"nginx"}
    assert bench.observer.undone == list(reversed(steps[:-1]))


def test_what_changed_nothing_is_not_taken_back(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("same")
    (tmp_path / "f").chmod(0o644)
    steps = (
        MakeDirectory(tmp_path, 0o700),
        write(tmp_path / "f", "same"),
        RemoveFile(tmp_path / "none"),
        RemoveTree(tmp_path / "none"),
        StartProgram("nginx"),
        StopProgram("unknown"),
        SignalProgram("nginx", "HUP"),
        FAILS,
    )
    with pytest.raises(StepFailed):
        bench.executor.execute(steps)
    assert bench.observer.undone == []
    assert (tmp_path / "f").exists()


def test_what_was_settled_stays(bench: Bench, tmp_path: Path) -> None:
    bench.executor.execute((write(tmp_path / "kept"),))
    bench.executor.settle()
    with pytest.raises(StepFailed):
        bench.executor.execute((write(tmp_path / "f"), FAILS))
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_earlier_unsettled_steps_are_taken_back_too(bench: Bench, tmp_path: Path) -> None:
    bench.executor.execute((write(tmp_path / "f"),))
    with pytest.raises(StepFailed):
        bench.executor.execute((FAILS,))
    assert not list(tmp_path.iterdir())


def test_shared_parts_are_kept_when_a_later_one_fails(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="What was done before it is kept"):
        bench.executor.advance((write(tmp_path / "f"), FAILS))
    assert (tmp_path / "f").exists()
    assert bench.executor.undo() == []


def test_what_cannot_be_taken_back_is_named(bench: Bench, tmp_path: Path) -> None:
    open_door = Run("open a door", Command(("true",)), undo=Command(("sh", "-c", "echo stuck; exit 1")))
    with pytest.raises(UndoFailed) as caught:
        bench.executor.execute((write(tmp_path / "f"), open_door, FAILS))
    assert "open a door" in caught.value.left[0]
    assert "stuck" in caught.value.message
    assert not (tmp_path / "f").exists()


def test_a_signal_is_heard_between_steps_and_everything_is_taken_back(bench: Bench, tmp_path: Path) -> None:
    hang_up = Run("hang up", Command(("kill", "-HUP", str(os.getpid()))))
    with pytest.raises(StepFailed, match="SIGHUP came"):
        bench.executor.execute((write(tmp_path / "f"), hang_up, write(tmp_path / "never")))
    assert not list(tmp_path.iterdir())


def test_signals_mean_what_they_meant_before_once_the_work_is_over() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interruption():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_an_unknown_owner_fails_like_any_step(bench: Bench, tmp_path: Path) -> None:
    step = WriteFile(RenderedFile(tmp_path / "f", "x", owner="nobody-of-that-name"))
    with pytest.raises(StepFailed, match="nobody-of-that-name"):
        bench.executor.execute((step,))
