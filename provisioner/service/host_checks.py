"""What an operator would look at by hand on a host: room, time, backups, what killed commands have left."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from provisioner.apply import lock
from provisioner.backups import folder as folders
from provisioner.drivers.protocol import Finding
from provisioner.filesystem import is_directory_as_made, temporary_files
from provisioner.registry.models import State
from provisioner.registry.registry import Entry, Event
from provisioner.service.backup_target import HOST, PASSING
from provisioner.service.canaries import left
from provisioner.service.context import Context

LEAST_FREE_SHARE: Final = 0.1
LEAST_FREE_BYTES: Final = 2_000_000_000
"""Both must fall short: a tenth of a large disk is enough, and so is a small one that is nearly empty."""
OLDEST_BACKUP: Final = timedelta(days=2)
_KEPT: Final = (State.RUNNING, State.STOPPED, State.SUSPENDED)
CLOCK_TOLERANCE: Final = timedelta(minutes=1)


class Room(NamedTuple):
    """A disk's size and what is free of it, in bytes; the shape of `shutil.disk_usage`."""

    total: int
    used: int
    free: int


def examine_host(context: Context, room: Callable[[Path], Room] | None = None) -> Iterator[Finding]:
    """Return what is wrong with the host as a whole."""
    now = context.clock.now()
    entries = context.registry.all()
    yield from waiting_backups(context)
    yield from open_packages(context.layout.packages)
    yield from little_room(context.root, room or (lambda path: Room(*shutil.disk_usage(path))))
    yield from clock_set_back(context.registry.events(None, 1), now)
    for entry in entries:
        taken = context.registry.last_done(entry.id, f"backup {entry.id}")
        yield from old_backup(entry, taken, now)
    yield from old_host_backup(entries, context.registry.last_done("", "backup --host"), now)
    if lock.holder(context.layout.lock) is None:
        yield from stray_files(context.root)
        yield from canaries_left(context.layout.isolation_proof)


def little_room(root: Path, room: Callable[[Path], Room]) -> Iterator[Finding]:
    """Tell of a disk that is nearly full: documents, backups and the registry stop there."""
    there = room(root)
    if there.free < LEAST_FREE_BYTES and there.free < there.total * LEAST_FREE_SHARE:
        problem = f"{there.free // 1_000_000} MB are free on the disk of {root}."
        yield Finding("host", problem, "docs/operators/bad-days.md, `Disk full`, says what may go.")


def clock_set_back(latest: Sequence[Event], now: datetime) -> Iterator[Finding]:
    """Tell of a clock before the last event: tokens, bills and backups follow it."""
    for event in latest:
        if event.at > now + CLOCK_TOLERANCE:
            problem = (
                f"The clock says {now:%Y-%m-%d %H:%M} UTC, before the last event ({event.at:%Y-%m-%d %H:%M})."
            )
            yield Finding("host", problem, "`timedatectl` shows it; let a time service keep it.")


def old_backup(entry: Entry, taken: datetime | None, now: datetime) -> Iterator[Finding]:
    """Tell of a client whose last backup, wherever it went, is older than two days; of a new one without."""
    if entry.state in _KEPT and now - (taken or entry.created_at) > OLDEST_BACKUP:
        since = f"Its last backup is of {taken:%Y-%m-%d}." if taken else "It has never been backed up."
        yield Finding(entry.id, since, f"provision backup {entry.id} --keep 7, every night")


def old_host_backup(entries: Sequence[Entry], taken: datetime | None, now: datetime) -> Iterator[Finding]:
    """Tell of a host with clients whose own files were last kept more than two days ago."""
    since = [entry.created_at for entry in entries if entry.state in _KEPT]
    if since and now - (taken or min(since)) > OLDEST_BACKUP:
        kept = f"last backed up on {taken:%Y-%m-%d}" if taken else "never backed up"
        problem = f"The host's own files (registry, settings, invoices) were {kept}."
        yield Finding("host", problem, "provision backup --host, every night")


def waiting_backups(context: Context) -> Iterator[Finding]:
    """Tell of backups that a store did not take when they were made."""
    if context.host.backups_go_to_s3:
        if waiting := folders.backups_in(context.layout.host_backups, HOST):
            problem = f"{len(waiting)} backups of the host are on it only: {waiting[0]}."
            yield Finding("host", problem, "provision backup --host, which takes them along")
        for entry in context.registry.all():
            if waiting := folders.backups_in(context.layout.backups / entry.id, entry.id):
                problem = f"{len(waiting)} backups of it are on this host only: {waiting[0]}."
                yield Finding(entry.id, problem, f"provision backup {entry.id}, which takes them along")


def open_packages(folder: Path) -> Iterator[Finding]:
    """Tell of packages, which hold clients' keys, that others than the operator could get at."""
    if folder.exists() and not is_directory_as_made(folder, 0o700):
        problem = f"{folder}, where the keys in clients' packages are, is not closed to others."
        yield Finding("host", problem, f"chmod 700 {folder}")


def stray_files(root: Path) -> Iterator[Finding]:
    """Tell of temporary files that a killed command has left, while none is at work."""
    left = [*temporary_files(root), *root.glob(f"{PASSING}*")]
    if left:
        shown = f"{left[0]}" + (f" and {len(left) - 1} more" if len(left) > 1 else "")
        yield Finding(
            "host",
            f"A killed command has left {shown}.",
            f"{'rm -r' if left[0].is_dir() else 'rm'} {left[0]}" if len(left) == 1 else "rm -r them",
        )


def canaries_left(marker: Path) -> Iterator[Finding]:
    """Tell of what a proof of isolation has left that was cut off."""
    if names := left(marker):
        problem = f"A proof of isolation was cut off: there may be canaries in {', '.join(names)}."
        yield Finding("host", problem, "`provision prove-isolation` clears them, then proves it anew.")
