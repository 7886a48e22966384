"""How fast a client is backed up and restored, beside copying the same files with `cp` and `sync`.

The data are documents that do not compress, as scans and office files do, and 20,000 passages with vectors.
What a restore takes whatever the size (ending sign-ins, stop, start) is seen on a client without documents.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from benchmarks.hosts import Host, running_host
from benchmarks.report import against_target, seconds, table

_RUNS = 3
_DOCUMENTS = 400
_DOCUMENT_BYTES = 500_000
_PASSAGES = 50
"""Of each document."""
_VECTOR_BYTES = 384 * 4
_TENANT = "bench"
_EMPTY = "empty"
_TARGET_RATIO = 10.0


def run() -> None:
    """Back up, restore in place, and copy, three times each, in turn."""
    with running_host() as host:
        for tenant_id in (_TENANT, _EMPTY):
            host.provision("new", tenant_id, "--plan", "professional")
        host.provision("stop", _TENANT)
        data = host.root / f"client-{_TENANT}" / "data"
        size = _fill(data)
        host.provision("start", _TENANT)
        archives: list[Path] = []
        nothing = str(_backup(host, _EMPTY))
        measured: dict[str, list[float]] = {"backup": [], "restore": [], "empty": [], "cp": []}
        for number in range(_RUNS):
            measured["backup"].append(_timed(lambda: archives.append(_backup(host, _TENANT))))
            measured["restore"].append(_timed(lambda: host.provision("restore", str(archives[-1]))))
            measured["empty"].append(_timed(lambda: host.provision("restore", nothing)))
            copy = host.root / f"copy{number}"
            measured["cp"].append(_timed(lambda: _copy(data, copy)))  # noqa: B023 - called at once
        packed = archives[-1].stat().st_size
    _show(measured, size, packed)


def _show(measured: dict[str, list[float]], size: int, packed: int) -> None:
    names = {
        "backup": "`provision backup`, read back included",
        "restore": "`provision restore` in place, verifying, stop and start included",
        "empty": "the same of a client without documents",
        "cp": "`cp -r` of database and originals, then `sync`",
    }
    median = {name: statistics.median(samples) for name, samples in measured.items()}
    rows = [
        [names[name], *seconds(samples), "" if name == "empty" else f"{size / 1e6 / median[name]:.0f} MB/s"]
        for name, samples in measured.items()
    ]
    table([f"{size / 1e6:.0f} MB, {packed / 1e6:.0f} MB packed", "median", "least", "most", "rate"], rows)
    for name in ("backup", "restore"):
        ratio = median[name] / median["cp"]
        print(f"\n{name}: {against_target(ratio, _TARGET_RATIO, '× cp')}")
    for_the_data = (median["restore"] - median["empty"]) / median["cp"]
    print(f"\nof the restore, what depends on the data: {for_the_data:.2f} × cp")


def _backup(host: Host, tenant_id: str) -> Path:
    return Path(host.provision("backup", tenant_id)["file"])


def _copy(data: Path, copy: Path) -> None:
    copy.mkdir()
    subprocess.run(["cp", "-r", str(data / "tenant.sqlite3"), str(data / "originals"), str(copy)], check=True)
    subprocess.run(["sync", "-f", str(copy)], check=True)


def _fill(data: Path) -> int:
    """Write documents and passages into a stopped client; return how many bytes there are to back up."""
    with closing(sqlite3.connect(data / "tenant.sqlite3")) as database, database:
        for number in range(_DOCUMENTS):
            content = os.urandom(_DOCUMENT_BYTES)
            sha256 = hashlib.sha256(content).hexdigest()
            (data / "originals" / sha256).write_bytes(content)
            _add_document(database, number, sha256)
    return _DOCUMENTS * _DOCUMENT_BYTES + (data / "tenant.sqlite3").stat().st_size


def _add_document(database: sqlite3.Connection, number: int, sha256: str) -> None:
    cursor = database.execute(
        "INSERT INTO documents (name, sha256, media_type, size, status, attempts, skipped_pages, chunk_count,"
        " progress, created_at, updated_at, folder, version)"
        " VALUES (?, ?, 'text/plain', ?, 'indexed', 1, '', ?, 1.0, '2026-01-01', '2026-01-01', '', 1)",
        (f"{number}.txt", sha256, _DOCUMENT_BYTES, _PASSAGES),
    )
    passages = (_passage(cursor.lastrowid or 0, ordinal) for ordinal in range(_PASSAGES))
    database.executemany(
        "INSERT INTO chunks (document_id, ordinal, heading, text, char_start, char_end, embedding,"
        " embedding_model) VALUES (?, ?, '', ?, ?, ?, ?, 'benchmark')",
        passages,
    )


def _passage(document_id: int, ordinal: int) -> tuple[object, ...]:
    text = f"Passage {ordinal} du document {document_id}. " * 25
    return (
        document_id,
        ordinal,
        text,
        ordinal * len(text),
        (ordinal + 1) * len(text),
        os.urandom(_VECTOR_BYTES),
    )


def _timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
