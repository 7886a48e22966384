"""`restore` and `clone`: a backup becomes a client's data again, in place or as a new client.

The backup is read to its end before anything is touched, and once more while it is unpacked, beside the data
that go on serving. Only then is the client stopped and one directory renamed for the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import SecretStr, ValidationError

from provisioner.backups import folder as folders
from provisioner.backups.manifest import ORIGINALS, ArchiveRefused, Manifest
from provisioner.backups.reading import verify
from provisioner.backups.sealing import NO_KEYS, Keys, Seal
from provisioner.drivers.protocol import Driver, Named
from provisioner.errors import InvalidRequest, WrongState
from provisioner.layout import SET_ASIDE, Layout
from provisioner.naming import TenantId, hostname, parse_tenant_id
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.service.backup_target import passing_folder
from provisioner.service.backups import take
from provisioner.service.context import Context
from provisioner.service.convergence import bring, converge
from provisioner.service.lifecycle import record_written
from provisioner.service.lost_data import has_lost_data
from provisioner.service.new import Created, Origin, create
from provisioner.service.releases import require_present
from provisioner.service.tenants import names_of, require_state, tenant_of
from provisioner.service.transaction import Transaction, changing
from provisioner.spec import TenantRequest
from provisioner.steps import MakeDirectory, MoveTree, RemoveTree, Run, Step, UnpackBackup

_IN_PLACE: Final = (State.RUNNING, State.STOPPED, State.SUSPENDED)


@dataclass(frozen=True, slots=True)
class Source:
    """A backup that was read to its end, what opens it, and what it says of itself."""

    archive: Path
    keys: Keys
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Restored:
    """A client whose data are a backup's.

    `created` is what a new client comes with, None for one restored in place; `set_aside` is then where the
    data are that it had before, None if it had lost them.
    """

    tenant_id: str
    manifest: Manifest
    created: Created | None = None
    set_aside: Path | None = None


def restore(
    context: Context,
    archive: Path,
    *,
    as_id: str | None = None,
    port: int | None = None,
    keys: Keys = NO_KEYS,
) -> Restored:
    """Restore a backup: as a new client when `as_id` is given or its own client is gone, else in place.

    `keys` are for an encrypted one.

    A new client has fresh secrets, and nobody's sign-in or key of the old one opens it. In place, plan,
    settings and keys stay as they are today. Raises ArchiveRefused before anything is touched. Failing later,
    the client serves the data it had, or there is no new client. One that has lost its data, and its folder
    perhaps, is there again in the state it was in; failing, it stays stopped.
    """
    archive = archive.absolute()
    manifest = verify(archive, keys)
    request = request_of(archive, manifest)
    tenant_id = parse_tenant_id(as_id or request.id)
    existing = context.registry.find(tenant_id)
    if existing is None or existing.state == State.CREATING:
        return _restore_as_new(context, Source(archive, keys, manifest), request, tenant_id, port)
    if as_id is not None and as_id != manifest.client_id:
        raise WrongState(
            f"There already is a client {as_id!r} ({existing.state}).",
            "Give an id that is free; without `--as` the backup's own client gets its data back.",
        )
    if port is not None:
        raise InvalidRequest("--port", "the client keeps the port it has.", "Leave it out.")
    return _restore_in_place(context, Source(archive, keys, manifest), tenant_id)


def clone(
    context: Context, tenant_id: str, new_id: str, *, port: int | None = None, seal: Seal | None = None
) -> Restored:
    """Have a second client with a copy of one's data, and secrets, port and host name of its own.

    With `seal` the copy between them is encrypted.
    """
    new_id = parse_tenant_id(new_id)
    existing = context.registry.find(new_id)
    if existing is not None and existing.state != State.CREATING:
        raise WrongState(
            f"There already is a client {new_id!r} ({existing.state}).", "Give an id that is free."
        )
    context.registry.get(tenant_id)
    with passing_folder(context) as folder:
        place = partial(folders.new_path, folder, tenant_id, sealed=seal is not None)
        written = take(context, tenant_id, place, seal=seal)
        return restore(context, written.file, as_id=new_id, port=port, keys=written.keys)


def data_steps(context: Context, source: Source, tenant: Named, *, usage: bool) -> tuple[Step, ...]:
    """Steps to have a backup's data in the place of a new client's own, while nothing of it runs."""
    layout = context.layout
    data = layout.data(tenant.id)
    unpacked = _unpack_steps(context.driver, layout, tenant, source, usage=usage)
    return (*unpacked, RemoveTree(data), MoveTree(layout.restoring(tenant.id), data))


def _unpack_steps(
    driver: Driver, layout: Layout, tenant: Named, source: Source, *, usage: bool
) -> tuple[Step, ...]:
    """Steps to have a backup's data beside the client's own, complete with owners and modes.

    The directory is the operator's alone until it is complete: inside one of its own, a client could lead
    what root writes somewhere else.
    """
    target = layout.restoring(tenant.id)
    data, *inside = driver.data_directories(tenant, target)
    return (
        RemoveTree(target),
        MakeDirectory(target, 0o700),
        *inside,
        UnpackBackup(source.archive, target, data.owner, usage=usage, keys=source.keys),
        data,
    )


def _restore_as_new(
    context: Context,
    source: Source,
    request: TenantRequest,
    tenant_id: TenantId,
    port: int | None,
) -> Restored:
    if tenant_id != request.id:
        # Its domains stay the old client's. Its first admin is in the data: another would need a seat.
        old_host = hostname(TenantId(request.id), context.host.base_domain)
        admin = request.admin_email or request.email or f"admin@{old_host}"
        changes = {"id": tenant_id, "domains": (), "admin_email": admin}
        request = request.model_copy(update=changes)
    data = partial(data_steps, context, source, usage=tenant_id == source.manifest.client_id)
    return Restored(
        tenant_id, source.manifest, created=create(context, request, port, Origin("restore", data))
    )


def _restore_in_place(context: Context, source: Source, tenant_id: TenantId) -> Restored:
    with changing(context, f"restore {tenant_id}", tenant_id) as transaction:
        entry = transaction.registry.get(tenant_id)
        require_state(entry, _IN_PLACE, "restore")
        require_present(context, entry)
        transaction.prepare_host()
        if has_lost_data(context.layout, entry):
            left = _bring_back(context, transaction, entry, source)
            return Restored(tenant_id, source.manifest, set_aside=left)
        older = _older(context.layout, tenant_id, transaction)
        aside = context.layout.set_aside(tenant_id, context.clock.now())
        transaction.execute(_in_place_steps(context, entry, source, aside))
        transaction.settle()
        transaction.execute(tuple(RemoveTree(one) for one in older))
    return Restored(tenant_id, source.manifest, set_aside=aside)


def _bring_back(context: Context, transaction: Transaction, entry: Entry, source: Source) -> Path | None:
    """Have a client there again that has lost its data; it has nothing to serve meanwhile, nor to go back to.

    Failing or cut off, it is stopped, and the same command goes on. Originals that are still there may be in
    no backup: returns where they are kept.
    """
    driver, layout, tenant = context.driver, context.layout, names_of(entry)
    transaction.execute(_unpack_steps(driver, layout, tenant, source, usage=True))
    stop = driver.stop_steps(tenant)
    transaction.advance(stop)
    record_written(transaction.registry, tenant.id, stop)
    bring(context, transaction, replace(tenant_of(context, entry), running=False), reset=False)
    transaction.settle()
    data = layout.data(tenant.id)
    has_originals = any(path.is_file() for path in (data / ORIGINALS).rglob("*"))
    aside = layout.set_aside(tenant.id, context.clock.now()) if has_originals else None
    make_room = MoveTree(data, aside) if aside else RemoveTree(data)
    transaction.execute(
        (make_room, MoveTree(layout.restoring(tenant.id), data), _take_up_step(driver, tenant))
    )
    transaction.settle()
    converge(context, transaction, entry, reset=False)
    return aside


def _take_up_step(driver: Driver, tenant: Named) -> Run:
    command = driver.admin_command(tenant, "restored", SecretStr("{}"))
    return Run("bring its data up to date and end its sign-ins", command)


def _in_place_steps(context: Context, entry: Entry, source: Source, aside: Path) -> tuple[Step, ...]:
    driver, layout, tenant = context.driver, context.layout, names_of(entry)
    data, runs = layout.data(tenant.id), entry.state == State.RUNNING
    return (
        *_unpack_steps(driver, layout, tenant, source, usage=True),
        *driver.stop_steps(tenant),
        MoveTree(data, aside),
        MoveTree(layout.restoring(tenant.id), data),
        _take_up_step(driver, tenant),
        *(driver.start_steps(tenant) if runs else ()),
    )


def _older(layout: Layout, tenant_id: TenantId, transaction: Transaction) -> Sequence[Path]:
    """What earlier restores have set aside; one that was cut off may have set aside the only good data."""
    if transaction.sight.cut_off_on(tenant_id):
        return ()
    return sorted(layout.client(tenant_id).glob(f"{SET_ASIDE}*"))


def request_of(archive: Path, manifest: Manifest) -> TenantRequest:
    """Return what was asked for the client of a backup; raises ArchiveRefused when that fits nothing."""
    try:
        request = TenantRequest.model_validate(manifest.request)
    except ValidationError as error:
        raise ArchiveRefused(archive, "what it says of its client does not fit this version") from error
    if request.id != manifest.client_id:
        raise ArchiveRefused(archive, "it names two different clients")
    return request
