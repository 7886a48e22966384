"""`backup --host`: what a host needs beside its clients' backups to be built anew elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from provisioner.backups.archives import write_archive
from provisioner.backups.folder import backups_in, erase, new_path, surplus
from provisioner.backups.sealing import Seal
from provisioner.errors import InvalidRequest
from provisioner.filesystem import make_directory, temporary_folder
from provisioner.registry import database
from provisioner.service.backup_target import HOST, deliver, store_of
from provisioner.service.context import Context
from provisioner.service.transaction import changing


@dataclass(frozen=True)
class Written:
    """A backup of the host: where it is, its bytes, what is in it, and which older ones gave way."""

    where: str
    size: int
    names: tuple[str, ...]
    removed: tuple[str, ...]


def backup_host(
    context: Context, *, to: Path | None = None, keep: int | None = None, seal: Seal | None = None
) -> Written:
    """Write the host's own files into one archive (mode 0600); keep only the `keep` newest with it.

    The registry as it is at one moment, host.yaml, the root's own plans.yaml, hooks, legal texts,
    certificates of erasure, the invoices, the TLS certificates with their keys, and certbot's store: an
    authority gives a domain only so many certificates a week. Encrypted with a `seal`.
    Raises InvalidRequest when `to` is no folder, StoreFailed when a store does not take it.
    """
    if to is not None and not to.is_dir():
        raise InvalidRequest("--to", f"{to} is no folder.", "Make it first; only its owner should read it.")
    store = None if to else store_of(context)
    own = context.host.backup_folder
    folder = to.absolute() if to else (own / HOST if own else context.layout.host_backups)
    with changing(context, "backup --host", settles=False) as transaction:
        if to is None:
            make_directory(folder, 0o700)
        target = new_path(folder, HOST, context.clock.now(), sealed=seal is not None)
        names = _write(context, target, seal)
        transaction.settle()
        removed = surplus(backups_in(folder, HOST), None if store else keep)
        for one in removed:
            erase(one)
    written = Written(str(target), target.stat().st_size, names, tuple(map(str, removed)))
    if store is None:
        return written
    older = deliver(context, store, folder, HOST, keep)
    return replace(written, where=f"{store.address}/{HOST}/{target.name}", removed=older)


def _write(context: Context, target: Path, seal: Seal | None) -> tuple[str, ...]:
    with temporary_folder(context.root) as folder:
        registry = folder / "registry.sqlite3"
        database.copy(context.layout.registry, registry)
        kept = ((registry, registry.name), *_kept(context))
        return write_archive(target, kept, seal, linked=_linked(context))


def _kept(context: Context) -> Iterator[tuple[Path, str]]:
    layout, certificates = context.layout, context.host.tls_certificates
    own = (
        layout.host_file,
        context.root / "plans.yaml",
        layout.hooks,
        layout.legal,
        layout.erasures,
        layout.invoices,
    )
    yield from ((path, path.name) for path in own if path.exists())
    if certificates is not None and certificates.is_dir():
        # A certbot of the operator's own links them into another folder: what they lead to is kept.
        yield certificates, "certificates"


def _linked(context: Context) -> Iterator[tuple[Path, str]]:
    """certbot refuses to renew what are no links any more."""
    if (store := context.layout.acme_store).is_dir():
        yield store, "acme"
