"""What all commands of one call share: the options before the command, made into a context when needed."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import cast

import click

from provisioner.cli.output import Output
from provisioner.clock import SystemClock
from provisioner.runner import SystemRunner
from provisioner.service.context import DEFAULT_LOCK_WAIT, Context, DriverName, default_root


@dataclass
class Session:
    """The options given before the command, and how to speak to the operator."""

    root: Path | None = None
    driver: str = "local"
    lock_wait: float = DEFAULT_LOCK_WAIT
    output: Output = field(default_factory=Output)

    @cached_property
    def context(self) -> Context:
        """What the services work with."""
        driver = cast(DriverName, self.driver)
        root = self.root or default_root(driver, os.environ)
        return Context(
            root=root.absolute(),
            driver_name=driver,
            environ=os.environ,
            clock=SystemClock(),
            runner=SystemRunner(),
            observer=self.output,
            say=self.output.say,
            lock_wait=self.lock_wait,
        )


pass_session = click.make_pass_decorator(Session)
