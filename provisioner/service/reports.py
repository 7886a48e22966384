"""`usage` and `events`: what clients used, and what was done to them."""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.errors import InvalidRequest, ProvisionError
from provisioner.registry.models import State
from provisioner.registry.registry import Entry, Event
from provisioner.service.context import Context
from provisioner.service.operations import operate
from provisioner.usage_files import MONTH, Export, UnreadableUsage, UsageRecord, read_export


@dataclass(frozen=True, slots=True)
class Usage:
    """A month's usage: of those whose figures are known, and why those of the others are not."""

    known: list[UsageRecord]
    unknown: list[UnreadableUsage]


def usage(context: Context, tenant_id: str | None, month: str | None) -> Usage:
    """Return the month's usage (`YYYY-MM`, this month by default) of one client or of all that have any.

    A file that is missing or damaged is rebuilt by the instance from its ledger. One that cannot be believed
    even then is told of beside the others: unknown is never shown as zero. Raises InvalidRequest for a month
    that is none.
    """
    if month is not None and not MONTH.fullmatch(month):
        raise InvalidRequest("--month", f"{month!r} is no month.", "Write it as YYYY-MM, such as 2026-01.")
    wanted = month or f"{context.clock.now():%Y-%m}"
    entries = [context.registry.get(tenant_id)] if tenant_id else context.registry.all()
    found = Usage([], [])
    for entry in entries:
        if entry.state != State.ARCHIVED:
            _add_usage(found, context, entry, wanted)
    return found


def events(context: Context, tenant_id: str | None, limit: int) -> list[Event]:
    """Return the last events, oldest first; those of a purged client are still there."""
    return context.registry.events(tenant_id, limit)


def _add_usage(found: Usage, context: Context, entry: Entry, month: str) -> None:
    try:
        export = export_of(context, entry, month)
    except UnreadableUsage as error:
        found.unknown.append(error)
        return
    if export:
        found.known.append(export.record)


def export_of(context: Context, entry: Entry, month: str) -> Export | None:
    """Return a client's usage file of a month, rebuilt by the instance when it is missing or damaged.

    None when nothing was counted. Raises UnreadableUsage for one that cannot be believed even then.
    """
    folder = context.layout.root / f"client-{entry.id}"
    can_rebuild = entry.state in (State.RUNNING, State.STOPPED, State.SUSPENDED)
    try:
        export = read_export(folder, entry.id, month)
    except UnreadableUsage:
        if not can_rebuild:
            raise
        export = None
    if export is None and can_rebuild:
        _rebuild(context, entry.id, month)
        export = read_export(folder, entry.id, month)
    return export


def _rebuild(context: Context, tenant_id: str, month: str) -> None:
    """Let the instance write its usage file anew; when it cannot, reading it says what is wrong."""
    past = {"month": month} if month < f"{context.clock.now():%Y-%m}" else {}
    try:
        operate(context, tenant_id, "usage", past)
    except ProvisionError as error:
        context.say(f"{tenant_id} did not write its usage anew: {error}")
