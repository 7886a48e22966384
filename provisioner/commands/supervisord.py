"""supervisord's own command line."""

from __future__ import annotations

from pathlib import Path

from provisioner import installation
from provisioner.commands.command import Command


def start(configuration: Path, environment: dict[str, str]) -> Command:
    """Start supervisord in the background; the command ends once it has detached itself."""
    return Command(
        (installation.PYTHON, "-m", "supervisor.supervisord", "-c", str(configuration)),
        environment=environment,
    )
