"""Does steps one after another; when one fails, takes back those before it, last one first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from provisioner.apply import certificate_actions, file_actions, nginx_actions, system_actions, unit_actions
from provisioner.apply.journal import Journal
from provisioner.apply.tools import Tools, Undo
from provisioner.errors import ProvisionError, StepFailed, UndoFailed
from provisioner.steps import (
    ArchiveTree,
    ChangeNginx,
    ChangeUnits,
    CreateGroup,
    CreateUser,
    EndRemaining,
    MakeDirectory,
    MoveTree,
    OnReturn,
    OrderCertificate,
    Probe,
    RemoveFile,
    RemoveTree,
    RemoveUser,
    RestartProgram,
    Run,
    SignalProgram,
    StartProgram,
    Step,
    StopProgram,
    UnpackBackup,
    WriteBackup,
    WriteFile,
    files_written,
)


def _on_return(step: OnReturn, tools: Tools) -> Undo:
    def do() -> None:
        for one in step.steps:
            ACTIONS[type(one)](one, tools)

    return do


ACTIONS: Final[Mapping[type, Callable[[Any, Tools], Undo | None]]] = {
    MakeDirectory: file_actions.make_directory,
    WriteFile: file_actions.write_file,
    RemoveFile: file_actions.remove_file,
    RemoveTree: file_actions.remove_tree,
    ArchiveTree: file_actions.archive_tree,
    WriteBackup: file_actions.write_backup,
    UnpackBackup: file_actions.unpack_backup,
    MoveTree: file_actions.move_tree,
    CreateGroup: system_actions.create_group,
    CreateUser: system_actions.create_user,
    RemoveUser: system_actions.remove_user,
    Run: system_actions.run,
    StartProgram: system_actions.start_program,
    RestartProgram: system_actions.restart_program,
    StopProgram: system_actions.stop_program,
    SignalProgram: system_actions.signal_program,
    EndRemaining: system_actions.end_remaining,
    ChangeNginx: nginx_actions.change_nginx,
    ChangeUnits: unit_actions.change_units,
    OrderCertificate: certificate_actions.order_certificate,
    Probe: system_actions.probe,
    OnReturn: _on_return,
}


class Observer(Protocol):
    """Is told about every step, to show progress."""

    def begins(self, number: int, count: int, step: Step) -> None: ...

    def ends(self, number: int, count: int, step: Step) -> None: ...

    def undoes(self, step: Step) -> None: ...


class Executor:
    """Executes the steps of one transaction under one journal."""

    def __init__(self, tools: Tools, journal: Journal, observer: Observer) -> None:
        self._tools = tools
        self._journal = journal
        self._observer = observer
        self._undos: list[tuple[Step, Undo]] = []

    def execute(self, steps: Sequence[Step]) -> None:
        """Do all steps, or none.

        Raises StepFailed when one failed and those before it (also of earlier calls) were taken back;
        UndoFailed when taking back failed as well. Being interrupted counts as failing.
        """
        for number, step in enumerate(steps, start=1):
            try:
                self._do(number, len(steps), step, shared=False)
            except (ProvisionError, OSError, LookupError) as error:
                raise self._taken_back(step, error) from error

    def advance(self, steps: Sequence[Step]) -> None:
        """Do steps that are right whatever becomes of the rest: none of them is taken back.

        Raises StepFailed when one failed; those before it stay, and the next command goes on from there.
        """
        for number, step in enumerate(steps, start=1):
            try:
                self._do(number, len(steps), step, shared=True)
            except (ProvisionError, OSError, LookupError) as error:
                message, mend = _told(error)
                raise StepFailed(_named(step), message, mend, kept=True) from error
            finally:
                self.settle()

    def _do(self, number: int, count: int, step: Step, *, shared: bool) -> None:
        self._tools.interruption.check()
        self._observer.begins(number, count, step)
        writes = {str(file.path): file.digest for file in files_written(step)}
        self._journal.intend(number, step.describe(), shared=shared, writes=writes)
        undo = ACTIONS[type(step)](step, self._tools)
        if undo:
            self._undos.append((step, undo))
        self._journal.done(number)
        self._observer.ends(number, count, step)

    def _taken_back(self, failed: Step, cause: Exception) -> ProvisionError:
        left = self.undo()
        message, mend = _told(cause)
        if left:
            return UndoFailed(_named(failed), message, left, mend)
        return StepFailed(_named(failed), message, mend)

    def settle(self) -> None:
        """Let what was done so far stay, whatever fails later."""
        self._undos.clear()

    def undo(self) -> list[str]:
        """Take back all that was done, last first; return what could not be taken back, in words."""
        left: list[str] = []
        while self._undos:
            step, undo = self._undos.pop()
            self._observer.undoes(step)
            try:
                undo()
            except (ProvisionError, OSError, LookupError) as error:
                left.append(f"{step.describe()} ({_told(error)[0]})")
        return left


def _named(step: Step) -> str:
    return step.purpose if isinstance(step, Run) else step.describe()


def _told(error: Exception) -> tuple[str, str]:
    if isinstance(error, ProvisionError):
        return error.message, error.mend
    return f"{error}.", ""
