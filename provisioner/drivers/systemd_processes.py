"""A client's process and port under systemd: from what is there to what shall be, and back."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

from provisioner.commands import systemctl
from provisioner.drivers import systemd_places as places
from provisioner.drivers.protocol import Observed, Tenant, Wish
from provisioner.naming import TenantId
from provisioner.steps import OnReturn, RestartProgram, Run, StartProgram, Step, StopProgram


def steps(tenant: Tenant, observed: Observed, changed: Set[Path]) -> tuple[Step, ...]:
    """Have its process run or not, as it shall, with the files that have `changed`."""
    if tenant.suspended:
        return end(tenant.id, was_open=observed.running) if changed or observed.running else ()
    if not tenant.running:
        return close_port(tenant.id) if observed.running else ()
    if not observed.running:
        return open_port(tenant.id)
    service = places.service(tenant.id)
    if places.drop_in(places.socket(tenant.id)) in changed:
        return (*stop(tenant.id), *open_port(tenant.id))
    # The port stays open meanwhile: who asks now is answered by the new process.
    return (RestartProgram(service),) if changed else ()


def return_steps(
    tenant: Tenant, observed: Observed, changed: Set[Path], wish: Wish, answers: Step
) -> tuple[Step, ...]:
    """What brings a running process back to its files once these are as before."""
    if not (changed and observed.running and tenant.running):
        return ()
    if wish.returned or places.drop_in(places.socket(tenant.id)) in changed:
        return (OnReturn((*stop(tenant.id), *open_port(tenant.id), answers)),)
    return (OnReturn((RestartProgram(places.service(tenant.id)),)),)


def withdrawal_steps(tenant: Tenant, observed: Observed, wish: Wish) -> tuple[Step, ...]:
    """The port is closed first: no request may start anew what is being taken back."""
    if not (wish.returned and observed.running and tenant.running):
        return ()
    service, socket = places.service(tenant.id), places.socket(tenant.id)
    closed = (StopProgram(socket, forget=True), StopProgram(service, forget=True))
    return (OnReturn((*closed, *wish.returned)),)


def open_port(tenant_id: TenantId) -> tuple[Step, ...]:
    """Open its port, across boots too, and start what answers there."""
    socket = places.socket(tenant_id)
    return (
        Run("open its port after every boot", systemctl.enable([socket]), systemctl.disable([socket])),
        StartProgram(socket),
        StartProgram(places.service(tenant_id)),
    )


def close_port(tenant_id: TenantId) -> tuple[Step, ...]:
    """Close its port, across boots too, and let what runs behind it finish."""
    socket = places.socket(tenant_id)
    disable, enable = systemctl.disable([socket]), systemctl.enable([socket])
    return (Run("leave its port closed after a boot", disable, enable), *stop(tenant_id))


def end(tenant_id: TenantId, *, was_open: bool) -> tuple[Step, ...]:
    """Close its port, across boots too, and stop at once what runs behind it."""
    socket, service = places.units(tenant_id)
    enable = systemctl.enable([socket]) if was_open else None
    return (
        Run("leave its port closed after a boot", systemctl.disable([socket]), enable),
        StopProgram(service, forget=True, at_once=True),
        StopProgram(socket, forget=True),
    )


def stop(tenant_id: TenantId) -> tuple[Step, ...]:
    """The process first, so that it is known to have run; then the port, and what a request woke."""
    service, socket = places.service(tenant_id), places.socket(tenant_id)
    return (StopProgram(service, forget=True), StopProgram(socket, forget=True))
