"""systemd's command line: units, the journal, and one command inside a unit's walls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from provisioner.commands.command import Command

SHOWN: Final = ("Id", "LoadState", "ActiveState", "SubState", "Result", "NRestarts")
_STOP_SECONDS: Final = 60.0
_RESTART_SECONDS: Final = 3700.0


def daemon_reload() -> Command:
    """Let systemd read the unit files again."""
    return Command(("systemctl", "daemon-reload"))


def start(units: Sequence[str]) -> Command:
    """Start units and wait until they have started or failed."""
    return Command(("systemctl", "start", "--", *units), timeout=60)


def restart(unit: str) -> Command:
    """Stop a unit and start it as one job; its start may take as long as a large database's migration."""
    return Command(("systemctl", "restart", "--", unit), timeout=_RESTART_SECONDS)


def stop(units: Sequence[str]) -> Command:
    """Stop units together and wait until they have ended."""
    return Command(("systemctl", "stop", "--", *units), timeout=_STOP_SECONDS)


def begin_stop(unit: str) -> Command:
    """Have a unit told to stop, without waiting for it."""
    return Command(("systemctl", "stop", "--no-block", "--", unit))


def forget_failure(unit: str) -> Command:
    """Forget that a unit has failed, and how often it was started lately."""
    return Command(("systemctl", "reset-failed", "--", unit))


def enable(units: Sequence[str]) -> Command:
    """Have units started at boot."""
    return Command(("systemctl", "enable", "--quiet", "--", *units))


def disable(units: Sequence[str]) -> Command:
    """Have units no longer started at boot."""
    return Command(("systemctl", "disable", "--quiet", "--", *units))


def reload(unit: str) -> Command:
    """Let a running service read its configuration again."""
    return Command(("systemctl", "reload", "--", unit))


def reload_if_running(unit: str) -> Command:
    """Let a service read its configuration again; one that does not run will read it when it starts."""
    return Command(("systemctl", "try-reload-or-restart", "--", unit))


def kill(unit: str, signal: str) -> Command:
    """Send a signal to a service's main process."""
    return Command(("systemctl", "kill", "--kill-who=main", f"--signal={signal}", "--", unit))


def show(units: Sequence[str]) -> Command:
    """Ask for the state of units: one block of `Name=value` lines each, in the order of `SHOWN` or not."""
    return Command(("systemctl", "show", f"--property={','.join(SHOWN)}", "--", *units))


def show_value(unit: str, name: str) -> Command:
    """Ask for one property of a unit."""
    return Command(("systemctl", "show", "--value", f"--property={name}", "--", unit))


def cat(unit: str) -> Command:
    """Show a unit's file and every drop-in of it, in the order in which systemd reads them."""
    return Command(("systemctl", "cat", "--no-pager", "--", unit))


def verify(directory: Path, units: Sequence[str]) -> Command:
    """Check units as they stand in `directory`, with all of the system's own around them."""
    path = f"{directory}:/etc/systemd/system:/usr/lib/systemd/system:/lib/systemd/system"
    return Command(
        ("systemd-analyze", "verify", "--man=no", "--", *units), environment={"SYSTEMD_UNIT_PATH": path}
    )


def journal(unit: str, *, lines: int, follow: bool) -> Command:
    """Show the end of a unit's log, its lines as they were written."""
    following = ("--follow",) if follow else ()
    return Command(
        ("journalctl", "--no-pager", "--output=cat", f"--lines={lines}", *following, f"--unit={unit}")
    )


def run_once(
    argv: Sequence[str],
    properties: Sequence[str],
    stdin: SecretStr | None = None,
    *,
    environment: Mapping[str, str],
    seconds: int,
) -> Command:
    """Run one command inside the walls given as unit properties, its input and outputs passed through."""
    variables = tuple(f"--setenv={name}={value}" for name, value in environment.items())
    walls = tuple(f"--property={value}" for value in (*properties, f"RuntimeMaxSec={seconds}"))
    how = ("--quiet", "--pipe", "--wait", "--collect", "--service-type=exec")
    return Command(
        ("systemd-run", *how, *variables, *walls, "--", *argv),
        stdin=stdin,
        timeout=seconds + 10,
    )
