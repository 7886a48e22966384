"""Data as an instance copies it for a backup, and archives that were tampered with."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from datetime import UTC, datetime
from pathlib import Path

from provisioner.backups.manifest import Manifest
from provisioner.backups.writing import write_backup

ORIGINAL = b"vingt-cinq jours"
NAME = f"originals/{hashlib.sha256(ORIGINAL).hexdigest()}"
ABOUT = Manifest(
    product="0.1.0",
    schema_revision="0009_shadow_vectors",
    client_id="dupont",
    plan="starter",
    request={"id": "dupont", "plan": "starter", "started_on": "2026-01-31"},
    taken_at=datetime(2026, 1, 31, 9, 5, 7, tzinfo=UTC),
    members=(),
)


def copied_data(folder: Path) -> Path:
    """A copy of a client's data, complete in kind if not in content."""
    for name in ("originals", "branding", "usage"):
        (folder / name).mkdir(parents=True)
    (folder / "tenant.sqlite3").write_bytes(b"a database" * 100)
    (folder / NAME).write_bytes(ORIGINAL)
    (folder / "branding" / "logo-0123456789ab.png").write_bytes(b"a picture")
    (folder / "usage" / "2026-01.json").write_text("{}")
    return folder


def sample(folder: Path) -> Path:
    """A backup of such data."""
    archive = folder / "dupont-20260131T090507Z.tar.gz"
    write_backup(copied_data(folder / "copy"), archive, ABOUT)
    return archive


def repacked(archive: Path, target: Path, *more: tarfile.TarInfo, without: str = "") -> Path:
    """The same archive, well formed, with these entries before its last one and without another."""
    with tarfile.open(archive) as old:
        entries = [(entry, old.extractfile(entry)) for entry in old.getmembers()]
        kept = [(entry, stream.read() if stream else b"") for entry, stream in entries]
    with gzip.open(target, "wb") as packed, tarfile.open(fileobj=packed, mode="w") as new:
        for entry, content in kept[:-1]:
            if entry.name != without:
                new.addfile(entry, io.BytesIO(content))
        for entry in more:
            new.addfile(entry, io.BytesIO(b"x" * entry.size))
        new.addfile(kept[-1][0], io.BytesIO(kept[-1][1]))
    return target


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0) -> tarfile.TarInfo:
    """One entry that has no place in a backup."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size = kind, link, size
    return made
