"""A systemd that only answers: commands are noted, and units are in the state a test gives them."""

from dataclasses import dataclass, field

from provisioner.commands.command import Command
from provisioner.errors import CommandFailed
from provisioner.runner import Finished, SystemRunner


@dataclass
class Answers(SystemRunner):
    """Stands where commands run: notes them, and says of units what a test has systemd say."""

    states: dict[str, tuple[str, str]] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    refuse: str = ""

    def run(self, command: Command) -> Finished:
        self.ran.append(command.describe())
        if self.refuse and self.refuse in command.argv:
            raise CommandFailed(command.argv, "ended with status 1")
        if command.argv[:2] == ("systemctl", "show"):
            return Finished(0, "\n\n".join(map(self._block, command.argv[4:])), "")
        if command.argv[0] == "systemd-analyze":
            return super().run(command)
        return Finished(0, "", "")

    def attempt(self, command: Command) -> Finished:
        if command.argv[0] == "systemd-analyze":
            return super().attempt(command)
        self.ran.append(command.describe())
        return Finished(0, "", "")

    def _block(self, unit: str) -> str:
        active, sub = self.states.get(unit, ("inactive", "dead"))
        result = "" if unit.endswith(".target") else "\nResult=success"
        return f"Id={unit}\nActiveState={active}\nSubState={sub}{result}"
