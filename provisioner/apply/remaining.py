"""Finds and ends processes by the mark in their environment."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from provisioner.errors import ProvisionError

MARK: Final = "TENANTRY_PROGRAM"
_GRACE: Final = 10.0
_PAUSE: Final = 0.05
_PROCESSES: Final = Path("/proc")


class ProcessesStay(ProvisionError):
    """Some processes do not end."""

    code = "processes-stay"


def end_all(marker: str) -> None:
    """Ask every process marked `<marker>:…` to end, kill what is still there after 10 s, and wait.

    Raises ProcessesStay when some cannot be ended.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in find(marker):
            _send(pid, number)
        if _gone(marker):
            return
    raise ProcessesStay(
        f"Processes {', '.join(map(str, find(marker)))} of {marker} do not end.",
        "End them by hand, then run the command again.",
    )


def find(marker: str) -> Sequence[int]:
    """Return the processes that carry the mark, as far as this user may see; never this one."""
    wanted = f"{MARK}={marker}:".encode()
    return [
        int(place.name)
        for place in _PROCESSES.iterdir()
        if place.name.isdigit() and int(place.name) != os.getpid() and _carries(place, wanted)
    ]


def _carries(place: Path, wanted: bytes) -> bool:
    try:
        variables = (place / "environ").read_bytes().split(b"\0")
    except OSError:
        return False  # it has ended meanwhile, or belongs to another user
    return any(variable.startswith(wanted) for variable in variables)


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _gone(marker: str) -> bool:
    deadline = time.monotonic() + _GRACE
    while find(marker):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_PAUSE)
    return True
