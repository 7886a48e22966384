"""`host renew`: certificates from an ACME authority are renewed and read in; what fails, `doctor` tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from provisioner.apply.interruption import Interruption
from provisioner.apply.journal import CutOff
from provisioner.drivers.observation import digests
from provisioner.drivers.protocol import Finding, Tenant
from provisioner.errors import InvalidConfiguration, InvalidRequest, LockHeld, ProvisionError
from provisioner.registry.models import State
from provisioner.registry.registry import Registry
from provisioner.service.context import Context
from provisioner.service.tenants import tenant_of
from provisioner.service.transaction import changing
from provisioner.steps import Step, files_written

_COMMAND: Final = "host renew"
_SERVED: Final = (State.RUNNING, State.STOPPED, State.SUSPENDED)


@dataclass(frozen=True, slots=True)
class Renewal:
    """How the renewal of one certificate ended; failed, the one there was is still served."""

    name: str
    error: ProvisionError | None = None


def renew(context: Context, names: Sequence[str]) -> list[Renewal]:
    """Renew what is due, or at once the certificates called `names`; have nginx read them in.

    One that fails keeps none of the others from being renewed; asked to stop, it begins no other. What serves
    nobody any more is deleted. Raises InvalidRequest for a name that no certificate has that is obtained here
    and serves somebody.
    """
    due = context.driver.certificates.renewals(_served_names(context), at_once=bool(names))
    for name in names:
        if name not in due:
            known = f"They are called: {', '.join(due) or 'none'}."
            raise InvalidRequest("NAME", f"no certificate obtained here is called {name!r}.", known)
    outcomes: list[Renewal] = []
    with Interruption() as interruption:
        for name, step in due.items():
            if (not names or name in names) and not interruption.came:
                outcomes.append(_renew_one(context, name, step))
    _read_in(context, renewed=any(one.error is None for one in outcomes))
    return outcomes


def examine_certificates(context: Context) -> Iterator[Finding]:
    """Tell of certificates that are due and whose renewal failed; of unreadable ones the driver tells."""
    try:
        due = context.driver.certificates.renewals(_served_names(context), at_once=False)
    except InvalidConfiguration:
        return
    for name in due:
        last = context.registry.last(_command(name))
        if last is not None and last.outcome != "done":
            problem = f"Its certificate could not be renewed on {last.at:%Y-%m-%d %H:%M} UTC: {last.detail}"
            mend = f"`provision host renew {name}` once that is mended."
            yield Finding(name, problem, mend, of_certificate=True)


def _command(name: str) -> str:
    return f"{_COMMAND} {name}"


def _served_names(context: Context) -> tuple[str, ...]:
    """Every name that a certificate is for: the dashboard's, and those of each client not removed."""
    if not context.layout.registry.exists():
        return ()
    entries = [entry for entry in context.registry.all() if entry.state != State.ARCHIVED]
    own = (name for entry in entries for name in (entry.hostname, *entry.request.domains))
    return (context.host.admin_name, *own)


def _renew_one(context: Context, name: str, step: Step) -> Renewal:
    try:
        with changing(context, _command(name), settles=False) as transaction:
            transaction.advance((step,))
    except LockHeld:
        raise
    except ProvisionError as error:
        return Renewal(name, error)
    return Renewal(name)


def _read_in(context: Context, *, renewed: bool) -> None:
    """In a transaction of its own: certbot may take minutes, and others wait.

    One that was killed may have renewed what nothing has read in, and written sites that are not recorded.
    """
    certificates = context.driver.certificates
    with changing(context, _COMMAND, settles=False) as transaction:
        killed = [one for one in transaction.sight.earlier if one.command.startswith(_COMMAND)]
        tenants = _tenants(context, transaction.registry)
        steps = certificates.renewed_steps(tenants, renewed=renewed or bool(killed))
        transaction.execute(steps)
        _record(transaction.registry, steps, killed)
        transaction.settle()
        transaction.settled = killed
        transaction.advance(certificates.surplus_steps(_served_names(context)))


def _tenants(context: Context, registry: Registry) -> list[Tenant]:
    """All whose site can be rendered; of any other, nginx reads the certificate in with the rest."""
    tenants = []
    for entry in registry.all():
        if entry.state in _SERVED:
            try:
                tenants.append(tenant_of(context, entry))
            except ProvisionError:
                continue
    return tenants


def _record(registry: Registry, steps: Sequence[Step], killed: Sequence[CutOff]) -> None:
    written = {(file.path, file.digest) for step in steps for file in files_written(step)}
    for one in killed:
        written |= one.writes
    there = digests({path for path, _ in written})
    for entry in registry.all():
        before = registry.written(entry.id)
        ours = {path: now for path, now in there.items() if path in before and (path, now) in written}
        if ours:
            registry.record_written(entry.id, {**before, **ours})
