"""nginx's own command line."""

from __future__ import annotations

from pathlib import Path

from provisioner.commands.command import Command


def verify(configuration: Path, binary: str = "nginx") -> Command:
    """Try a configuration, and every file it includes, without using it."""
    return Command((binary, "-t", "-q", "-c", str(configuration)), timeout=30)
