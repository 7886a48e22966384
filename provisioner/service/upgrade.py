"""`upgrade`: brings clients from the version they run to this one, and back by itself when it does not hold.

Each client in turn: a backup is taken; it is restored with this version into a client nobody sees, which must
find what it holds; only then does the client change over. Its port stays open meanwhile, and what it kept of
its database before the migration is put back if it does not answer afterwards. One client, the canary, goes
first and is watched; the others follow in batches. The first that fails ends it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from provisioner.apply.interruption import Interruption
from provisioner.drivers.protocol import Tenant, Wish
from provisioner.errors import ProvisionError, Refused, WrongState, from_system
from provisioner.installation import PRESENT, Release
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.service.backup_keys import seal_for
from provisioner.service.backups import own_place, take
from provisioner.service.context import Context
from provisioner.service.convergence import Ending, bring
from provisioner.service.health import Health, ask_all
from provisioner.service.operations import perform, run_once
from provisioner.service.releases import release_of
from provisioner.service.sight import Sight
from provisioner.service.tenants import require_state, tenant_of
from provisioner.service.transaction import Transaction, changing
from provisioner.service.verification import verify_backup
from provisioner.steps import Run, Step

_NOTHING: Final = SecretStr("{}")
_UPGRADED: Final = (State.RUNNING, State.STOPPED, State.SUSPENDED)


@dataclass(frozen=True, slots=True)
class Upgraded:
    """How it ended for one client: from which version, with which restore point, or why not.

    `before` is None for a version that did not write down which it is.
    """

    tenant_id: str
    ending: Ending
    before: Release | None
    backup: Path | None = None
    error: ProvisionError | None = None


class NotGoodEnough(Refused):
    """A client's data do not work with this version; the client itself was not touched."""

    code = "rehearsal-failed"


def upgrade(
    context: Context, tenant_id: str | None, *, canary: str | None, batch: int, watch: float
) -> list[Upgraded]:
    """Bring one client, or all that run another version, to this one; return how it ended for each.

    The canary, watched for `watch` seconds, goes first; after it and after each `batch`, all that went before
    must still answer. Raises, before any client is touched, what the shared parts fail with.
    """
    context.require_catalogue()
    entries = _chosen(context, tenant_id, canary)
    if not entries:
        return []
    with changing(context, "upgrade") as transaction:
        transaction.prepare_host()
        transaction.detail = f"to {PRESENT}"
    return _one_after_another(context, entries, batch, watch)


def rehearse(context: Context, tenant_id: str | None, *, canary: str | None) -> Sequence[Step]:
    """Return the steps by which each client would change over now, the canary's first; touches nothing."""
    sight = Sight.without_lock(context)
    return [
        step
        for entry in _chosen(context, tenant_id, canary)
        for step in _steps(context, sight, tenant_of(context, entry))
    ]


def _chosen(context: Context, tenant_id: str | None, canary: str | None) -> list[Entry]:
    """The clients to upgrade, the canary first: without one by name, the one that pays least."""
    if tenant_id is not None:
        entry = context.registry.get(tenant_id)
        require_state(entry, _UPGRADED, "upgrade")
        return [entry]
    waiting = [
        entry
        for entry in context.registry.all()
        if entry.state in _UPGRADED and release_of(context, entry.id) != PRESENT
    ]
    if canary is not None and canary not in [entry.id for entry in waiting]:
        raise WrongState(
            f"{canary} is no client that waits for this version.", "`provision list` shows the clients."
        )
    return sorted(waiting, key=lambda entry: (entry.id != canary, entry.price_cents, entry.id))


def _one_after_another(
    context: Context, entries: Sequence[Entry], batch: int, watch: float
) -> list[Upgraded]:
    outcomes: list[Upgraded] = []
    with Interruption(at_once=True) as interruption:
        for number, entry in enumerate(entries, start=1):
            outcomes.append(_attempt(context, entry, watch if number == 1 else 0.0))
            if outcomes[-1].ending == Ending.DONE and _ends_a_batch(number, len(entries), batch):
                outcomes = with_ill(outcomes, _ill(entries[:number]))
            if interruption.came or any(one.ending != Ending.DONE for one in outcomes):
                break
    waiting = entries[len(outcomes) :]
    return [*outcomes, *(Upgraded(one.id, Ending.NOT_BEGUN, release_of(context, one.id)) for one in waiting)]


