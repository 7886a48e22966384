"""`suspend` and `resume`: nginx answers for a client whose process is stopped, until it is brought back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from provisioner import fields
from provisioner.drivers.protocol import Tenant, Wish
from provisioner.errors import ProvisionError
from provisioner.registry.models import State
from provisioner.service.context import Context
from provisioner.service.convergence import bring, converge, require_no_hand_edit
from provisioner.service.releases import require_present, runs_another
from provisioner.service.tenants import require_state, tenant_of
from provisioner.service.transaction import changing

_LONGEST_REASON = 200


def suspend(context: Context, tenant_id: str, reason: str | None) -> None:
    """Have nginx answer for a client, and end its process with whatever it is answering.

    `reason`, one line, is kept with the event. The state is recorded first: cut off anywhere, the client is
    suspended and this command, run again, goes on. Raises InvalidRequest or WrongState before anything is
    touched. When it fails, the client is as before.
    """
    if reason is not None:
        fields.check_line("--reason", reason, _LONGEST_REASON)
    with changing(context, f"suspend {tenant_id}", tenant_id) as transaction:
        transaction.detail = reason or ""
        before = transaction.registry.get(tenant_id)
        require_state(before, (State.RUNNING, State.STOPPED, State.SUSPENDED), "suspend")
        wanted = replace(before, state=State.SUSPENDED)
        require_no_hand_edit(context, transaction, before, wanted)
        transaction.prepare_host()
        transaction.registry.set_state(tenant_id, State.SUSPENDED)
        try:
            tenant = tenant_of(context, wanted)
            bring(
                context, transaction, tenant, reset=False, wish=Wish(keep=_not_its_version(context, tenant))
            )
        except ProvisionError:
            transaction.registry.set_state(tenant_id, before.state)
            raise


def _not_its_version(context: Context, tenant: Tenant) -> frozenset[Path]:
    """A client of another version is suspended with only those files changed that suspend it."""
    if not runs_another(context, tenant.id):
        return frozenset()
    serving = {(file.path, file.digest) for file in context.driver.files(replace(tenant, suspended=False))}
    files = context.driver.files(tenant)
    return frozenset(file.path for file in files if (file.path, file.digest) in serving)


def resume(context: Context, tenant_id: str, reason: str | None) -> None:
    """Have a suspended client running and answering again.

    Its state is recorded last: cut off anywhere, it counts as suspended until this command, run again, has
    brought it back.
    """
    if reason is not None:
        fields.check_line("--reason", reason, _LONGEST_REASON)
    with changing(context, f"resume {tenant_id}", tenant_id) as transaction:
        transaction.detail = reason or ""
        before = transaction.registry.get(tenant_id)
        require_state(before, (State.SUSPENDED, State.RUNNING), "resume")
        require_present(context, before)
        wanted = replace(before, state=State.RUNNING)
        require_no_hand_edit(context, transaction, before, wanted)
        transaction.prepare_host()
        converge(context, transaction, wanted, reset=False)
        transaction.registry.set_state(tenant_id, State.RUNNING)
