"""`start`, `stop`, `restart`, `logs`."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.commands.command import Command
from provisioner.naming import TenantId
from provisioner.registry.models import State
from provisioner.registry.registry import Registry
from provisioner.service.context import Context
from provisioner.service.lost_data import require_data
from provisioner.service.tenants import names_of, require_state
from provisioner.service.transaction import changing
from provisioner.steps import Step, files_written

_ACCEPTED = (State.RUNNING, State.STOPPED)


def start(context: Context, tenant_id: str) -> None:
    """Have the client running and answering, and whatever it needs on this host as well."""
    with changing(context, f"start {tenant_id}", tenant_id, settles=False) as transaction:
        entry = transaction.registry.get(tenant_id)
        require_state(entry, _ACCEPTED, "start")
        require_data(context.layout, entry)
        transaction.prepare_host()
        steps = context.driver.start_steps(names_of(entry))
        transaction.execute(steps)
        _settle(transaction.registry, tenant_id, State.RUNNING, steps)


def stop(context: Context, tenant_id: str) -> None:
    """Have the client stopped until `start`; requests under way get time to end."""
    with changing(context, f"stop {tenant_id}", tenant_id, settles=False) as transaction:
        entry = transaction.registry.get(tenant_id)
        require_state(entry, _ACCEPTED, "stop")
        steps = context.driver.stop_steps(names_of(entry))
        transaction.execute(steps)
        _settle(transaction.registry, tenant_id, State.STOPPED, steps)


def restart(context: Context, tenant_id: str) -> None:
    """Stop the client, then start it; two processes never share its data."""
    with changing(context, f"restart {tenant_id}", tenant_id, settles=False) as transaction:
        entry = transaction.registry.get(tenant_id)
        require_state(entry, _ACCEPTED, "restart")
        require_data(context.layout, entry)
        transaction.prepare_host()
        tenant = names_of(entry)
        steps = (*context.driver.stop_steps(tenant), *context.driver.start_steps(tenant))
        transaction.execute(steps)
        _settle(transaction.registry, tenant_id, State.RUNNING, steps)


def log_command(context: Context, tenant_id: str, *, lines: int, follow: bool) -> Command:
    """Return the command that shows the client's log; an archived client has none here any more."""
    entry = context.registry.get(tenant_id)
    require_state(entry, tuple(state for state in State if state != State.ARCHIVED), "logs")
    return context.driver.log_command(TenantId(entry.id), lines=lines, follow=follow)


def _settle(registry: Registry, tenant_id: str, state: State, steps: Sequence[Step]) -> None:
    """Record the state, and the digest of those files that follow it."""
    record_written(registry, tenant_id, steps)
    registry.set_state(tenant_id, state)


def record_written(registry: Registry, tenant_id: str, steps: Sequence[Step]) -> None:
    """Record the digests of the files that steps have written of a client: they are ours."""
    ours = {file.path: file.digest for step in steps for file in files_written(step)}
    registry.record_written(tenant_id, {**registry.written(tenant_id), **ours})
