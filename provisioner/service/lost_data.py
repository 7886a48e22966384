"""A client whose folder or database is gone from this host: told as that, and no hindrance to the others."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from provisioner.backups.manifest import DATABASE
from provisioner.drivers.protocol import Driver, Finding
from provisioner.errors import WrongState
from provisioner.layout import Layout
from provisioner.naming import TenantId
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.service.tenants import names_of
from provisioner.steps import Step

_HAVE_DATA = (State.RUNNING, State.STOPPED, State.SUSPENDED)


def has_lost_data(layout: Layout, entry: Entry) -> bool:
    """Say whether a client that is on this host has no database there any more.

    Of one whose data this user may not enter, it says no.
    """
    data = layout.data(TenantId(entry.id))
    gone = not data.is_dir() or (os.access(data, os.X_OK) and not (data / DATABASE).is_file())
    return gone and entry.state in _HAVE_DATA


def require_data(layout: Layout, entry: Entry) -> None:
    """Raise WrongState when a client has lost its data."""
    if has_lost_data(layout, entry):
        raise WrongState(_lost(layout, entry), _mend(entry))


def examine_data(layout: Layout, entries: Iterable[Entry]) -> Iterator[Finding]:
    """Tell of the clients that have lost their data."""
    for entry in entries:
        if has_lost_data(layout, entry):
            yield Finding(entry.id, _lost(layout, entry), _mend(entry))


def folder_steps(driver: Driver, layout: Layout, entries: Iterable[Entry]) -> Iterator[Step]:
    """Steps to have the folders there that clients have lost.

    nginx and supervisord refuse everybody's changes while the folder of one client's logs is missing.
    """
    for entry in entries:
        if entry.state in _HAVE_DATA and not layout.client_logs(TenantId(entry.id)).is_dir():
            yield from driver.directories(names_of(entry))


def _lost(layout: Layout, entry: Entry) -> str:
    return f"The data of {entry.id} are gone: there is no {layout.data(TenantId(entry.id)) / DATABASE}."


def _mend(entry: Entry) -> str:
    return (
        f"`provision restore` with the last of `provision backups {entry.id}` brings it back; "
        f"`provision purge {entry.id}` gives it up."
    )