def _ends_a_batch(number: int, of_all: int, batch: int) -> bool:
    """The canary is a batch by itself."""
    return number in (1, of_all) or (number - 1) % batch == 0


def _attempt(context: Context, entry: Entry, watch: float) -> Upgraded:
    before = release_of(context, entry.id)
    try:
        return Upgraded(entry.id, Ending.DONE, before, _upgrade_one(context, entry.id, watch))
    except KeyboardInterrupt:
        return Upgraded(entry.id, Ending.NOT_BEGUN, before)
    except Refused as error:
        return Upgraded(entry.id, Ending.REFUSED, before, error=error)
    except ProvisionError as error:
        return Upgraded(entry.id, Ending.FAILED, before, error=error)
    except OSError as error:
        return Upgraded(entry.id, Ending.FAILED, before, error=from_system(error))


def _ill(done: Sequence[Entry]) -> list[str]:
    """Ask all that were upgraded how they are now: some defects show only after a while."""
    addresses = {
        entry.id: (entry.port, entry.hostname)
        for entry in done
        if entry.port is not None and entry.state == State.RUNNING
    }
    return [name for name, health in ask_all(addresses).items() if health != Health.OK]


def with_ill(outcomes: Sequence[Upgraded], ill: Collection[str]) -> list[Upgraded]:
    """Return the outcomes with those clients' as failed that answered once and do not any more."""
    return [_fallen_ill(one) if one.tenant_id in ill else one for one in outcomes]


def _fallen_ill(outcome: Upgraded) -> Upgraded:
    name = outcome.tenant_id
    error = ProvisionError(
        f"{name} answered after the upgrade and does not any more.",
        f"`provision logs {name}` tells why; its backup from before is {outcome.backup}.",
    )
    return replace(outcome, ending=Ending.FAILED, error=error)


def _upgrade_one(context: Context, tenant_id: str, watch: float) -> Path:
    """Return the backup that was taken before; it stays on this host, where a way back is at hand."""
    seal = seal_for(context)
    taken = take(context, tenant_id, own_place(context, tenant_id, seal), seal=seal)
    report = verify_backup(context, taken.file, taken.keys)
    if not report.ok:
        raise NotGoodEnough(
            f"{tenant_id} stays on its version: with this one, {'; '.join(report.problems)}.",
            f"Its data, as they were tried, are in {taken.file}.",
        )
    with changing(context, f"upgrade {tenant_id}", tenant_id) as transaction:
        entry = transaction.registry.get(tenant_id)
        require_state(entry, _UPGRADED, "upgrade")
        transaction.detail = f"{release_of(context, tenant_id) or 'an earlier version'} → {PRESENT}"
        _change_over(context, transaction, entry, watch)
    return taken.file


def _change_over(context: Context, transaction: Transaction, entry: Entry, watch: float) -> None:
    tenant = tenant_of(context, entry)
    # One that runs has migrated as it started.
    migrate = (
        None if entry.state == State.RUNNING else partial(run_once, context, tenant, "migrate", _NOTHING)
    )
    wish = _wish(context, tenant, watch)
    bring(context, transaction, tenant, reset=False, wish=wish, last=migrate)
    transaction.settle()
    perform(context, entry, "settle", {})


def _wish(context: Context, tenant: Tenant, watch: float) -> Wish:
    """Taken back, the database is again what the version before made of it; this version knows how."""
    take_back = context.driver.admin_command(tenant, "take-back", _NOTHING, PRESENT)
    return Wish(returned=(Run("put its database back", take_back),), steady=watch)


def _steps(context: Context, sight: Sight, tenant: Tenant) -> Sequence[Step]:
    return context.driver.steps(tenant, sight.tenant(tenant), _wish(context, tenant, 0.0))
