"""`list`, `show` and `status`: what the registry says, beside what is so now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from provisioner.drivers.protocol import Activity, Promise
from provisioner.errors import ProvisionError
from provisioner.installation import Release
from provisioner.naming import TenantId
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.service.context import Context
from provisioner.service.health import Health, ask_all
from provisioner.service.releases import release_of
from provisioner.usage_files import UnreadableUsage, read_usage

_SHOWN: Final[Mapping[Activity, str]] = {
    Activity.RUNNING: "running",
    Activity.ASLEEP: "asleep",
    Activity.STOPPED: "failed",
    Activity.FAILED: "failed",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of `list`: the contract's fields, in its order.

    While a change of the embedding model is under way, `model_change` says how many passages are `done`, of
    how many in `total`, as of the last usage file.
    """

    id: str
    name: str
    plan: str
    port: int | None
    hostname: str
    url: str
    state: str
    health: str
    model_change: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class Card:
    """One client in full."""

    row: Row
    entry: Entry
    promises: Sequence[Promise]
    notices: Sequence[str]
    release: Release | None

    def facts(self) -> dict[str, Any]:
        """What was asked for beside the row, without what was not given."""
        asked = self.entry.request.model_dump(mode="json", exclude={"id", "plan"}, exclude_none=True)
        archive = {"archive": str(self.entry.archive)} if self.entry.archive else {}
        price = f"{self.entry.price_cents / 100:.2f}"
        version = {"version": str(self.release)} if self.release else {}
        return {**asked, **version, "limits": dict(self.entry.limits), "price": price, **archive}


def rows(context: Context) -> list[Row]:
    """Return every client, by id."""
    return _rows(context, context.registry.all())


def row(context: Context, tenant_id: str) -> Row:
    """Return one client; raises UnknownTenant."""
    return _rows(context, [context.registry.get(tenant_id)])[0]


def card(context: Context, tenant_id: str) -> Card:
    """Return one client in full; raises UnknownTenant."""
    entry = context.registry.get(tenant_id)
    shown = _rows(context, [entry])[0]
    release = release_of(context, tenant_id)
    return Card(shown, entry, context.driver.promises(), context.driver.notices(), release)


def _rows(context: Context, entries: Sequence[Entry]) -> list[Row]:
    found = dict(zip((entry.id for entry in entries), states(context, entries), strict=True))
    asked = healths((entry.id, entry.port, entry.hostname, found[entry.id]) for entry in entries)
    return [_row(context, entry, found[entry.id], asked) for entry in entries]


def healths(clients: Iterable[tuple[str, int | None, str, str]]) -> Mapping[str, Health]:
    """Ask clients (id, port, host name, state) how they are; those that are not to run are not asked."""
    return ask_all(
        {
            client_id: (port, hostname)
            for client_id, port, hostname, state in clients
            if port and state in ("running", "failed")
        }
    )


def _row(context: Context, entry: Entry, state: str, healths: Mapping[str, Health]) -> Row:
    health = healths.get(entry.id, Health.UNKNOWN)
    return Row(
        id=entry.id,
        name=entry.name,
        plan=entry.plan,
        port=entry.port,
        hostname=entry.hostname,
        url=context.host.public_url(entry.hostname),
        state=state,
        health=health,
        model_change=_model_change(context, entry),
    )


def _model_change(context: Context, entry: Entry) -> Mapping[str, int] | None:
    """Read the usage file; one that cannot be believed says nothing here, and `usage` tells of it."""
    folder = context.layout.root / f"client-{entry.id}"
    try:
        record = read_usage(folder, entry.id, f"{context.clock.now():%Y-%m}")
    except UnreadableUsage:
        return None
    return record.model_change.model_dump() if record and record.model_change else None


def states(context: Context, entries: Sequence[Entry]) -> list[str]:
    """Return what each client's process does, in one question to the driver; see `Row.state`."""
    meant_to_run = [TenantId(entry.id) for entry in entries if entry.state == State.RUNNING]
    activities = _activities(context, meant_to_run) if meant_to_run else {}
    return [
        _SHOWN[activities[TenantId(entry.id)]] if entry.state == State.RUNNING else entry.state
        for entry in entries
    ]


def _activities(context: Context, ids: Sequence[TenantId]) -> Mapping[TenantId, Activity]:
    """Ask the driver; who may not ask it (the dashboard has no root) believes the registry."""
    try:
        return context.driver.activities(ids)
    except ProvisionError:
        return dict.fromkeys(ids, Activity.RUNNING)
