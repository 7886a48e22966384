"""Somebody who has broken into a client's process, under systemd."""

from dataclasses import dataclass

from tests.systemd.machine import Machine


@dataclass(frozen=True)
class Inside:
    """Runs commands in the namespaces, as the user and with the groups of a client's process."""

    machine: Machine
    id: str

    def says(self, script: str) -> str:
        """Return what a shell script prints there, errors included."""
        pid = self.machine.show(f"tenant@{self.id}.service", "MainPID")["MainPID"]
        own = ("nsenter", "-t", pid, "-m", "-n", "-i", "--")
        user = (
            "setpriv",
            f"--reuid=tn-{self.id}",
            f"--regid=tn-{self.id}",
            "--init-groups",
            "--no-new-privs",
        )
        finished = self.machine.attempt(*own, *user, "--inh-caps=-all", "sh", "-c", f"({script}) 2>&1")
        return finished.stdout.decode().strip()
