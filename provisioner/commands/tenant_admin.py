"""A tenant's own program, operated while it is stopped."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from provisioner.commands.command import Command
from provisioner.installation import Release


def administer(
    name: str, payload: SecretStr, *, release: Release, env_file: Path, user: str | None
) -> Command:
    """Run one operation (`init`, `user-add`, …); its JSON answer comes on standard output."""
    return Command(
        (release.python, "-m", "tenant_app", "admin", name),
        stdin=payload,
        user=user,
        environment={**release.environment, "TENANT_ENV_FILE": str(env_file)},
        timeout=120,
    )
