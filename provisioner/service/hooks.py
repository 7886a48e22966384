"""An operator's own programs, run after a command has succeeded: `<root>/hooks/post-<command>`.

A hook gets the command's words and the client in its environment, and a minute. The command is done whatever
becomes of it: one that fails is told and recorded, and undoes nothing.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from provisioner.commands.command import Command
from provisioner.errors import ProvisionError
from provisioner.service.context import Context

SECONDS: Final = 60.0


def run_hook(context: Context, command: str, tenant_id: str) -> None:
    """Run the hook of a command such as `suspend dupont`, if there is one."""
    path = context.layout.hooks / f"post-{command.split()[0]}"
    if not path.exists():
        return
    try:
        _require_own(path)
        context.runner.run(_command(context, path, command, tenant_id))
    except ProvisionError as error:
        context.say(f"{path.name} failed, and what was done stays: {error.message}")
        context.writable_registry.add_event(tenant_id, path.name, context.operator, "failed", error.message)
    else:
        context.writable_registry.add_event(tenant_id, path.name, context.operator, "done")


def _command(context: Context, path: Path, command: str, tenant_id: str) -> Command:
    told = {
        "TENANTRY_COMMAND": command,
        "TENANTRY_CLIENT": tenant_id,
        "TENANTRY_ROOT": str(context.root),
        "TENANTRY_DRIVER": context.driver_name,
    }
    return Command((str(path),), environment=told, timeout=SECONDS)


def _require_own(path: Path) -> None:
    """Refuse what somebody else could have put there: it would run as whoever runs the command."""
    for one in (path.parent, path):
        status = one.stat()
        if status.st_uid not in (0, os.getuid()) or stat.S_IMODE(status.st_mode) & 0o022:
            raise ProvisionError(
                f"{one} belongs to somebody else or can be changed by others.",
                f"chown root {one} && chmod go-w {one}",
            )
