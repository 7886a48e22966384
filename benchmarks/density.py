"""How many clients one host bears: 200 provisioned, all asleep, then 50 of them awake at once.

`TENANTRY_BENCH_CLIENTS` and `TENANTRY_BENCH_AWAKE` give other numbers.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks.production_host import ProductionHost, production_host
from benchmarks.report import against_target, table

_CLIENTS = int(os.environ.get("TENANTRY_BENCH_CLIENTS", "200"))
_AWAKE = int(os.environ.get("TENANTRY_BENCH_AWAKE", "50"))
_TARGET_MEGABYTES = 6000.0
_ASLEEP_TARGET_MEGABYTES = 1.0


def run() -> None:
    """Provision, put to sleep, weigh; wake, weigh."""
    with production_host() as host:
        empty = _without_embeddings(host)
        begun = time.perf_counter()
        names = [f"bench{number:03}" for number in range(_CLIENTS)]
        for name in names:
            host.provision("new", name, "--plan", "starter")
        provisioned = time.perf_counter() - begun
        host.machine.run("systemctl", "stop", "tenant@*.service")
        asleep = _without_embeddings(host)
        processes = host.megabytes("tenant_app")
        woken = _wake(host, names[:_AWAKE])
        awake = host.megabytes()
        clients, embeddings = host.megabytes("tenant_app"), host.megabytes("embedding_server")
    table(
        ["", "PSS"],
        [
            ["the host without a client, embedding server apart", f"{empty:.0f} MB"],
            [f"{_CLIENTS} clients asleep: their own processes", f"{processes:.0f} MB"],
            [f"{_CLIENTS} clients asleep: the host, embedding server apart", f"{asleep:.0f} MB"],
            [f"{_AWAKE} of them awake: their own processes", f"{clients:.0f} MB"],
            ["the embedding server", f"{embeddings:.0f} MB"],
            [f"{_AWAKE} of them awake: the whole host", f"{awake:.0f} MB"],
        ],
    )
    each = (asleep - empty) / _CLIENTS
    print(f"\nprovisioned in {provisioned:.0f} s, {provisioned / _CLIENTS:.2f} s each")
    print(f"one that sleeps: {against_target(each, _ASLEEP_TARGET_MEGABYTES, 'MB')}")
    print(f"{_AWAKE} woken at once in {woken:.1f} s: {against_target(awake, _TARGET_MEGABYTES, 'MB')}")


def _without_embeddings(host: ProductionHost) -> float:
    """The host's PSS but for the embedding server's, which grows with its model, not with clients."""
    return host.megabytes() - host.megabytes("embedding_server")


def _wake(host: ProductionHost, names: list[str]) -> float:
    """Ask for the sign-in pages of all at once; return after how many seconds the last one was served."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(len(names)) as everybody:
        answers = list(everybody.map(lambda name: host.ask(name, "/login")[0], names))
    if set(answers) != {200}:
        raise RuntimeError(f"not every sign-in page was served: {sorted(answers)}")
    return time.perf_counter() - begun
