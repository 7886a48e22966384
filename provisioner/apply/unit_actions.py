"""systemd's unit files: verified on a copy, then changed together and read in, or none of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from provisioner import filesystem
from provisioner.apply.file_actions import remove_file, write_file
from provisioner.apply.tools import Tools, Undo
from provisioner.commands import systemctl
from provisioner.errors import CommandFailed, ProvisionError
from provisioner.steps import ChangeUnits, RemoveFile, WriteFile

_CHANGE: Final[Mapping[type, Callable[[Any, Tools], Undo | None]]] = {
    WriteFile: write_file,
    RemoveFile: remove_file,
}


class UnitsRefused(ProvisionError):
    """systemd would not accept a unit as it would be; the live units were not touched."""

    code = "units-refused"


def change_units(step: ChangeUnits, tools: Tools) -> Undo | None:
    """Verify, change and read in; on failure, and when undone, systemd knows the old units again."""
    if step.verified:
        _try_on_copy(step, tools)
    undos: list[Undo] = []
    try:
        for change in step.changes:
            _have_folder(change)
            undo = _CHANGE[type(change)](change, tools)
            if undo:
                undos.append(undo)
        # Even when every file is as wanted: a command killed before this line has left them unread.
        tools.runner.run(systemctl.daemon_reload())
    except BaseException:
        _put_back(undos, tools)
        raise
    return partial(_put_back, undos, tools)


def _put_back(undos: Sequence[Undo], tools: Tools) -> None:
    for undo in reversed(undos):
        undo()
    tools.runner.run(systemctl.daemon_reload())


def _have_folder(change: WriteFile | RemoveFile) -> None:
    """A drop-in stands in a folder of its unit's name; an empty one means nothing to systemd."""
    if isinstance(change, WriteFile):
        filesystem.make_directory(change.file.path.parent, 0o755)


def _try_on_copy(step: ChangeUnits, tools: Tools) -> None:
    """Verify the units as they will be; `systemd-analyze` says on its output what it would ignore."""
    with filesystem.temporary_folder(tools.scratch) as copy:
        for name in step.templates:
            shutil.copy(step.directory / name, copy)
        for change in step.changes:
            _change_copy(change, step.directory, copy)
        try:
            finished = tools.runner.run(systemctl.verify(copy, step.verified))
        except CommandFailed as error:
            raise _refused(error.output.replace(str(copy), str(step.directory))) from error
    said = [line for line in finished.said.splitlines() if any(unit in line for unit in step.verified)]
    if said:
        raise _refused("\n".join(said).replace(str(copy), str(step.directory)))


def _change_copy(change: WriteFile | RemoveFile, directory: Path, copy: Path) -> None:
    if isinstance(change, WriteFile):
        target = copy / change.file.path.relative_to(directory)
        target.parent.mkdir(exist_ok=True)
        target.write_text(change.file.text, "utf-8")


def _refused(said: str) -> UnitsRefused:
    return UnitsRefused(
        f"systemd refuses the new units: {said} Nothing was changed.",
        "This is a defect of the template unless you changed it; please report it.",
    )
