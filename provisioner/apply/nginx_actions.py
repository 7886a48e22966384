"""nginx's configuration: tried on a copy as a whole, then changed, then reloaded, or none of it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from provisioner import filesystem
from provisioner.apply.file_actions import remove_file, write_file
from provisioner.apply.system_actions import run, signal_program
from provisioner.apply.tools import Tools, Undo
from provisioner.commands import nginx
from provisioner.errors import CommandFailed, ProvisionError
from provisioner.steps import ChangeNginx, RemoveFile, Run, SignalProgram, WriteFile

_CHANGE: Final[Mapping[type, Callable[[Any, Tools], Undo | None]]] = {
    WriteFile: write_file,
    RemoveFile: remove_file,
}
_RELOAD: Final[Mapping[type, Callable[[Any, Tools], Undo | None]]] = {
    Run: run,
    SignalProgram: signal_program,
}
_BLAMED: Final = re.compile(r"in (/\S+):\d+$", re.MULTILINE)


_PID: Final = re.compile(r"^\s*pid\s+[^;]+;", re.MULTILINE)
_TEMPORARY: Final = re.compile(r"^(\s*\w+_temp_path\s+)(?:\"[^\"]*\"|[^\s;]+)", re.MULTILINE)


class NginxRefuses(ProvisionError):
    """nginx does not accept the configuration as it would be; the live one was not touched."""

    code = "nginx-refuses"


def change_nginx(step: ChangeNginx, tools: Tools) -> Undo | None:
    """Try, change and reload; on failure, and when undone, the old files serve again."""
    _try_on_copy(step, tools)
    undos: list[Undo] = []
    try:
        for change in step.changes:
            undo = _CHANGE[type(change)](change, tools)
            if undo:
                undos.append(undo)
        # Also when every file is as wanted: a command killed before its reload may have left them so.
        _RELOAD[type(step.reload)](step.reload, tools)
    except BaseException:
        _put_back(undos, step, tools)
        raise
    return partial(_put_back, undos, step, tools)


def _put_back(undos: Sequence[Undo], step: ChangeNginx, tools: Tools) -> None:
    for undo in reversed(undos):
        undo()
    if undos:
        _RELOAD[type(step.reload)](step.reload, tools)


def _try_on_copy(step: ChangeNginx, tools: Tools) -> None:
    with filesystem.temporary_folder(tools.scratch) as folder:
        copy = folder / "nginx"
        shutil.copytree(step.directory, copy, symlinks=False, ignore_dangling_symlinks=True)
        for change in step.changes:
            _change_copy(change, step.directory, copy)
        _detach(copy, step.directory)
        try:
            tools.runner.run(nginx.verify(copy / "nginx.conf", step.binary))
        except CommandFailed as error:
            raise _explain(error, copy, step) from error


def _change_copy(change: WriteFile | RemoveFile, directory: Path, copy: Path) -> None:
    if isinstance(change, RemoveFile):
        filesystem.remove_file(copy / change.path.relative_to(directory))
        return
    target = copy / change.file.path.relative_to(directory)
    filesystem.write_file(filesystem.RenderedFile(target, change.file.text, 0o600))


def _detach(copy: Path, directory: Path) -> None:
    """Let includes by absolute path name the copy, and the trial's own files lie in it.

    `nginx -t` makes a missing pid file and takes over the folders for temporary files: done by root, the
    real nginx could write neither later.
    """
    live = re.compile(rf"(^\s*include\s+[\"']?){re.escape(str(directory))}/", re.MULTILINE)
    for path in copy.rglob("*"):
        if path.is_file():
            text = path.read_text("utf-8", "surrogateescape")
            path.write_text(live.sub(rf"\g<1>{copy}/", text), "utf-8", "surrogateescape")
    main = copy / "nginx.conf"
    text = _PID.sub(f"pid {copy}/nginx.pid;", main.read_text("utf-8", "surrogateescape"))
    main.write_text(_TEMPORARY.sub(rf"\g<1>{copy}/temporary", text), "utf-8", "surrogateescape")


def _explain(error: CommandFailed, copy: Path, step: ChangeNginx) -> NginxRefuses:
    """Say which file nginx refuses, by its live name, and whether it is one of ours to write."""
    said = error.output.replace(str(copy), str(step.directory)) or error.reason
    blamed = _BLAMED.findall(said)
    ours = {change.file.path for change in step.changes if isinstance(change, WriteFile)}
    if blamed and Path(blamed[-1]) not in ours:
        return NginxRefuses(
            f"nginx refuses {blamed[-1]}, which is not written by this command: {said} "
            "Nothing was changed and nginx was not reloaded.",
            f"Correct or move {blamed[-1]}, then run the command again.",
        )
    return NginxRefuses(
        f"nginx refuses the new configuration: {said} Nothing was changed and nginx was not reloaded.",
        "This is a defect of the template unless you changed it; please report it.",
    )
