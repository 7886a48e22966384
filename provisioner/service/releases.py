"""Which installed version each client runs, and what may be done to one that runs another than this."""

from __future__ import annotations

from provisioner.errors import WrongState
from provisioner.installation import PRESENT, Release, written_release
from provisioner.naming import TenantId
from provisioner.registry.registry import Entry
from provisioner.service.context import Context


def release_of(context: Context, tenant_id: str) -> Release | None:
    """Return the version a client was last brought to; None when it was one that did not write it down."""
    return written_release(context.layout.release_file(TenantId(tenant_id)))


def runs_another(context: Context, tenant_id: str) -> bool:
    """Say whether a client is known to run another version than this one."""
    return release_of(context, tenant_id) not in (None, PRESENT)


def require_present(context: Context, entry: Entry) -> None:
    """Raise WrongState for a client of another version: its program would not understand what is written."""
    found = release_of(context, entry.id)
    if found in (None, PRESENT):
        return
    raise WrongState(
        f"{entry.id} runs Tenantry {found}; this is {PRESENT}.",
        f"`provision upgrade {entry.id}` brings it to this version. Until then, "
        f"`{found.python} -m provisioner` with PYTHONPATH={found.code} changes it as it is.",
    )
