"""`diff` and `apply`: what is on disk beside what shall be, and the way from one to the other.

Three versions of each file are compared: as Tenantry last wrote it (or had begun to, when it was cut off),
as it is, as it shall be. A file that is not as it was written was edited by hand; it is reported and kept,
and overwritten only with `--reset`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values

from provisioner.apply.interruption import Interruption
from provisioner.drivers.protocol import Observed, Tenant, Wish
from provisioner.errors import LockHeld, ProvisionError, Refused, WrongState, from_system
from provisioner.filesystem import RenderedFile, read_text
from provisioner.registry.models import State
from provisioner.registry.registry import Entry, Registry
from provisioner.service.context import Context
from provisioner.service.lost_data import require_data
from provisioner.service.releases import require_present
from provisioner.service.sight import Sight
from provisioner.service.tenants import require_state, spec_of, tenant_of
from provisioner.service.transaction import Transaction, changing
from provisioner.spec import TenantRequest
from provisioner.steps import Step, without_repeated_orders

_APPLIED = (State.RUNNING, State.STOPPED, State.SUSPENDED)


class Change(StrEnum):
    """How a file on disk compares with what it shall be."""

    UNCHANGED = "unchanged"
    CREATED = "created"
    """It is missing; `apply` writes it."""
    UPDATED = "updated"
    """It is as last written, and shall be otherwise now; `apply` writes it."""
    HAND_EDITED = "hand-edited"
    """Somebody changed it; `apply` keeps it, `apply --reset` overwrites it."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file of one client. `lines` is a unified diff from disk to what shall be.

    Of a secret file only the names of the keys that differ are in it.
    """

    tenant_id: str
    path: Path
    change: Change
    lines: tuple[str, ...] = ()


class Ending(StrEnum):
    """How a command over many clients ended for one of them."""

    DONE = "done"
    REFUSED = "refused"
    """Nothing of it was touched."""
    FAILED = "failed"
    """What was done to it was undone, as far as its error does not say otherwise."""
    NOT_BEGUN = "not-begun"
    """The command was stopped before its turn came."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One client's part of a command over many: its files, or why there are none."""

    tenant_id: str
    ending: Ending
    files: Sequence[FileReport] = ()
    error: ProvisionError | None = None


def diff(context: Context, tenant_id: str | None) -> list[Outcome]:
    """Return the files that are not as they shall be, of one client or of all; changes nothing.

    One of all that cannot be compared hides nobody else. Raises InvalidConfiguration when plans.yaml is
    wrong, also while there is no client, and whatever keeps a client given by its id from being compared.
    """
    context.require_catalogue()
    if tenant_id is not None:
        return [Outcome(tenant_id, Ending.DONE, _diff_one(context, tenant_id))]
    return _one_after_another(_applied(context), lambda name: _diff_one(context, name))


def apply(context: Context, tenant_id: str | None, *, reset: bool) -> list[Outcome]:
    """Bring one client, or all, to what they shall be; return what was found for every file.

    Of all, each is brought there by itself: one that fails is undone and the next is begun. Raises what the
    shared parts fail with, before any client is touched, and whatever a client given by its id fails with.
    """
    context.require_catalogue()
    if tenant_id is not None:
        return [Outcome(tenant_id, Ending.DONE, _apply_one(context, tenant_id, reset=reset))]
    names = _applied(context)
    _apply_host(context)
    return _one_after_another(names, lambda name: _apply_one(context, name, reset=reset))


def converge(context: Context, transaction: Transaction, entry: Entry, *, reset: bool) -> list[FileReport]:
    """Bring one client to what it shall be, inside a transaction."""
    return bring(context, transaction, tenant_of(context, entry), reset=reset)


def bring(
    context: Context,
    transaction: Transaction,
    tenant: Tenant,
    *,
    reset: bool,
    wish: Wish | None = None,
    last: Callable[[], object] | None = None,
) -> list[FileReport]:
    """Bring one client to what is given, inside a transaction; `wish` says what else is to be so.

    What is `last` is done before the files count as written: when it raises, they are undone.
    """
    driver, wish = context.driver, wish or Wish()
    reports = _reports(context, transaction.registry, tenant, transaction.sight.begun_writes(tenant))
    edited = frozenset(one.path for one in reports if one.change == Change.HAND_EDITED and not reset)
    kept = edited | wish.keep
    transaction.execute(driver.steps(tenant, transaction.sight.tenant(tenant), replace(wish, keep=kept)))
    if last is not None:
        last()
    before = transaction.registry.written(tenant.id)
    transaction.registry.record_written(tenant.id, _written(driver.files(tenant), kept, before))
    return reports


def change_request(
    context: Context, transaction: Transaction, before: Entry, request: TenantRequest
) -> list[FileReport]:
    """Record what a client shall be from now on and bring it there; when that fails, it is as before."""
    registry = transaction.registry
    agreed = registry.agreed(before.id)
    registry.change(request, spec_of(context, request, before.port))
    try:
        return converge(context, transaction, registry.get(before.id), reset=False)
    except ProvisionError:
        registry.change_back(before.request, spec_of(context, before.request, before.port), agreed)
        raise


def rehearse_converge(context: Context, entry: Entry) -> Sequence[Step]:
    """Return exactly the steps that would bring one client to what it shall be, the host's before them."""
    tenant, driver, sight = tenant_of(context, entry), context.driver, Sight.without_lock(context)
    reports = _reports(context, context.registry, tenant, sight.begun_writes(tenant))
    kept = frozenset(one.path for one in reports if one.change == Change.HAND_EDITED)
    shared = driver.host_steps(sight.host()) if entry.state == State.RUNNING else ()
    steps = driver.steps(tenant, sight.tenant(tenant), Wish(keep=kept))
    return tuple(without_repeated_orders((*shared, *steps)))


