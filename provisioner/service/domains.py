"""`domain`: the host names of its own a client answers on, beside `<id>.<base domain>`."""

from __future__ import annotations

from dataclasses import replace

from provisioner import fields
from provisioner.errors import InvalidRequest
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.service.context import Context
from provisioner.service.convergence import FileReport, change_request, require_no_hand_edit
from provisioner.service.releases import require_present
from provisioner.service.tenants import require_state, spec_of
from provisioner.service.transaction import Transaction, changing

_CHANGED = (State.RUNNING, State.STOPPED, State.SUSPENDED)


def add(context: Context, tenant_id: str, host: str) -> list[FileReport]:
    """Have a client answer on a host name of its own as well; return what happened to each of its files.

    Raises InvalidRequest, before anything is touched, for a name that cannot be the client's or is another's.
    One it has already is brought into force again.
    """
    fields.check_host_name("HOST", host)
    with changing(context, f"domain add {tenant_id} {host}", tenant_id) as transaction:
        before = _get(context, transaction, tenant_id, "domain add")
        owner = transaction.registry.owner_of_domain(host)
        if owner not in (None, tenant_id):
            mend = f"`provision domain remove {owner} {host}` first."
            raise InvalidRequest("HOST", f"{host} belongs to {owner}.", mend)
        domains = before.request.domains
        return _change(context, transaction, before, domains if host in domains else (*domains, host))


def remove(context: Context, tenant_id: str, host: str) -> list[FileReport]:
    """Have a client no longer answer on a host name of its own, which is free again for anybody.

    Raises InvalidRequest when it is none of the client's, unless a command that was cut off may be finished.
    """
    fields.check_host_name("HOST", host)
    with changing(context, f"domain remove {tenant_id} {host}", tenant_id) as transaction:
        before = _get(context, transaction, tenant_id, "domain remove")
        if host not in before.request.domains and not transaction.sight.cut_off_on(tenant_id):
            own = ", ".join(before.request.domains) or "none"
            raise InvalidRequest("HOST", f"{host!r} is no host name of {tenant_id}'s own.", f"It has: {own}.")
        remaining = tuple(name for name in before.request.domains if name != host)
        reports = _change(context, transaction, before, remaining)
        transaction.settle()
        transaction.advance(context.driver.certificates.removal_steps((host,)))
        return reports


def _get(context: Context, transaction: Transaction, tenant_id: str, command: str) -> Entry:
    entry = transaction.registry.get(tenant_id)
    require_state(entry, _CHANGED, command)
    require_present(context, entry)
    return entry


def _change(
    context: Context, transaction: Transaction, before: Entry, domains: tuple[str, ...]
) -> list[FileReport]:
    request = before.request.model_copy(update={"domains": domains})
    spec_of(context, request, before.port)  # what is wrong is refused before anything is touched
    require_no_hand_edit(context, transaction, before, replace(before, request=request))
    if before.state == State.RUNNING:
        transaction.prepare_host()
    return change_request(context, transaction, before, request)
