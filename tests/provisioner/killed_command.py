"""A `provision` command that runs until a given step is about to be done, then dies as by `kill -9`.

The product has no hook for this: the executor tells its observer, and this observer pulls the plug.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass

from provisioner.cli.main import provision
from provisioner.cli.output import Output
from provisioner.cli.session import Session
from provisioner.steps import Step


@dataclass
class Deadly(Output):
    """Kills this process when the step of that number begins, or the first one that is described so.

    `0` is when the last one has ended. Where several rows of steps are done, `+7` is the seventh of all, and
    `+7 ended` when that one has. Its last words are how many steps there would have been.
    """

    deadly: str = "0"
    begun: int = 0

    def begins(self, number: int, count: int, step: Step) -> None:
        self.begun += 1
        if self.deadly in (str(number), f"+{self.begun}") or step.describe().startswith(self.deadly):
            self.die(count)

    def ends(self, number: int, count: int, _step: Step) -> None:
        if self.deadly == f"+{self.begun} ended" or (self.deadly == "0" and number == count):
            self.die(count)

    def die(self, count: int) -> None:
        self.say(str(count))
        os.kill(os.getpid(), signal.SIGKILL)

    def undoes(self, step: Step) -> None:
        raise AssertionError(f"nothing should be taken back: {step.describe()}")


def run_until(step: str, words: Sequence[str]) -> None:
    """Run a command up to a step (its number, or its first words)."""
    session = Session(output=Deadly(deadly=step))
    provision.main(words, prog_name="provision", standalone_mode=False, obj=session)
