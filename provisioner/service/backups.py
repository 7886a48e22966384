"""`backup` and `backups`: a client's data as one file, taken while the client goes on working."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from provisioner import __version__
from provisioner.backups import folder as folders
from provisioner.backups.age_streams import sealed
from provisioner.backups.manifest import ArchiveRefused, Manifest
from provisioner.backups.reading import matches_checksum, read_manifest, verify
from provisioner.backups.sealing import NO_KEYS, Keys, Seal
from provisioner.errors import InvalidRequest
from provisioner.filesystem import remove_tree
from provisioner.naming import TenantId
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.service.context import Context
from provisioner.service.operations import perform
from provisioner.service.tenants import require_state
from provisioner.service.transaction import Transaction, changing
from provisioner.steps import MakeDirectory, Step, WriteBackup

_ACCEPTED: Final = (State.RUNNING, State.STOPPED, State.SUSPENDED)


@dataclass(frozen=True, slots=True)
class Written:
    """A backup that was taken: where, of what, its size in bytes, and older ones that gave way.

    `missing` originals were lost before it was taken. `keys` open it while this command lasts.
    """

    file: Path
    manifest: Manifest
    size: int
    removed: tuple[Path, ...]
    missing: int = 0
    keys: Keys = NO_KEYS


@dataclass(frozen=True, slots=True)
class Kept:
    """One backup there is. `taken_at` is None when that cannot be read.

    `verified`: whether all of it is as it was written; None when that was not asked, or cannot be told of an
    encrypted one without its checksum. `problem` says why not.
    """

    file: Path
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

    It is encrypted with a `seal`. Raises InvalidRequest when `to` is no folder. Failing, it leaves no file,
    and no older one is removed.
    """
    if to is not None and not to.is_dir():
        raise InvalidRequest("--to", f"{to} is no folder.", "Make it first; only its owner should read it.")
    with changing(context, f"backup {tenant_id}", tenant_id, settles=False) as transaction:
        entry = transaction.registry.get(tenant_id)
        require_state(entry, _ACCEPTED, "backup")
        file, missing = _write(context, transaction, entry, to.absolute() if to else None, seal)
        keys = seal.keys if seal else NO_KEYS
        manifest = verify(file, keys)
        transaction.settle()
        removed = _surplus(file.parent, tenant_id, keep)
        for one in removed:
            folders.erase(one)
    return Written(file, manifest, file.stat().st_size, removed, missing, keys)


def _write(
    context: Context, transaction: Transaction, entry: Entry, to: Path | None, seal: Seal | None
) -> tuple[Path, int]:
    tenant_id = TenantId(entry.id)
    folder = to or context.layout.backups / tenant_id
    moment = context.clock.now()
    copied = perform(context, entry, "snapshot", {})
    about = Manifest(
        product=__version__,
        schema_revision=str(copied["revision"]),
        client_id=entry.id,
        plan=entry.plan,
        request=entry.request.model_dump(mode="json"),
        taken_at=moment,
        members=(),
    )
    file = folders.new_path(folder, tenant_id, moment, sealed=seal is not None)
    copy = context.layout.snapshot(tenant_id)
    try:
        transaction.execute((*_folders(context, folder, to), WriteBackup(copy, file, about, seal)))
    finally:
        remove_tree(copy)
    return file, int(copied["missing"])


def _folders(context: Context, folder: Path, to: Path | None) -> tuple[Step, ...]:
    """Only the host's own folders are made; where the operator wants a backup is the operator's business."""
    return () if to else (MakeDirectory(context.layout.backups, 0o700), MakeDirectory(folder, 0o700))


def _surplus(folder: Path, tenant_id: str, keep: int | None) -> tuple[Path, ...]:
    found = folders.backups_in(folder, tenant_id)
    return tuple(found[: len(found) - keep]) if keep else ()


def kept(context: Context, tenant_id: str | None, *, check: bool) -> Iterator[Kept]:
    """Return the backups under the root, of one client or of all, oldest first; of clients long gone too.

    With `check` each is read to its end; an encrypted one, which takes no key, is judged by its checksum.
    """
    names = [tenant_id] if tenant_id else _names(context.layout.backups)
    for name in names:
        for file in folders.backups_in(context.layout.backups / name, name):
            yield _look(file, name, check=check)


def _names(backups: Path) -> list[str]:
    return sorted(path.name for path in backups.iterdir()) if backups.is_dir() else []


def _look(file: Path, client_id: str, *, check: bool) -> Kept:
    size = file.stat().st_size
    encrypted = sealed(file)
    try:
        if encrypted:
            taken, verified = folders.taken_at(file), (matches_checksum(file) or None) if check else None
        else:
            manifest = verify(file) if check else read_manifest(file)
            taken, verified = manifest.taken_at, True if check else None
    except ArchiveRefused as error:
        return Kept(file, client_id, None, size, verified=False, problem=error.message, encrypted=encrypted)
    return Kept(file, client_id, taken, size, verified, encrypted=encrypted)
