"""Ends the processes of one root, by the mark they carry."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from provisioner import marked_processes
from provisioner.errors import ProvisionError
from provisioner.steps import EndRemaining

_GRACE: Final = 40.0
_PAUSE: Final = 0.05


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
        for pid in _find(step):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        if _gone(step):
            return
    raise ProcessesStay(
        f"Processes {', '.join(map(str, _find(step)))} of {step.marker} do not end.",
        "End them by hand, then run the command again.",
    )


def _find(step: EndRemaining) -> Sequence[int]:
    return marked_processes.find(step.marker, step.nginx_directory, step.program)


def _gone(step: EndRemaining) -> bool:
    deadline = time.monotonic() + _GRACE
    while _find(step):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_PAUSE)
    return True
