"""Finds and ends the processes of one root, by the mark they carry."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from provisioner.errors import ProvisionError
from provisioner.steps import EndRemaining

MARK: Final = "TENANTRY_PROGRAM"
_GRACE: Final = 40.0
_PAUSE: Final = 0.05
_PROCESSES: Final = Path("/proc")


class ProcessesStay(ProvisionError):
    """Some processes do not end."""

    code = "processes-stay"


def end_all(step: EndRemaining) -> None:
    """Ask every process the step means to end, kill what is still there after 40 s, and wait.

    Half a minute is what a client's process needs to finish the answers it is giving. Older processes are
    asked first, so that a supervisor does not start anew what is about to end.

    Raises ProcessesStay when some cannot be ended.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in find(step):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        if _gone(step):
            return
    raise ProcessesStay(
        f"Processes {', '.join(map(str, find(step)))} of {step.marker} do not end.",
        "End them by hand, then run the command again.",
    )


def find(step: EndRemaining) -> Sequence[int]:
    """Return the processes the step means, as far as this user may see; never this one."""
    mark = f"{MARK}={step.marker}:{step.program}".encode()
    places = (place for place in _PROCESSES.iterdir() if place.name.isdigit())
    found = (int(place.name) for place in places if _is_meant(place, mark, step))
    return sorted(pid for pid in found if pid != os.getpid())


def _is_meant(place: Path, mark: bytes, step: EndRemaining) -> bool:
    try:
        if (place / "comm").read_text() == "nginx\n":
            return step.program in ("", "nginx") and (place / "cwd").readlink() == step.nginx_directory
        variables = (place / "environ").read_bytes().split(b"\0")
    except OSError:
        return False  # it has ended meanwhile, or belongs to another user
    if step.program:
        return mark in variables
    return any(variable.startswith(mark) for variable in variables)


def _gone(step: EndRemaining) -> bool:
    deadline = time.monotonic() + _GRACE
    while find(step):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_PAUSE)
    return True
