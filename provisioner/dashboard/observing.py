"""Looks at every client, and notes what was seen: by a timer, or for as long as the dashboard is served."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from provisioner.dashboard.observations import Observations, Seen
from provisioner.dashboard.reading import Reader
from provisioner.dashboard.store import Store
from provisioner.service.context import Context
from provisioner.service.health import Health

_ASKED: Final = frozenset({"running", "failed"})


def look(context: Context) -> list[Seen]:
    """Ask every client that should answer now how it is, and read its usage.

    Under systemd this takes who may ask systemd: asking a client that sleeps would wake it.
    """
    reader = Reader(replace(context))
    return [
        Seen(one.id, Health(one.health) if one.state in _ASKED else None, one.usage)
        for one in reader.with_health(reader.all())
    ]


def note(store: Store, moment: datetime, seen: Sequence[Seen]) -> None:
    """Note what was seen at a moment."""
    Observations(store).record(moment, seen)


def observe_always(context: Context, seconds: float) -> None:
    """Look at every client each so many seconds, on a thread of its own, for the life of the process."""
    store, pause = Store(context.root), threading.Event()

    def go_on() -> None:
        while not pause.wait(seconds):
            try:
                note(store, context.clock.now(), look(context))
            except Exception as error:  # noqa: BLE001 - the next look may succeed; what is not seen is a gap
                traceback.print_exception(error)

    threading.Thread(target=go_on, daemon=True).start()
