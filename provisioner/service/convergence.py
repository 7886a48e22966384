"""`diff` and `apply`: what is on disk beside what shall be, and the way from one to the other.

Three versions of each file are compared: as Tenantry last wrote it (or had begun to, when it was cut off),
as it is, as it shall be. A file that is not as it was written was edited by hand; it is reported and kept,
and overwritten only with `--reset`.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values

from provisioner.drivers.protocol import Observed, Tenant, Wish
from provisioner.errors import WrongState
from provisioner.filesystem import RenderedFile, read_text
from provisioner.registry.models import State
from provisioner.registry.registry import Entry, Registry
from provisioner.service.context import Context
from provisioner.service.tenants import require_state, tenant_of
from provisioner.service.transaction import Transaction, changing

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


def diff(context: Context, tenant_id: str | None) -> list[FileReport]:
    """Return the files that are not as they shall be, of one client or of all; changes nothing.

    Raises InvalidConfiguration when plans.yaml is wrong, also while there is no client.
    """
    context.require_catalogue()
    return [
        report
        for entry in _entries(context.registry, tenant_id, "diff")
        for report in _reports(context, context.registry, tenant_of(context, entry))
        if report.change != Change.UNCHANGED
    ]


def apply(context: Context, tenant_id: str | None, *, reset: bool) -> list[FileReport]:
    """Bring one client, or all, to what they shall be; return what was found for every file.

    Clients are brought there one after another: when one fails it is undone, those before it stay.
    """
    context.require_catalogue()
    names = [tenant_id] if tenant_id else [entry.id for entry in _entries(context.registry, None, "apply")]
    if not names:
        _apply_host(context)
    return [report for name in names for report in _apply_one(context, name, reset=reset)]


def converge(context: Context, transaction: Transaction, entry: Entry, *, reset: bool) -> list[FileReport]:
    """Bring one client to what it shall be, inside a transaction."""
    tenant, driver = tenant_of(context, entry), context.driver
    reports = _reports(context, transaction.registry, tenant, transaction.sight.begun_writes(tenant))
    kept = frozenset(one.path for one in reports if one.change == Change.HAND_EDITED and not reset)
    transaction.execute(driver.steps(tenant, transaction.sight.tenant(tenant), Wish(keep=kept)))
    before = transaction.registry.written(entry.id)
    transaction.registry.record_written(entry.id, _written(driver.files(tenant), kept, before))
    return reports


def require_no_hand_edit(context: Context, transaction: Transaction, entry: Entry, wanted: Entry) -> None:
    """Raise WrongState when a file that must change from `entry` to `wanted` was edited by hand."""
    now, later = tenant_of(context, entry), tenant_of(context, wanted)
    unchanged = {(file.path, file.digest) for file in context.driver.files(now)}
    changing_paths = {
        file.path for file in context.driver.files(later) if (file.path, file.digest) not in unchanged
    }
    for one in _reports(context, transaction.registry, now, transaction.sight.begun_writes(now)):
        if one.change == Change.HAND_EDITED and one.path in changing_paths:
            raise WrongState(
                f"{one.path} was edited by hand and would be kept: the change would not be in force.",
                f"`provision diff {entry.id}` shows the edit; `provision apply {entry.id} --reset` drops it; "
                "then run this command again.",
            )


def _apply_host(context: Context) -> None:
    with changing(context, "apply") as transaction:
        transaction.prepare_host()


def _apply_one(context: Context, tenant_id: str, *, reset: bool) -> list[FileReport]:
    with changing(context, f"apply {tenant_id}", tenant_id) as transaction:
        entry = _entry(transaction.registry, tenant_id, "apply")
        transaction.prepare_host()
        tenant = tenant_of(context, entry)
        transaction.registry.change(entry.request, tenant.spec)
        return converge(context, transaction, entry, reset=reset)


def _entry(registry: Registry, tenant_id: str, command: str) -> Entry:
    """An archived client has no port and a half-made one no accounts: their files are for nobody to write."""
    entry = registry.get(tenant_id)
    require_state(entry, _APPLIED, command)
    return entry


def _entries(registry: Registry, tenant_id: str | None, command: str) -> Sequence[Entry]:
    if tenant_id is not None:
        return [_entry(registry, tenant_id, command)]
    return [entry for entry in registry.all() if entry.state in _APPLIED]


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
