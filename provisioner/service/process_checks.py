"""Whether each client's data and port are held by its own process, and by nobody else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

from provisioner import open_files
from provisioner.drivers.protocol import Finding
from provisioner.naming import TenantId
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.service.context import Context

_SYSTEMD: Final = 1
"""Holds the ports of the systemd driver's clients, asleep or not."""
_AT_REST: Final = (State.STOPPED, State.SUSPENDED)


def examine_processes(context: Context) -> Iterator[Finding]:
    """Return what is wrong with who holds clients' data and ports."""
    driver = context.driver
    entries = [entry for entry in context.registry.all() if entry.port is not None]
    owners = dict(_owners(context, entries))
    for entry in entries:
        yield from owned_once(entry, owners[entry.id], driver.main_process)
    yield from _ports(context, entries, owners)
    yield from same_ports(dict(_configured_ports(context, entries)))


def _configured_ports(context: Context, entries: Collection[Entry]) -> Iterator[tuple[str, Collection[int]]]:
    """Leave out a client whose settings cannot be read: the comparison of its files tells of that."""
    for entry in entries:
        try:
            ports = context.driver.configured_ports(TenantId(entry.id))
        except OSError:
            continue
        yield entry.id, ports


def owned_once(entry: Entry, owners: set[int], main_process: Callable[[TenantId], int]) -> Iterator[Finding]:
    """Tell of a store with two owners, which damage it, and of one whose client is not to run."""
    heads = open_files.heads(owners)
    if entry.state in _AT_REST and heads:
        problem = f"It is {entry.state}, and its data are still held by {_named(heads)}."
        mend = f"`provision {_at_rest(entry)} {entry.id}` ends its own process; {_kill(heads)} any other."
        yield Finding(entry.id, problem, mend)
    elif len(heads) > 1:
        strange = heads - {main_process(TenantId(entry.id))}
        problem = f"Its vector store has more than one owner: {_named(heads)}. They damage it."
        mend = f"{_kill(strange)} what is not its own; then `provision restart {entry.id}`."
        yield Finding(entry.id, problem, mend)


def same_ports(configured: Mapping[str, Collection[int]]) -> Iterator[Finding]:
    """Tell of clients whose settings name one port."""
    sharing = defaultdict[int, set[str]](set)
    for name, ports in configured.items():
        for port in ports:
            sharing[port].add(name)
    for port, names in sorted(sharing.items()):
        if len(names) > 1:
            together = " and ".join(sorted(names))
            mend = "`provision diff` shows which file was changed; `provision apply ID --reset` mends it."
            yield Finding(min(names), f"{together} are set to the same port, {port}.", mend)


def _ports(context: Context, entries: Collection[Entry], owners: Mapping[str, set[int]]) -> Iterator[Finding]:
    listening = open_files.listeners(entry.port for entry in entries if entry.port)
    for entry in entries:
        port = entry.port or 0
        if port in listening:
            yield from held_port(entry, listening[port], owners[entry.id], context.driver.name)
        elif entry.state == State.RUNNING:
            problem = f"Nobody listens on its port, {port}."
            yield Finding(entry.id, problem, f"`provision start {entry.id}` opens it.")


def held_port(entry: Entry, listeners: set[int], owners: set[int], driver: str) -> Iterator[Finding]:
    """Tell of a booked port on which somebody else listens, and of one that should be closed."""
    by_systemd = driver == "systemd" and _SYSTEMD in listeners
    if by_systemd and entry.state in _AT_REST:
        problem = f"It is {entry.state}, and its port, {entry.port}, is open: a request would start it."
        yield Finding(entry.id, problem, f"`provision {_at_rest(entry)} {entry.id}` closes it.")
    elif not by_systemd and not listeners & owners:
        strange = open_files.heads(listeners)
        problem = f"Its port, {entry.port}, is held by {_named(strange)}, which is not its own."
        mend = f"{_kill(strange)} that program; then `provision start {entry.id}`, if it shall run."
        yield Finding(entry.id, problem, mend)


def _owners(context: Context, entries: Collection[Entry]) -> Iterator[tuple[str, set[int]]]:
    """Return the processes that hold each client's data: one look at all processes for all clients."""
    files = {entry.id: _store(context.layout.data(TenantId(entry.id))) for entry in entries}
    held = open_files.holders(one for some in files.values() for one in some)
    for entry in entries:
        yield entry.id, set[int]().union(*(held.get(one, set()) for one in files[entry.id]))


def _store(data: Path) -> set[open_files.FileId]:
    """The lock one process alone may hold, and the files of the vector store."""
    paths = (data / "lock", *(path for path in (data / "chroma").rglob("*") if path.is_file()))
    return {one for path in paths if (one := open_files.file_id(path)) is not None}


def _at_rest(entry: Entry) -> str:
    """The command that brings it to the state it is said to be in."""
    return "suspend" if entry.state == State.SUSPENDED else "stop"


def _named(pids: Collection[int]) -> str:
    """Each process with its name; none: those of somebody this user may not look at."""
    known = ", ".join(f"process {pid} ({open_files.command(pid)})" for pid in sorted(pids))
    return known or "a process that cannot be seen from here"


def _kill(pids: Collection[int]) -> str:
    return f"`kill {' '.join(map(str, sorted(pids)))}` ends" if pids else "End"
