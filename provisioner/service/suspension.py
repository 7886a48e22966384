"""`suspend` and `resume`: nginx answers for a client whose process is stopped, until it is brought back."""

from __future__ import annotations

from dataclasses import replace

from provisioner import fields
from provisioner.errors import ProvisionError
from provisioner.registry.models import State
from provisioner.service.context import Context
from provisioner.service.convergence import converge, require_no_hand_edit
from provisioner.service.tenants import require_state
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
            converge(context, transaction, wanted, reset=False)
        except ProvisionError:
            transaction.registry.set_state(tenant_id, before.state)
            raise


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
        wanted = replace(before, state=State.RUNNING)
        require_no_hand_edit(context, transaction, before, wanted)
        transaction.prepare_host()
        converge(context, transaction, wanted, reset=False)
        transaction.registry.set_state(tenant_id, State.RUNNING)
