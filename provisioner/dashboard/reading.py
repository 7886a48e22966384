"""Joins the registry with the usage files of this month; opens both for reading only."""

from __future__ import annotations

from typing import Final

from provisioner.clock import Clock
from provisioner.dashboard.clients import MEBIBYTE, Client, UsageState
from provisioner.host import HostSettings
from provisioner.naming import TenantId
from provisioner.registry.database import Database
from provisioner.registry.registry import Entry, Registry
from provisioner.usage_files import UnreadableUsage, UsageRecord, read_usage

UNKNOWN_HEALTH: Final = "unknown"


def read_clients(host: HostSettings, clock: Clock) -> list[Client]:
    """Return every client of the host with the usage of the current month (UTC)."""
    registry = Registry(Database.open_to_read(host.layout.registry), clock)
    month = clock.now().strftime("%Y-%m")
    return [_client(host, entry, month) for entry in registry.all()]


def _client(host: HostSettings, entry: Entry, month: str) -> Client:
    usage_state, usage = _usage(host, entry, month)
    storage_mb = entry.limits["storage_mb"]
    return Client(
        id=entry.id,
        name=entry.name,
        plan=entry.plan,
        port=entry.port,
        hostname=entry.hostname,
        url=host.public_url(entry.hostname),
        state=entry.state,
        health=UNKNOWN_HEALTH,
        price_cents=entry.price_cents,
        storage_limit=None if storage_mb is None else storage_mb * MEBIBYTE,
        usage_state=usage_state,
        usage=usage,
    )


def _usage(host: HostSettings, entry: Entry, month: str) -> tuple[UsageState, UsageRecord | None]:
    try:
        usage = read_usage(host.layout.client(TenantId(entry.id)), entry.id, month)
    except UnreadableUsage:
        return "unreadable", None
    return ("known", usage) if usage else ("none", None)
