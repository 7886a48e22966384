"""Watches an executor at work."""

from __future__ import annotations

from provisioner.steps import Step


class Watching:
    """Remembers what the executor tells."""

    def __init__(self) -> None:
        self.begun: list[Step] = []
        self.ended: list[Step] = []
        self.undone: list[Step] = []

    def begins(self, _number: int, _count: int, step: Step) -> None:
        self.begun.append(step)

    def ends(self, _number: int, _count: int, step: Step) -> None:
        self.ended.append(step)

    def undoes(self, step: Step) -> None:
        self.undone.append(step)
