"""`verify-backup`: shows that a backup becomes a client again, and that this one knows its documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from provisioner import secrets
from provisioner.backups.manifest import Manifest
from provisioner.backups.reading import verify
from provisioner.backups.sealing import NO_KEYS, Keys
from provisioner.drivers.protocol import Tenant
from provisioner.naming import TenantId, hostname, system_user
from provisioner.service.context import Context
from provisioner.service.operations import run_once
from provisioner.service.restoring import Source, data_steps, request_of
from provisioner.service.transaction import Transaction, changing
from provisioner.spec import TenantRequest, TenantSecrets, build_spec

#: No client can be called so: it is one of the command line's own words.
THROWAWAY: Final = TenantId("verify-backup")


@dataclass(frozen=True, slots=True)
class Report:
    """What was seen: documents there, questions asked of them, and how many were answered from them."""

    manifest: Manifest
    documents: int
    asked: int
    found: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the backup is good for what backups are for."""
        return not self.problems


def verify_backup(context: Context, archive: Path, keys: Keys = NO_KEYS) -> Report:
    """Restore a backup into a client that nobody sees, have it find what it holds, and erase it.

    Raises ArchiveRefused before anything is touched, and whatever a restore of it would fail with. A run that
    was killed leaves a directory and a system user, which the next one erases.
    """
    archive = archive.absolute()
    source = Source(archive, keys, verify(archive, keys))
    tenant = _throwaway(context, request_of(archive, source.manifest))
    with changing(context, "verify-backup", THROWAWAY, begins=True) as transaction:
        transaction.prepare_host()
        erase = context.driver.erase_steps(tenant)
        transaction.execute(erase)
        # Whatever fails before it is erased undoes the making of it, which erases it as well.
        examined = _examine(context, transaction, tenant, source)
        transaction.execute(erase)
        transaction.settle()
    problems = (*_problems(examined), *_damaged(source.manifest))
    return Report(source.manifest, examined["documents"], examined["asked"], examined["found"], problems)


def _examine(context: Context, transaction: Transaction, tenant: Tenant, source: Source) -> dict[str, Any]:
    data = data_steps(context, source, tenant, usage=False)
    transaction.execute((*context.driver.foundation_steps(tenant), *data))
    nothing = SecretStr("{}")
    run_once(context, tenant, "restored", nothing)
    return run_once(context, tenant, "examine", nothing)


def _throwaway(context: Context, request: TenantRequest) -> Tenant:
    """The backup's client under a name that no client has; nothing listens on its port."""
    spec = build_spec(request, context.catalogue, context.host, context.host.port_range.first)
    nobody = replace(
        spec,
        id=THROWAWAY,
        hostname=hostname(THROWAWAY, context.host.base_domain),
        system_user=system_user(THROWAWAY),
        domains=(),
    )
    keys = TenantSecrets(secret_key=secrets.signing_key(), operator_key=secrets.signing_key())
    return Tenant(nobody, keys, running=False)


def _problems(examined: Mapping[str, Any]) -> Iterator[str]:
    yield from examined["problems"]
    if missing := examined["missing_originals"]:
        yield f"{missing} documents have no original."
    if examined["found"] < examined["asked"]:
        yield f"{examined['asked'] - examined['found']} documents are not found by their own words."


def _damaged(manifest: Manifest) -> Iterator[str]:
    """An original is called by its content's SHA-256: one that differs was damaged before the backup."""
    for member in manifest.members:
        folder, _, name = member.name.partition("/")
        if folder == "originals" and name != member.sha256:
            yield f"{member.name} was damaged already when the backup was taken."
