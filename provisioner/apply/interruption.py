"""Ctrl-C, a closed terminal and SIGTERM, heard between steps instead of in the middle of one."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any, Final, Self

from provisioner.errors import Interrupted

_HEARD: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """While entered, notes those signals; `check` raises Interrupted once one has come.

    Steps are short, and each is whole or undone, so nothing is gained by stopping inside one. Entered within
    another, it tells the other too; outside of an inner one, a signal to one that is `at_once` raises
    KeyboardInterrupt. Must be entered in the main thread.
    """

    def __init__(self, *, at_once: bool = False) -> None:
        self._at_once = at_once
        self._came: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._note) for number in _HEARD}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def check(self) -> None:
        """Raise Interrupted when somebody asked this command to stop."""
        if self._came:
            raise Interrupted(f"{self._came.name} came, so the command stopped.")

    @property
    def came(self) -> bool:
        """Whether somebody asked this command to stop."""
        return self._came is not None

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._came = signal.Signals(number)
        outer = getattr(self._before[self._came], "__self__", None)
        if isinstance(outer, Interruption):
            outer._came = self._came
        if self._at_once:
            raise KeyboardInterrupt
