"""What a command sees of the host and its clients, earlier commands that were cut off considered.

A file may have been written just before a kill, and never been read by the program it is for: after a
command was cut off, no file it may have touched is taken as being in effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Self

from provisioner.apply import lock
from provisioner.apply.journal import CutOff, cut_off
from provisioner.drivers.protocol import Observed, Tenant
from provisioner.registry.models import State
from provisioner.registry.registry import Registry
from provisioner.service.context import Context


def has_ended(one: CutOff, registry: Registry) -> bool:
    """Say whether a command was killed only once it had done all.

    One that begins a client records last of all that it is there.
    """
    entry = registry.find(one.tenant_id) if one.begins else None
    return entry is not None and entry.state != State.CREATING


@dataclass(frozen=True, slots=True)
class Sight:
    """How to look at this root; `earlier` are the commands that were cut off and not settled since."""

    context: Context
    earlier: Sequence[CutOff]

    @classmethod
    def without_lock(cls, context: Context) -> Self:
        """Look without holding the lock: a command that is at work was not cut off."""
        at_work = lock.holder(context.layout.lock)
        stopped = [one for one in cut_off(context.layout.journal) if one.pid != at_work]
        return cls(context, [one for one in stopped if not has_ended(one, context.registry)])

    def cut_off_on(self, tenant_id: str) -> bool:
        """Say whether an earlier command on a client was killed, and nothing has settled it since."""
        return any(one.tenant_id == tenant_id for one in self.earlier)

    def cut_off_since(self, command: str) -> datetime | None:
        """Return when a command of exactly these words first began that was killed; None when none was."""
        return min((one.since for one in self.earlier if one.command == command), default=None)

    def host(self) -> Observed:
        """Look at the parts all clients share."""
        observed = self.context.driver.observe_host()
        return replace(observed, digests={}) if any(one.shared for one in self.earlier) else observed

    def tenant(self, tenant: Tenant) -> Observed:
        """Look at a client."""
        observed = self.context.driver.observe(tenant)
        return replace(observed, digests={}) if self.cut_off_on(tenant.id) else observed

    def begun_writes(self, tenant: Tenant) -> frozenset[tuple[Path, str]]:
        """Return what commands that were cut off had begun to write of a client: paths with digests.

        Those of the host are among them, which write every client's site.
        """
        on_it = (one.writes for one in self.earlier if one.tenant_id in ("", tenant.id))
        return frozenset(one for writes in on_it for one in writes)
