"""How long a sleeping client's next request waits, beside the imports its process must do in any case."""

from __future__ import annotations

import statistics
import time

from benchmarks.production_host import ProductionHost, production_host
from benchmarks.report import against_target, seconds, table
from tests.systemd.host import PREFIX, PYTHON

_RUNS = 10
_TENANT = "bench"
_TARGET = 2.0


def run() -> None:
    """Wake one client ten times, each beside an interpreter that imports its application."""
    with production_host() as host:
        host.provision("new", _TENANT, "--plan", "professional")
        woken, awake, imports = [], [], []
        for _ in range(_RUNS):
            _put_to_sleep(host)
            woken.append(_first_byte(host))
            awake.append(_first_byte(host))
            imports.append(_imports(host))
    table(
        ["", "median", "least", "most"],
        [
            ["a sleeping client's sign-in page, to its first byte", *seconds(woken)],
            ["the same of a client that is awake", *seconds(awake)],
            ["an interpreter that imports gunicorn and the application", *seconds(imports)],
        ],
    )
    ratio = statistics.median(woken) / statistics.median(imports)
    print(f"\n{against_target(statistics.median(woken), _TARGET, 's')}; {ratio:.2f} × the imports")


def _put_to_sleep(host: ProductionHost) -> None:
    """End its process as its own idleness does: the port stays open.

    Each run is a new start to the limit of starts in a unit file; it is reset, as nobody sleeps this often.
    """
    host.machine.run("systemctl", "stop", f"tenant@{_TENANT}.service")
    host.machine.run("systemctl", "reset-failed", f"tenant@{_TENANT}.service")
    if host.provision("status", _TENANT)["state"] != "asleep":
        raise RuntimeError("the client was meant to be asleep")


def _first_byte(host: ProductionHost) -> float:
    status, spent = host.ask(_TENANT, "/login")
    if status != 200:
        raise RuntimeError(f"the sign-in page was answered with {status}")
    return spent


def _imports(host: ProductionHost) -> float:
    begun = time.perf_counter()
    code = "import gunicorn.app.base, tenant_app.factory"
    host.machine.run("env", f"PYTHONPATH={PREFIX}/src", PYTHON, "-c", code)
    return time.perf_counter() - begun
