"""`usage` and `events`: what clients used, and what was done to them."""

from __future__ import annotations

from provisioner.errors import ProvisionError
from provisioner.registry.models import State
from provisioner.registry.registry import Entry, Event
from provisioner.service.context import Context
from provisioner.service.operations import operate
from provisioner.usage_files import UnreadableUsage, UsageRecord, read_usage


def usage(context: Context, tenant_id: str | None, month: str | None) -> list[UsageRecord]:
    """Return the month's usage (`YYYY-MM`, this month by default) of one client or of all that have any.

    A file that is missing or damaged is rebuilt by the instance from its ledger. Raises UnreadableUsage
    when it cannot be believed even then: unknown is never shown as zero.
    """
    wanted = month or f"{context.clock.now():%Y-%m}"
    entries = [context.registry.get(tenant_id)] if tenant_id else context.registry.all()
    found = (_usage(context, entry, wanted) for entry in entries if entry.state != State.ARCHIVED)
    return [record for record in found if record]


def events(context: Context, tenant_id: str | None, limit: int) -> list[Event]:
    """Return the last events, oldest first; those of a purged client are still there."""
    return context.registry.events(tenant_id, limit)


def _usage(context: Context, entry: Entry, month: str) -> UsageRecord | None:
    folder = context.layout.root / f"client-{entry.id}"
    try:
        record = read_usage(folder, entry.id, month)
    except UnreadableUsage:
        record = None
    if record is None and entry.state in (State.RUNNING, State.STOPPED):
        _rebuild(context, entry.id)
        record = read_usage(folder, entry.id, month)
    return record


def _rebuild(context: Context, tenant_id: str) -> None:
    """Let the instance write its usage file anew; when it cannot, reading it says what is wrong."""
    try:
        operate(context, tenant_id, "usage", {})
    except ProvisionError as error:
        context.say(f"{tenant_id} did not write its usage anew: {error}")
