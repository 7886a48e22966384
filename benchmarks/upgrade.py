"""Twenty clients upgraded while each is asked all the time, beside how fast the same requests are at rest."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

from benchmarks.production_host import production_host
from benchmarks.report import against_target, table
from tests.provisioner import newer_version

_CLIENTS = int(os.environ.get("TENANTRY_BENCH_CLIENTS", "20"))
_PAUSE = 0.5
_QUIET_SECONDS = 20.0
_NEXT = Path("/opt/next")


def run() -> None:
    """Upgrade all of them, with a migration, under load."""
    with production_host() as host:
        newer_version.install(host.machine.path(_NEXT), "7.0.0")
        names = [f"bench{number:02}" for number in range(_CLIENTS)]
        for name in names:
            host.provision("new", name, "--plan", "starter")
        with host.under_load(names, _PAUSE) as quiet:
            time.sleep(_QUIET_SECONDS)
        begun = time.perf_counter()
        with host.under_load(names, _PAUSE) as busy:
            outcomes = host.provision("upgrade", "--watch", "5", code=_NEXT)
        spent = time.perf_counter() - begun
    if {one["outcome"] for one in outcomes} != {"done"}:
        raise RuntimeError(f"not all were upgraded: {outcomes}")
    _show(quiet, busy, spent)


def _show(quiet: list[tuple[str, int, float]], busy: list[tuple[str, int, float]], spent: float) -> None:
    table(
        ["", "requests", "failed", "median", "longest"],
        [_row("at rest", quiet), _row(f"while {_CLIENTS} clients are upgraded", busy)],
    )
    failed = sum(status != 200 for _, status, _ in busy)
    print(f"\n{_CLIENTS} clients in {spent:.0f} s, {spent / _CLIENTS:.1f} s each, rehearsal included")
    print(against_target(float(failed), 0.0, "failed requests"))


def _row(name: str, seen: list[tuple[str, int, float]]) -> list[str]:
    times = [seconds for _, _, seconds in seen]
    failed = sum(status != 200 for _, status, _ in seen)
    return [
        name,
        str(len(seen)),
        str(failed),
        f"{statistics.median(times) * 1000:.0f} ms",
        f"{max(times):.2f} s",
    ]
