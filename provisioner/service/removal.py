"""`remove` keeps everything in an archive; `purge` keeps nothing."""

from __future__ import annotations

from pathlib import Path

from provisioner.errors import UnknownTenant, WrongState
from provisioner.filesystem import RenderedFile
from provisioner.naming import TenantId
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.service import erasure
from provisioner.service.alerts import book_of
from provisioner.service.backup_target import erase_all, store_of
from provisioner.service.context import Context
from provisioner.service.leaving import keep_usage, tell_what_stays_due
from provisioner.service.mail import spool_of
from provisioner.service.sight import Sight
from provisioner.service.tenants import names_of, require_state
from provisioner.service.transaction import Transaction, changing
from provisioner.steps import ArchiveTree, MakeDirectory, RemoveTree, WriteFile


def remove(context: Context, tenant_id: str) -> Path:
    """Stop serving a client and put everything it had into an archive; return the archive.

    The id stays taken, the port is free again. Cut off before the archive is recorded, everything is
    still there; after that, running it again erases what is left.
    """
    with changing(context, f"remove {tenant_id}", tenant_id) as transaction:
        entry = transaction.registry.get(tenant_id)
        driver = context.driver
        tenant = names_of(entry)
        if entry.state == State.ARCHIVED:
            archive = _require_leftovers(context, transaction, entry)
        else:
            require_state(entry, (State.RUNNING, State.STOPPED, State.SUSPENDED), "remove")
            _require_its_folder(context, entry)
            archive = _archive_path(context, tenant_id)
            transaction.execute(
                (
                    *driver.stop_steps(tenant),
                    MakeDirectory(archive.parent, 0o700),
                    WriteFile(RenderedFile(archive.parent / "entry.json", _describe(entry), 0o600)),
                    ArchiveTree(context.layout.client(tenant.id), archive),
                    *driver.remove_steps(tenant),
                )
            )
            keep_usage(context, entry)
            transaction.registry.archive(tenant_id, archive)
            transaction.settle()
        transaction.execute(
            (*driver.certificates.removal_steps(_host_names(entry)), *driver.erase_steps(tenant))
        )
        tell_what_stays_due(context, tenant_id)
        return archive


def purge(context: Context, tenant_id: str) -> Path:
    """Erase a client whatever its state: processes, site, directory, archives, system user, entry.

    The events that name it stay. Cut off, it can be run again: the entry goes last of all. Returns the
    certificate of what was erased.
    """
    with changing(context, f"purge {tenant_id}", tenant_id) as transaction:
        entry = transaction.registry.find(tenant_id)
        if entry is None:
            return _require_erased(context, transaction.sight, tenant_id)
        driver = context.driver
        tenant = names_of(entry)
        certificate = erasure.begin(context, entry)
        transaction.execute((*driver.remove_steps(tenant), *erasure.begun_steps(context, entry, certificate)))
        transaction.settle()
        keep_usage(context, entry)
        if store := store_of(context):
            erase_all(store, tenant_id)
        transaction.execute(
            (
                *driver.certificates.removal_steps(_host_names(entry)),
                *driver.erase_steps(tenant),
                RemoveTree(_archive_path(context, tenant_id).parent),
                RemoveTree(context.layout.packages / tenant_id),
                *(
                    RemoveTree(one / tenant_id)
                    for one in dict.fromkeys((context.layout.backups, context.backups))
                ),
            )
        )
        done = erasure.finished(context, certificate)
        transaction.execute(erasure.finished_steps(context, entry, done))
        transaction.settle()
        spool_of(context).forget_client(tenant_id)
        book_of(context).forget_client(tenant_id)
        transaction.registry.forget(tenant_id)
        tell_what_stays_due(context, tenant_id)
        return erasure.text_path(context, entry)


def require_purgeable(context: Context, tenant_id: str) -> None:
    """Raise UnknownTenant when there is neither a client to erase nor a purge of it to end."""
    if context.registry.find(tenant_id) is None:
        _require_erased(context, Sight.without_lock(context), tenant_id)


def _require_erased(context: Context, sight: Sight, tenant_id: str) -> Path:
    """Return the certificate of a client that a purge erased, and forgot, before it was cut off."""
    if not (certificate := erasure.last_of(context, tenant_id)) or not sight.cut_off_on(tenant_id):
        raise UnknownTenant(tenant_id)
    return certificate


def _require_its_folder(context: Context, entry: Entry) -> None:
    folder = context.layout.client(TenantId(entry.id))
    if not folder.is_dir():
        raise WrongState(
            f"{folder} is gone: there is nothing of {entry.id} to put into an archive.",
            f"`provision restore` brings it back from a backup, `provision purge {entry.id}` gives it up.",
        )


def _host_names(entry: Entry) -> tuple[str, ...]:
    return (entry.hostname, *entry.request.domains)


def _archive_path(context: Context, tenant_id: str) -> Path:
    moment = f"{context.clock.now():%Y%m%dT%H%M%SZ}"
    return context.layout.archive / tenant_id / f"{moment}.tar.gz"


def _describe(entry: Entry) -> str:
    """What the archive needs beside the files, to become a client again."""
    return entry.request.model_dump_json(indent=2) + "\n"


def _require_leftovers(context: Context, transaction: Transaction, entry: Entry) -> Path:
    """An archived client is removed again only to finish what was cut off."""
    left = (context.layout.root / f"client-{entry.id}").exists() or transaction.sight.cut_off_on(entry.id)
    if entry.archive is None or not left:
        raise WrongState(
            f"{entry.id} is archived already, in {entry.archive}.",
            f"`provision purge {entry.id}` erases it for good.",
        )
    return entry.archive
