"""`start`, `stop`, `restart`."""

from __future__ import annotations

from dataclasses import replace

from provisioner.drivers.protocol import Tenant
from provisioner.registry.models import State
from provisioner.registry.registry import Registry
from provisioner.service.context import Context
from provisioner.service.tenants import require_state, tenant_of
from provisioner.service.transaction import changing

_ACCEPTED = (State.RUNNING, State.STOPPED)


def start(context: Context, tenant_id: str) -> None:
    """Have the client running and answering, and whatever it needs on this host as well."""
    with changing(context, f"start {tenant_id}", tenant_id, settles=False) as transaction:
        entry = transaction.registry.get(tenant_id)
        require_state(entry, _ACCEPTED, "start")
        tenant = replace(tenant_of(context, entry), running=True)
        transaction.prepare_host()
        transaction.execute(context.driver.start_steps(tenant))
        _settle(context, transaction.registry, tenant, State.RUNNING)


def stop(context: Context, tenant_id: str) -> None:
    """Have the client stopped until `start`; requests under way get time to end."""
    with changing(context, f"stop {tenant_id}", tenant_id, settles=False) as transaction:
        entry = transaction.registry.get(tenant_id)
        require_state(entry, _ACCEPTED, "stop")
        tenant = replace(tenant_of(context, entry), running=False)
        transaction.execute(context.driver.stop_steps(tenant))
        _settle(context, transaction.registry, tenant, State.STOPPED)


def restart(context: Context, tenant_id: str) -> None:
    """Stop the client, then start it; two processes never share its data."""
    with changing(context, f"restart {tenant_id}", tenant_id, settles=False) as transaction:
        entry = transaction.registry.get(tenant_id)
        require_state(entry, _ACCEPTED, "restart")
        tenant = replace(tenant_of(context, entry), running=True)
        transaction.prepare_host()
        transaction.execute((*context.driver.stop_steps(tenant), *context.driver.start_steps(tenant)))
        _settle(context, transaction.registry, tenant, State.RUNNING)


def _settle(context: Context, registry: Registry, tenant: Tenant, state: State) -> None:
    """Record the state, and the digest of those files that follow it."""
    now = context.driver.observe(tenant)
    ours = {file.path: file.digest for file in context.driver.files(tenant) if now.has(file)}
    registry.record_written(tenant.id, {**registry.written(tenant.id), **ours})
    registry.set_state(tenant.id, state)
