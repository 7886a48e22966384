"""Runs a `provision` command until a given step is about to be done, then dies as by `kill -9`.

    python -m tests.provisioner.killed_command NUMBER|WORDS-OF-THE-STEP WORD…

The product has no hook for this: the executor tells its observer, and this observer pulls the plug.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass

from provisioner.cli.main import provision
from provisioner.cli.output import Output
from provisioner.cli.session import Session
from provisioner.steps import Step


@dataclass
class Deadly(Output):
    """Kills this process when the step of that number begins, or the first one that is described so.

    `0` is when the last one has ended.
    """

    deadly: str = "0"

    def begins(self, number: int, _count: int, step: Step) -> None:
        if str(number) == self.deadly or step.describe().startswith(self.deadly):
            os.kill(os.getpid(), signal.SIGKILL)

    def ends(self, number: int, count: int, _step: Step) -> None:
        if self.deadly == "0" and number == count:
            os.kill(os.getpid(), signal.SIGKILL)

    def undoes(self, step: Step) -> None:
        raise AssertionError(f"nothing should be taken back: {step.describe()}")


def main() -> None:
    session = Session(output=Deadly(deadly=sys.argv[1]))
    provision.main(sys.argv[2:], prog_name="provision", standalone_mode=False, obj=session)


if __name__ == "__main__":
    main()
