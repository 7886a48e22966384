"""systemd's units as supervised programs: started, stopped and asked about through systemctl."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from provisioner.commands import systemctl
from provisioner.drivers.protocol import AT_ONCE
from provisioner.runner import Runner

_UP: Final = frozenset({"active", "activating", "reloading"})
_STAYS_DOWN: Final = "auto-restart"


@dataclass(frozen=True, slots=True)
class UnitState:
    """What systemd says of one unit, in its own words."""

    active: str = "inactive"
    sub: str = "dead"
    result: str = "success"

    @property
    def up(self) -> bool:
        """Whether it runs (or, for a socket, listens), or is about to."""
        return self.active in _UP and self.sub != _STAYS_DOWN

    @property
    def over(self) -> bool:
        """Whether nothing of it is left to stop; also of a unit that systemd has never heard of."""
        return self.active in ("inactive", "failed")

    @property
    def failed(self) -> bool:
        """Whether it should be up and does not stay so."""
        return self.active == "failed" or self.sub == _STAYS_DOWN


class Units:
    """Units of this system; offers `drivers.protocol.Programs`. A program's name is its unit's name."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def states(self, units: Iterable[str]) -> Mapping[str, UnitState]:
        """Return the state of each of these units, asking systemd once; none are asked, none are answered."""
        names = tuple(units)
        if not names:
            return {}
        blocks = self._runner.run(systemctl.show(names)).stdout.strip().split("\n\n")
        return {name: _state(block) for name, block in zip(names, blocks, strict=True)}

    def is_running(self, name: str) -> bool:
        """Say whether a unit is up or coming up."""
        return self.states([name])[name].up

    def trouble(self, name: str) -> str | None:
        """Say why a unit does not stay up; None when nothing is known against it."""
        state = self.states([name])[name]
        return f"the unit {name} ends as soon as it starts ({state.result})" if state.failed else None

    def start(self, name: str) -> None:
        """Have a unit started; earlier failures do not count against it."""
        if self.states([name])[name].failed:
            self._runner.run(systemctl.forget_failure(name))
        self._runner.run(systemctl.start([name]))

    def restart(self, name: str) -> None:
        """Have a unit stopped and started as one job: what its socket meets meanwhile is not lost."""
        if self.states([name])[name].failed:
            self._runner.run(systemctl.forget_failure(name))
        self._runner.run(systemctl.restart(name))

    def stop(self, name: str, *, forget: bool, at_once: bool = False) -> None:
        """Have a unit stopped and, with `forget`, its failure no longer remembered."""
        if not self.states([name])[name].over:
            if at_once:
                self._runner.run(systemctl.begin_stop(name))
                self._runner.attempt(systemctl.kill(name, AT_ONCE))  # it may have ended by itself meanwhile
            self._runner.run(systemctl.stop([name]))
        if forget and self.states([name])[name].failed:
            self._runner.run(systemctl.forget_failure(name))

    def signal(self, name: str, signal: str) -> None:
        """Send a signal to a unit's main process."""
        self._runner.run(systemctl.kill(name, signal))


def _state(block: str) -> UnitState:
    values = dict(line.split("=", 1) for line in block.splitlines())
    # Targets and slices have no result.
    return UnitState(values["ActiveState"], values["SubState"], values.get("Result", "success"))
