"""How a client's searches fare while its neighbour uploads a hundred documents at once, beside a quiet host.

Then the same while the neighbour's process is at the limit of its memory.
"""

from __future__ import annotations

import json
import statistics
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.production_host import ProductionHost, production_host
from benchmarks.report import against_target, table
from tests.systemd.host import PREFIX, PYTHON
from tests.systemd.memory_pressure import at_its_memory_limit

_SEARCHES = 200
_UPLOADS = 100
_TARGET_RATIO = 2.0
_PATIENCE = 600.0


def run() -> None:
    """Search quietly, then beside each disturbance, all in one run."""
    with production_host() as host:
        quiet_one, busy_one = (
            host.provision("new", name, "--plan", "professional") for name in ("calme", "bruit")
        )
        document = Path("/root/articles.md")
        host.machine.path(document).write_text(
            "\n\n".join(f"# Article {n}\n\nLe préavis numéro {n} dure {n} jours." for n in range(200))
        )
        host.provision("ingest", "calme", str(document))
        _searches(host, quiet_one)
        samples = {"a quiet host": _searches(host, quiet_one)}
        with at_its_memory_limit(host.machine, "tenant@bruit.service"):
            samples["while the neighbour is at its memory limit"] = _searches(host, quiet_one)
        with _uploading(host, busy_one):
            samples[f"while {_UPLOADS} documents are uploaded at once"] = _searches(host, quiet_one)
    _show(samples)


def _searches(host: ProductionHost, client: dict[str, Any]) -> list[float]:
    seen = json.loads(_load(host, "search", client, _SEARCHES))
    if {status for status, _ in seen} != {200}:
        raise RuntimeError(f"not every search was answered: {sorted({status for status, _ in seen})}")
    return [seconds for _, seconds in seen]


def _load(host: ProductionHost, what: str, client: dict[str, Any], count: int) -> str:
    script = f"{PREFIX}/src/benchmarks/neighbour_load.py"
    words = (PYTHON, script, what, client["hostname"], client["api_key"], str(count))
    return host.machine.run(*words, seconds=_PATIENCE)


@contextmanager
def _uploading(host: ProductionHost, client: dict[str, Any]) -> Iterator[None]:
    """What was uploaded is still being indexed when the block ends, or the measurement is worth nothing."""
    said: list[str] = []
    uploads = threading.Thread(target=lambda: said.append(_load(host, "upload", client, _UPLOADS)))
    uploads.start()
    yield
    uploads.join()
    rows = host.machine.run(
        "curl",
        "-s",
        "-H",
        f"Host: {client['hostname']}",
        "-H",
        f"X-API-Key: {client['api_key']}",
        "http://127.0.0.1:8080/api/documents",
    )
    left = sum(one["status"] in ("queued", "processing") for one in json.loads(rows)["documents"])
    print(f"uploads by status: {said[0]}; still to be indexed at the end: {left}\n")
    if not left:
        raise RuntimeError("the neighbour was done before the searches were")


def _show(samples: Mapping[str, Sequence[float]]) -> None:
    quiet = _p95(samples["a quiet host"])
    rows = [
        [
            name,
            f"{statistics.median(one) * 1000:.0f} ms",
            f"{_p95(one) * 1000:.0f} ms",
            f"{_p95(one) / quiet:.2f}",
        ]
        for name, one in samples.items()
    ]
    table(["searches", "median", "p95", "p95 beside quiet"], rows)
    for name, one in samples.items():
        print(f"\n{name}: {against_target(_p95(one) / quiet, _TARGET_RATIO, '× quiet')}")


def _p95(samples: Sequence[float]) -> float:
    return statistics.quantiles(samples, n=20)[-1]
