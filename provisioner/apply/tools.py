"""What actions work with, and what they give back to be undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from provisioner.apply.interruption import Interruption
from provisioner.drivers.protocol import Programs
from provisioner.runner import Runner

Undo: TypeAlias = Callable[[], None]
"""Takes back what one action did. An action that changed nothing gives None instead."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The hands of the executor: where commands run, programs are kept and signals are heard.

    `scratch` is the folder for what a trial needs no longer than it lasts.
    """

    runner: Runner
    programs: Programs
    interruption: Interruption
    scratch: Path
