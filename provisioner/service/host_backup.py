"""`backup --host`: what a host needs beside its clients' backups to be built anew elsewhere."""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from provisioner.backups.writing import write_checksum
from provisioner.errors import InvalidRequest
from provisioner.filesystem import make_directory, new_file
from provisioner.registry import database
from provisioner.service.context import Context
from provisioner.service.transaction import changing


def backup_host(context: Context, to: Path | None = None) -> tuple[Path, tuple[str, ...]]:
    """Write the host's own files into one archive (mode 0600) and return it with what is in it.

    The registry as it is at one moment, host.yaml, the root's own plans.yaml, hooks, certificates of erasure,
    and the TLS certificates with their keys. Raises InvalidRequest when `to` is no folder.
    """
    if to is not None and not to.is_dir():
        raise InvalidRequest("--to", f"{to} is no folder.", "Make it first; only its owner should read it.")
    with changing(context, "backup --host", settles=False):
        folder = to.absolute() if to else context.layout.host_backups
        if to is None:
            make_directory(folder, 0o700)
        target = _free_name(folder, context.clock.now())
        names = _write(context, target)
        write_checksum(target, _digest(target))
    return target, names


def _write(context: Context, target: Path) -> tuple[str, ...]:
    with (
        tempfile.TemporaryDirectory(prefix="tenantry-registry-") as folder,
        new_file(target) as stream,
        # Certbot's certificates are links into another folder: what they lead to is kept.
        tarfile.open(fileobj=stream, mode="w:gz", dereference=True) as archive,
    ):
        registry = Path(folder) / "registry.sqlite3"
        database.copy(context.layout.registry, registry)
        for path, name in ((registry, registry.name), *_kept(context)):
            archive.add(path, name)
        return tuple(archive.getnames())


def _kept(context: Context) -> Iterator[tuple[Path, str]]:
    layout, certificates = context.layout, context.host.tls_certificates
    own = (layout.host_file, context.root / "plans.yaml", layout.hooks, layout.erasures)
    yield from ((path, path.name) for path in own if path.exists())
    if certificates is not None and certificates.is_dir():
        yield certificates, "certificates"


def _free_name(folder: Path, moment: datetime) -> Path:
    stem = f"host-{moment:%Y%m%dT%H%M%SZ}"
    names = (f"{stem}{f'-{number}' if number else ''}.tar.gz" for number in range(1000))
    return next(path for name in names if not (path := folder / name).exists())


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
