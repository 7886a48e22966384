"""Joins the rows of ``list`` with the usage files of this month; changes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from provisioner.dashboard.clients import BYTES_PER_MB, Client, UsageState
from provisioner.naming import TenantId
from provisioner.registry.registry import Entry
from provisioner.service import listing
from provisioner.service.context import Context
from provisioner.usage_files import UnreadableUsage, UsageRecord, read_usage


def read_clients(context: Context) -> list[Client]:
    """Return every client with the usage of the current month (UTC)."""
    # A context keeps what it has loaded; the dashboard lives longer than what was loaded is true.
    now = replace(context)
    entries = {entry.id: entry for entry in now.registry.all()}
    month = now.clock.now().strftime("%Y-%m")
    return [
        _client(now.layout.client(TenantId(row.id)), row, entries[row.id], month)
        for row in listing.rows(now)
        # One booked between the two readings is shown the next time.
        if row.id in entries
    ]


def read_client(context: Context, client_id: str) -> Client:
    """Return one client with the usage of the current month (UTC); raises UnknownTenant."""
    entry, row = context.registry.get(client_id), listing.row(context, client_id)
    month = context.clock.now().strftime("%Y-%m")
    return _client(context.layout.client(TenantId(client_id)), row, entry, month)


def _client(directory: Path, row: listing.Row, entry: Entry, month: str) -> Client:
    usage_state, usage = _usage(directory, entry.id, month)
    storage_mb = entry.limits["storage_mb"]
    return Client(
        id=row.id,
        name=row.name,
        plan=row.plan,
        port=row.port,
        hostname=row.hostname,
        url=row.url,
        state=row.state,
        health=row.health,
        price_cents=entry.price_cents,
        storage_limit=None if storage_mb is None else storage_mb * BYTES_PER_MB,
        usage_state=usage_state,
        usage=usage,
    )


def _usage(directory: Path, client_id: str, month: str) -> tuple[UsageState, UsageRecord | None]:
    try:
        usage = read_usage(directory, client_id, month)
    except UnreadableUsage:
        return "unreadable", None
    return ("known", usage) if usage else ("none", None)