def require_no_hand_edit(context: Context, transaction: Transaction, entry: Entry, wanted: Entry) -> None:
    """Raise WrongState when a file that must change from `entry` to `wanted` was edited by hand."""
    now, later = tenant_of(context, entry), tenant_of(context, wanted)
    unchanged = {(file.path, file.digest) for file in context.driver.files(now)}
    changing_paths = {
        file.path for file in context.driver.files(later) if (file.path, file.digest) not in unchanged
    }
    for path in hand_edited(context, transaction, now) & changing_paths:
        raise WrongState(
            f"{path} was edited by hand and would be kept: the change would not be in force.",
            f"`provision diff {entry.id}` shows the edit; `provision apply {entry.id} --reset` drops it; "
            "then run this command again.",
        )


def hand_edited(context: Context, transaction: Transaction, tenant: Tenant) -> set[Path]:
    """Return the files of a client that somebody changed by hand."""
    reports = _reports(context, transaction.registry, tenant, transaction.sight.begun_writes(tenant))
    return {one.path for one in reports if one.change == Change.HAND_EDITED}


def _apply_host(context: Context) -> None:
    with changing(context, "apply") as transaction:
        transaction.prepare_host()


def _apply_one(context: Context, tenant_id: str, *, reset: bool) -> list[FileReport]:
    with changing(context, f"apply {tenant_id}", tenant_id) as transaction:
        entry = _entry(transaction.registry, tenant_id, "apply")
        require_present(context, entry)
        require_data(context.layout, entry)
        transaction.prepare_host()
        tenant = tenant_of(context, entry)
        transaction.registry.change(entry.request, tenant.spec)
        return converge(context, transaction, entry, reset=reset)


def _diff_one(context: Context, tenant_id: str) -> list[FileReport]:
    entry = _entry(context.registry, tenant_id, "diff")
    reports = _reports(context, context.registry, tenant_of(context, entry))
    return [report for report in reports if report.change != Change.UNCHANGED]


def _one_after_another(names: Sequence[str], act: Callable[[str], Sequence[FileReport]]) -> list[Outcome]:
    """Go through the clients; only what concerns the command itself keeps the rest from being begun."""
    outcomes: list[Outcome] = []
    with Interruption(at_once=True) as interruption:
        for name in names:
            outcomes.append(_attempt(name, act))
            if interruption.came or isinstance(outcomes[-1].error, LockHeld):
                break
    return [*outcomes, *(Outcome(name, Ending.NOT_BEGUN) for name in names[len(outcomes) :])]


def _attempt(tenant_id: str, act: Callable[[str], Sequence[FileReport]]) -> Outcome:
    try:
        return Outcome(tenant_id, Ending.DONE, act(tenant_id))
    except KeyboardInterrupt:
        return Outcome(tenant_id, Ending.NOT_BEGUN)
    except Refused as error:
        return Outcome(tenant_id, Ending.REFUSED, error=error)
    except ProvisionError as error:
        return Outcome(tenant_id, Ending.FAILED, error=error)
    except OSError as error:
        return Outcome(tenant_id, Ending.FAILED, error=from_system(error))


def _entry(registry: Registry, tenant_id: str, command: str) -> Entry:
    """An archived client has no port and a half-made one no accounts: their files are for nobody to write."""
    entry = registry.get(tenant_id)
    require_state(entry, _APPLIED, command)
    return entry


def _applied(context: Context) -> list[str]:
    return [entry.id for entry in context.registry.all() if entry.state in _APPLIED]


def _written(
    files: Sequence[RenderedFile], kept: frozenset[Path], before: dict[Path, str]
) -> dict[Path, str]:
    """The digests to remember: a file that was kept is still known as we last wrote it."""
    written = {file.path: file.digest for file in files if file.path not in kept}
    return {**written, **{path: before[path] for path in kept if path in before}}


def _reports(
    context: Context, registry: Registry, tenant: Tenant, begun: frozenset[tuple[Path, str]] = frozenset()
) -> list[FileReport]:
    observed = context.driver.observe(tenant)
    ours = begun | frozenset(registry.written(tenant.id).items())
    return [_report(tenant, file, observed, ours) for file in context.driver.files(tenant)]


def _report(
    tenant: Tenant, file: RenderedFile, observed: Observed, ours: frozenset[tuple[Path, str]]
) -> FileReport:
    now = observed.digests.get(file.path)
    change = _compare(now, file.digest, ours=(file.path, now) in ours)
    lines = () if change == Change.UNCHANGED else _lines(file)
    return FileReport(tenant.id, file.path, change, lines)


def _compare(now: str | None, wanted: str, *, ours: bool) -> Change:
    if now is None:
        return Change.CREATED
    if now == wanted:
        return Change.UNCHANGED
    return Change.UPDATED if ours else Change.HAND_EDITED


def _lines(file: RenderedFile) -> tuple[str, ...]:
    now = read_text(file.path) or ""
    if file.secret:
        return tuple(f"differs: {key}" for key in _differing_keys(now, file.text))
    compared = difflib.unified_diff(
        now.splitlines(), file.text.splitlines(), f"{file.path} (now)", f"{file.path} (to be)", lineterm=""
    )
    return tuple(compared)


def _differing_keys(now: str, wanted: str) -> list[str]:
    one, other = (dotenv_values(stream=StringIO(text), interpolate=False) for text in (now, wanted))
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
