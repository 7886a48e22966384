"""`export` and `import`: a client moves to another host as one file, a backup in the same format.

What belongs to a host stays there: its keys for tokens and for the operator, ports, the provider's key. What
belongs to the client comes along: people, API keys (as digests), documents, conversations, ledger, branding,
domains, plan and own figures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from provisioner import __version__
from provisioner.backups.manifest import ArchiveRefused, Manifest
from provisioner.backups.reading import verify
from provisioner.backups.sealing import Keys, Seal
from provisioner.errors import InvalidRequest, ProvisionError, WrongState
from provisioner.naming import TenantId, parse_tenant_id
from provisioner.registry.models import State
from provisioner.service.backups import Written, take
from provisioner.service.context import Context
from provisioner.service.new import Created, Origin, create
from provisioner.service.restoring import Source, data_steps, request_of
from provisioner.service.suspension import resume, suspend

_REASON: Final = "moves to another host"
_VERSION: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Imported:
    """A client that moved here; `differing` are terms of its plan that are others here: there, here."""

    manifest: Manifest
    created: Created
    differing: Mapping[str, tuple[Any, Any]]


def export(
    context: Context, tenant_id: str, file: Path, *, final: bool = False, seal: Seal | None = None
) -> Written:
    """Write all that a client is into a new file, for `import` on another host.

    With `final` the client is suspended before, so that nothing is done here that does not come along; it
    stays so when this ends well. Raises InvalidRequest when the name is taken or its folder is not there.
    """
    file = file.absolute()
    if file.exists() or not file.parent.is_dir():
        reason = "there is such a file already" if file.exists() else f"{file.parent} is no folder"
        raise InvalidRequest("FILE", f"{reason}.", "Give a new name in a folder that is there.")
    suspended_here = final and context.registry.get(tenant_id).state != State.SUSPENDED
    was_running = context.registry.get(tenant_id).state == State.RUNNING
    if suspended_here:
        suspend(context, tenant_id, _REASON)
    try:
        return take(context, tenant_id, lambda _moment: file, command="export", seal=seal)
    except ProvisionError:
        if suspended_here and was_running:
            resume(context, tenant_id, "its export failed")
        raise


def import_client(
    context: Context, file: Path, keys: Keys, *, as_id: str | None = None, port: int | None = None
) -> Imported:
    """Have a client of another host here, with its people and keys; secrets, port and host name are new.

    Raises ArchiveRefused, WrongState when the id is taken, InvalidRequest when its plan is unknown here, all
    before anything is touched. Failing later, there is no such client; cut off, the same command goes on.
    """
    file = file.absolute()
    source = Source(file, keys, verify(file, keys))
    _require_not_newer(file, source.manifest)
    request = request_of(file, source.manifest)
    tenant_id = parse_tenant_id(as_id or request.id)
    _require_free(context, tenant_id)
    request = request.model_copy(update={"id": tenant_id})
    origin = Origin("import", partial(data_steps, context, source, usage=True), moves=True)
    created = create(context, request, port, origin)
    return Imported(source.manifest, created, _differing(source.manifest.terms, created))


def _require_free(context: Context, tenant_id: TenantId) -> None:
    existing = context.registry.find(tenant_id)
    if existing is not None and existing.state != State.CREATING:
        raise WrongState(
            f"There already is a client {tenant_id!r} ({existing.state}).", "Give a free id with `--as`."
        )


def _require_not_newer(file: Path, manifest: Manifest) -> None:
    there, here = _VERSION.match(manifest.product), _VERSION.match(__version__)
    if not there or not here or tuple(map(int, there.groups())) > tuple(map(int, here.groups())):
        raise ArchiveRefused(
            file,
            f"it is of Tenantry {manifest.product}, newer than {__version__} here",
            "Upgrade this host first.",
        )


def _differing(there: Mapping[str, Any], created: Created) -> dict[str, tuple[Any, Any]]:
    here = created.spec.terms.model_dump(mode="json")
    return {key: (value, here[key]) for key, value in there.items() if key in here and here[key] != value}
