"""A supervisor that runs nothing: it remembers which programs were asked to run."""

from __future__ import annotations

from provisioner.errors import ProvisionError


class RememberedPrograms:
    """Offers `drivers.protocol.Programs` over a set of names."""

    def __init__(self, *running: str) -> None:
        self.running = set(running)
        self.calls: list[str] = []
        self.broken: set[str] = set()

    def start(self, name: str) -> None:
        if name in self.broken:
            raise ProvisionError(f"{name} does not start.", "Look at its log.")
        self.calls.append(f"start {name}")
        self.running.add(name)

    def restart(self, name: str) -> None:
        if name in self.broken:
            raise ProvisionError(f"{name} does not start.", "Look at its log.")
        self.calls.append(f"restart {name}")
        self.running.add(name)

    def stop(self, name: str, *, forget: bool, at_once: bool = False) -> None:
        how = " at once" if at_once else ""
        self.calls.append(f"stop {name}{how}" + (" and forget" if forget else ""))
        self.running.discard(name)

    def signal(self, name: str, signal: str) -> None:
        self.calls.append(f"{signal} {name}")

    def is_running(self, name: str) -> bool:
        return name in self.running

    def trouble(self, name: str) -> str | None:
        return f"{name} is broken" if name in self.broken else None
