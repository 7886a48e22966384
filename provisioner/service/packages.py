"""`packages`: those that were made, handed out, cleaned away by age, or all of them as one archive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from provisioner.backups.archives import write_archive
from provisioner.backups.sealing import Seal
from provisioner.errors import InvalidRequest, ProvisionError, Refused
from provisioner.registry.models import State
from provisioner.service.context import Context
from provisioner.service.operations import perform
from provisioner.service.package_folder import Kept, PackageFolder, Record, folders
from provisioner.service.transaction import changing


def kept(context: Context, tenant_id: str | None) -> Sequence[Kept]:
    """Return the packages of one client, or of all, oldest first; raises UnknownTenant."""
    if tenant_id is not None:
        context.registry.get(tenant_id)
    return [one for _, one in _kept(context, tenant_id)]


@dataclass(frozen=True, slots=True)
class Standing:
    """A package, and whether its key still opens the client's API; None when the client cannot be asked."""

    package: Kept
    opens: bool | None


def standings(context: Context, tenant_id: str) -> Sequence[Standing]:
    """Return a client's packages, oldest first; one that sleeps is woken to say which keys it has.

    Raises UnknownTenant.
    """
    found = kept(context, tenant_id)
    keys = _keys(context, tenant_id) if found else None
    return [Standing(one, _opens(one.record, keys)) for one in found]


def hand_out(context: Context, tenant_id: str, name: str) -> bytes:
    """Return a package as it is on disk, and record who took it. Raises Refused when there is none such."""
    found = next((one for one in kept(context, tenant_id) if one.record.file == name), None)
    if found is None:
        raise Refused(
            f"There is no package {name} of {tenant_id}.", f"`provision packages {tenant_id}` lists them."
        )
    content = found.file.read_bytes()
    context.writable_registry.add_event(
        tenant_id, f"package-file {tenant_id}", context.operator, "done", name
    )
    return content


def _keys(context: Context, tenant_id: str) -> Mapping[int, str] | None:
    """Return how each of the client's keys begins, by number; None when it cannot be asked."""
    entry = context.registry.get(tenant_id)
    if entry.state not in (State.RUNNING, State.STOPPED, State.SUSPENDED):
        return None
    try:
        keys = perform(context, entry, "key-list", {})["keys"]
    except ProvisionError:
        return None
    return {int(key["id"]): str(key["hint"]) for key in keys}


def _opens(record: Record, keys: Mapping[int, str] | None) -> bool | None:
    # A restored client counts its keys anew: the number alone may be another's.
    return None if keys is None else keys.get(record.key_id) == record.key_hint


def clean(context: Context, tenant_id: str | None, older_than: timedelta) -> Sequence[Path]:
    """Remove the packages older than that; return which. Their keys go on."""
    with changing(context, "packages --clean-older-than", tenant_id or "", settles=False) as transaction:
        limit = context.clock.now() - older_than
        old = [(folder, one) for folder, one in _kept(context, tenant_id) if one.record.made_at < limit]
        for folder, one in old:
            folder.erase(one.record.file)
            if one.record.replaced_at is not None:
                folder.forget(one.record)
        transaction.detail = f"{len(old)} removed"
    return [one.file for _, one in old]


def back_up(context: Context, file: Path, seal: Seal | None) -> int:
    """Write all packages into a new archive (mode 0600), encrypted with a `seal`; return how many there are.

    Raises InvalidRequest when there is such a file, or no such folder; Refused when there is no package.
    """
    target = file.absolute()
    if target.exists() or not target.parent.is_dir():
        problem = "is there already" if target.exists() else "is in no folder"
        raise InvalidRequest("--backup", f"{target} {problem}.", "Name a new file in a folder that is there.")
    if target.is_relative_to(context.layout.packages):
        raise InvalidRequest("--backup", f"{target} is among the packages.", "Name a file elsewhere.")
    with changing(context, "packages --backup", settles=False):
        found = kept(context, None)
        if not found:
            raise Refused("There is no package.", "`provision package ID` makes one.")
        write_archive(target, [(context.layout.packages, "packages")], seal)
    return len(found)


def _kept(context: Context, tenant_id: str | None) -> Iterator[tuple[PackageFolder, Kept]]:
    for folder in folders(context.layout.packages, tenant_id):
        for record in folder.records():
            file = folder.file(record.file)
            if file.exists():
                yield folder, Kept(file, file.stat().st_size, record)
