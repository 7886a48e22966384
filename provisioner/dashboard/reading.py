"""Reads every client from the registry and the usage files; changes nothing.

Both are asked afresh for each page, and read again only where they have changed: a thousand clients are as
many small files, most of which are as they were a second ago.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

from provisioner.dashboard.clients import BYTES_PER_MB, Client, UsageState
from provisioner.registry.registry import Entry
from provisioner.service import listing
from provisioner.service.context import Context
from provisioner.usage_files import UnreadableUsage, UsageRecord, read_usage

_COUNTER: Final = slice(24, 28)
"""Where SQLite counts the changes of a database file: "file change counter" of its file format."""
_Read: TypeAlias = tuple[UsageState, UsageRecord | None]
_Mark: TypeAlias = tuple[int, int, int, int]


class Reader:
    """Returns clients as they are now. Several threads may ask at once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._entries: tuple[bytes, list[Entry]] | None = None
        self._usages: dict[str, tuple[str, _Mark, _Read]] = {}

    def all(self) -> list[Client]:
        """Return every client but how it answers: its health is "unknown"."""
        # A context keeps what it has loaded; the dashboard lives longer than what was loaded is true.
        now = replace(self._context)
        return self._clients(now, self._registered(now))

    def with_health(self, clients: Sequence[Client]) -> list[Client]:
        """Ask each of these that should run how it is, within two seconds."""
        found = listing.healths((one.id, one.port, one.hostname, one.state) for one in clients)
        return [replace(one, health=found.get(one.id, one.health)) for one in clients]

    def one(self, client_id: str) -> Client:
        """Return one client with its health; raises UnknownTenant."""
        now = replace(self._context)
        return self.with_health(self._clients(now, [now.registry.get(client_id)]))[0]

    def _clients(self, now: Context, entries: Sequence[Entry]) -> list[Client]:
        month = now.clock.now().strftime("%Y-%m")
        states = listing.states(now, entries)
        return [self._client(now, entry, state, month) for entry, state in zip(entries, states, strict=True)]

    def _client(self, now: Context, entry: Entry, state: str, month: str) -> Client:
        usage_state, usage = self._usage(f"{now.root}/client-{entry.id}", entry.id, month)
        storage_mb = entry.limits["storage_mb"]
        return Client(
            id=entry.id,
            name=entry.name,
            plan=entry.plan,
            port=entry.port,
            hostname=entry.hostname,
            url=now.host.public_url(entry.hostname),
            state=state,
            health="unknown",
            price_cents=entry.price_cents,
            storage_limit=None if storage_mb is None else storage_mb * BYTES_PER_MB,
            usage_state=usage_state,
            usage=usage,
        )

    def _registered(self, now: Context) -> list[Entry]:
        """Return the registry's clients, read anew when its file says that it has changed."""
        try:
            with now.layout.registry.open("rb") as file:
                counter = file.read(_COUNTER.stop)[_COUNTER]
        except FileNotFoundError:
            return now.registry.all()
        with self._lock:
            if self._entries is None or self._entries[0] != counter:
                self._entries = (counter, now.registry.all())
            return self._entries[1]

    def _usage(self, folder: str, client_id: str, month: str) -> _Read:
        """Return a usage file's content, read anew when it is another file than the last time.

        Who writes the file might have it seem the same: it would hide its own figures' change, and no more.
        """
        mark = _mark(f"{folder}/data/usage/{month}.json")
        known = self._usages.get(client_id)
        if known and mark and known[:2] == (month, mark):
            return known[2]
        read = _read(Path(folder), client_id, month)
        if mark:
            self._usages[client_id] = (month, mark, read)
        return read


def _mark(path: str) -> _Mark | None:
    try:
        there = os.lstat(path)
    except OSError:
        return None
    return (there.st_dev, there.st_ino, there.st_mtime_ns, there.st_size)


def _read(folder: Path, client_id: str, month: str) -> _Read:
    try:
        usage = read_usage(folder, client_id, month)
    except UnreadableUsage:
        return "unreadable", None
    return ("known", usage) if usage else ("none", None)
