"""Runs `new` until a given step is about to be done, then dies as by `kill -9`.

    python -m tests.provisioner.killed_command ROOT ID NUMBER [DRIVER]

The product has no hook for this: the executor tells its observer, and this observer pulls the plug.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from provisioner.clock import SystemClock
from provisioner.runner import SystemRunner
from provisioner.service.context import Context
from provisioner.service.new import create
from provisioner.spec import TenantRequest
from provisioner.steps import Step


class Deadly:
    """Kills this process when the step of that number begins; `0` when the last one has ended."""

    def __init__(self, number: int) -> None:
        self._number = number

    def begins(self, number: int, _count: int, _step: Step) -> None:
        if number == self._number:
            os.kill(os.getpid(), signal.SIGKILL)

    def ends(self, number: int, count: int, _step: Step) -> None:
        if self._number == 0 and number == count:
            os.kill(os.getpid(), signal.SIGKILL)

    def undoes(self, step: Step) -> None:
        raise AssertionError(f"nothing should be taken back: {step.describe()}")


def main() -> None:
    root, tenant_id, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    clock = SystemClock()
    context = Context(
        root=root,
        driver_name="systemd" if sys.argv[4:] == ["systemd"] else "local",
        environ=os.environ,
        clock=clock,
        runner=SystemRunner(),
        observer=Deadly(number),
        say=lambda _message: None,
    )
    request = TenantRequest(
        id=tenant_id, plan="starter", started_on=clock.now().date(), admin_email="a@example.fr"
    )
    create(context, request, None)


if __name__ == "__main__":
    main()
