"""`backup` and `backups`: a client's data as one file, taken while the client goes on working."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from provisioner import __version__
from provisioner.backups import folder as folders
from provisioner.backups.age_streams import sealed
from provisioner.backups.manifest import ArchiveRefused, Manifest
from provisioner.backups.object_store import ObjectStore
from provisioner.backups.reading import matches_checksum, read_manifest, verify
from provisioner.backups.sealing import NO_KEYS, SUFFIX, Keys, Seal
from provisioner.errors import InvalidRequest, ProvisionError
from provisioner.filesystem import remove_tree
from provisioner.naming import TenantId
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.service.backup_target import (
    HOST,
    deliver,
    is_as_written,
    sent,
    store_of,
)
from provisioner.service.context import Context
from provisioner.service.operations import perform
from provisioner.service.tenants import require_state, spec_of
from provisioner.service.transaction import Transaction, changing
from provisioner.steps import MakeDirectory, Step, WriteBackup

Place: TypeAlias = Callable[[datetime], Path]
"""Gives the name of a backup that is taken at a moment; nothing has that name yet."""
_ACCEPTED: Final = (State.RUNNING, State.STOPPED, State.SUSPENDED)


@dataclass(frozen=True, slots=True)
class Written:
    """A backup that was taken: where, of what, its size in bytes, and older ones that gave way.

    `missing` originals were lost before it was taken. `keys` open it while this command
    lasts. `address` is where it is in a store; it is no longer in `file` then.
    """

    file: Path
    manifest: Manifest
    size: int
    removed: tuple[str, ...]
    missing: int = 0
    keys: Keys = NO_KEYS
    address: str = ""

    @property
    def where(self) -> str:
        """Where it is now."""
        return self.address or str(self.file)


@dataclass(frozen=True, slots=True)
class Kept:
    """One backup there is. `taken_at` is None when that cannot be read.

    `verified`: whether all of it is as it was written; None when that was not asked, or cannot be told of an
    encrypted one without its checksum. `problem` says why not.
    """

    where: str
    client_id: str
    taken_at: datetime | None
    size: int
    verified: bool | None
    problem: str = ""
    encrypted: bool = False


def backup(
    context: Context,
    tenant_id: str,
    *,
    to: Path | None = None,
    keep: int | None = None,
    seal: Seal | None = None,
) -> Written:
    """Take a backup of a client, running or not, and read it back; keep only the `keep` newest with it.

    It goes to the folder `to`, or where host.yaml says, encrypted with a `seal`. Raises StoreFailed when a
    store does not take it: it stays on this host then. Raises InvalidRequest when `to` is no folder. Failing
    otherwise, it leaves no file, and no older one is removed.
    """
    if to is not None and not to.is_dir():
        raise InvalidRequest("--to", f"{to} is no folder.", "Make it first; only its owner should read it.")
    store = None if to else store_of(context)
    folder = to.absolute() if to else (context.layout.backups if store else _target(context)) / tenant_id
    place = partial(folders.new_path, folder, tenant_id, sealed=seal is not None)
    written = take(context, tenant_id, place, keep=None if store else keep, seal=seal)
    if store is None:
        return written
    older = deliver(context, store, folder, tenant_id, keep, of=tenant_id)
    return replace(written, removed=older, address=f"{store.address}/{tenant_id}/{written.file.name}")


def take(
    context: Context,
    tenant_id: str,
    place: Place,
    *,
    command: str = "backup",
    keep: int | None = None,
    seal: Seal | None = None,
) -> Written:
    """Take a backup of a client to a place; `command` is what it is recorded as. See `backup`."""
    with changing(context, f"{command} {tenant_id}", tenant_id, settles=False) as transaction:
        entry = transaction.registry.get(tenant_id)
        require_state(entry, _ACCEPTED, command)
        file, missing = _write(context, transaction, entry, place, seal)
        keys = seal.keys if seal else NO_KEYS
        manifest = verify(file, keys)
        transaction.settle()
        removed = folders.surplus(folders.backups_in(file.parent, tenant_id), keep)
        for one in removed:
            folders.erase(one)
    return Written(file, manifest, file.stat().st_size, tuple(map(str, removed)), missing, keys)


def own_place(context: Context, tenant_id: str, seal: Seal | None) -> Place:
    """Return the place among the root's own backups, wherever host.yaml has others go."""
    return partial(folders.new_path, context.layout.backups / tenant_id, tenant_id, sealed=seal is not None)


def _target(context: Context) -> Path:
    """The folder of host.yaml is not made here: one that is not there was not mounted."""
    folder = context.host.backup_folder
    if folder is not None and not folder.is_dir():
        raise ProvisionError(f"The `backup_target` {folder} is no folder.", "Mount it, or make it.")
    return context.backups


def _write(
    context: Context, transaction: Transaction, entry: Entry, place: Place, seal: Seal | None
) -> tuple[Path, int]:
    tenant_id = TenantId(entry.id)
    moment = context.clock.now()
    copied = perform(context, entry, "snapshot", {})
    about = Manifest(
        product=__version__,
        schema_revision=str(copied["revision"]),
        client_id=entry.id,
        plan=entry.plan,
        request=entry.request.model_dump(mode="json"),
        terms=spec_of(context, entry.request, entry.port).terms.model_dump(mode="json"),
        taken_at=moment,
        members=(),
    )
    file = place(moment)
    copy = context.layout.snapshot(tenant_id)
    try:
        transaction.execute((*_folders(context, file.parent), WriteBackup(copy, file, about, seal)))
    finally:
        remove_tree(copy)
    return file, int(copied["missing"])


def _folders(context: Context, folder: Path) -> tuple[Step, ...]:
    """Only the host's own folders are made; where the operator wants a backup is the operator's business."""
    own = context.layout.backups
    top = (MakeDirectory(own, 0o700),) if folder.parent == own else ()
    return (*top, MakeDirectory(folder, 0o700)) if folder.parent in (own, context.backups) else ()


def kept(context: Context, tenant_id: str | None, *, check: bool) -> Iterator[Kept]:
    """Return the backups here and in the store, of one client or all, oldest first; of clients long gone too.

    With `check` each is read to its end; one in the store or encrypted is judged by its checksum.
    """
    store = store_of(context)
    own, there = dict.fromkeys((context.layout.backups, context.backups)), store.folders() if store else ()
    names = (
        [tenant_id] if tenant_id else sorted({*(one for top in own for one in _names(top)), *there} - {HOST})
    )
    for name in names:
        if store:
            yield from _stored(store, name, check=check)
        for top in own:
            for file in folders.backups_in(top / name, name):
                yield _look(file, name, check=check)


def _stored(store: ObjectStore, client_id: str, *, check: bool) -> Iterator[Kept]:
    for name, size in sent(store, client_id).items():
        verified = is_as_written(store, f"{client_id}/{name}") if check else None
        problem = "" if verified is not False else "Its SHA-256 is not the one beside it."
        where, encrypted = f"{store.address}/{client_id}/{name}", name.endswith(SUFFIX)
        yield Kept(where, client_id, folders.taken_at(name), size, verified, problem, encrypted)


def _names(backups: Path) -> list[str]:
    return sorted(path.name for path in backups.iterdir()) if backups.is_dir() else []


def _look(file: Path, client_id: str, *, check: bool) -> Kept:
    size = file.stat().st_size
    encrypted = sealed(file)
    try:
        if encrypted:
            taken, verified = folders.taken_at(file.name), (matches_checksum(file) or None) if check else None
        else:
            manifest = verify(file) if check else read_manifest(file)
            taken, verified = manifest.taken_at, True if check else None
    except ArchiveRefused as error:
        return Kept(
            str(file), client_id, None, size, verified=False, problem=error.message, encrypted=encrypted
        )
    return Kept(str(file), client_id, taken, size, verified, encrypted=encrypted)
