"""How long the dashboard takes to answer with the list of 1,000 clients, and with one client's page.

The clients are registry rows with usage files and a month of what was seen of them; none of them runs (1,000
processes would measure the machine), so each that is asked how it is refuses at once. The first answer reads
everything; those after read what has changed. What is asked over HTTP is answered by the process that serves
the dashboard in production, gunicorn's; a page holds 50 clients.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from pydantic import SecretStr

from benchmarks.report import against_target, milliseconds, table
from provisioner.clock import SystemClock
from provisioner.dashboard.observations import Observations, Seen
from provisioner.dashboard.operators import add_operator
from provisioner.dashboard.store import Store
from provisioner.host import HostSettings
from provisioner.plans import load_catalogue
from provisioner.registry.database import Database
from provisioner.registry.models import State
from provisioner.registry.registry import Registry
from provisioner.resources import plans_file
from provisioner.service.health import Health
from provisioner.spec import TenantRequest, build_spec
from provisioner.usage_files import UsageRecord

_CLIENTS = 1000
_RUNS = 15
_DAYS = 30
_TARGET_SECONDS = 0.3
_EMAIL, _PASSWORD = "benchmark@vendor.test", "a password of a benchmark"
_PAGES = {
    f"the list of {_CLIENTS} clients": "/admin/clients",
    "sorted by requests": "/admin/clients?sort=requests&order=desc",
    "searched": "/admin/clients?q=client9",
    "filtered by health, every client asked": "/admin/clients?health=down",
    "one client": "/admin/clients/client7",
}


def run() -> None:
    """Make the clients, serve the dashboard, ask for each page."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        _make(root)
        with _served(root) as browser:
            first = _timed(browser, "/admin/clients")
            times = {name: [_timed(browser, path) for _ in range(_RUNS)] for name, path in _PAGES.items()}
    rows = [[name, *milliseconds(samples)] for name, samples in times.items()]
    table(["", "median", "least", "most"], [["the first answer of all", *milliseconds([first])], *rows])
    shown = statistics.median(times[next(iter(_PAGES))])
    print(f"\n{against_target(shown, _TARGET_SECONDS, 's')}")


def _make(root: Path) -> None:
    host = HostSettings(root=root)
    catalogue = load_catalogue(plans_file())
    registry = Registry(Database.open(host.layout.registry), SystemClock())
    now = datetime.now(UTC)
    records = []
    for number in range(_CLIENTS):
        request = TenantRequest(id=f"client{number}", plan="professional", started_on=now.date())
        spec = build_spec(request, catalogue, host, 20_000 + number)
        registry.book(request, spec)
        registry.set_state(spec.id, State.RUNNING)
        records.append(_usage(spec.id, number, now))
        file = root / f"client-{spec.id}" / "data" / "usage" / f"{now:%Y-%m}.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(records[-1].model_dump(mode="json") | _money(records[-1])))
    add_operator(root, _EMAIL, SecretStr(_PASSWORD))
    observations = Observations(Store(root))
    for day in range(_DAYS):
        moment = now - timedelta(days=_DAYS - 1 - day)
        observations.record(moment, [Seen(one.client_id, Health.OK, one) for one in records])


def _usage(client_id: str, number: int, now: datetime) -> UsageRecord:
    return UsageRecord.model_validate(
        {
            "client_id": client_id,
            "month": f"{now:%Y-%m}",
            **dict.fromkeys(("analyses_used", "tokens_in", "tokens_out"), 20),
            **dict.fromkeys(("analyses_limit", "requests_limit"), 1000),
            "users_active": 4,
            "users_limit": 10,
            "overage_fees": 0,
            "total_due": 299,
            "requests_used": number,
            "llm_cost": 1.5,
            "documents": 80,
            "storage_bytes": 700_000_000,
            "updated_at": now.isoformat(),
        }
    )


def _money(record: UsageRecord) -> dict[str, float]:
    return {name: float(getattr(record, name)) for name in ("overage_fees", "total_due", "llm_cost")}


@contextmanager
def _served(root: Path) -> Iterator[httpx.Client]:
    """Serve the dashboard as the driver does, and sign in."""
    socket = root / "d.sock"
    command = [sys.executable, "-m", "provisioner", "--root", str(root), "admin", "serve"]
    process = subprocess.Popen([*command, "--bind", f"unix:{socket}"], stderr=subprocess.DEVNULL)
    try:
        transport = httpx.HTTPTransport(uds=str(socket))
        origin = {"Origin": "http://localhost"}
        with httpx.Client(transport=transport, base_url="http://localhost", headers=origin) as browser:
            _wait(socket)
            page = browser.get("/admin/login").text
            token = page.split('name="csrf_token" value="')[1].split('"')[0]
            form = {"csrf_token": token, "email": _EMAIL, "password": _PASSWORD}
            browser.post("/admin/login", data=form)
            yield browser
    finally:
        process.terminate()
        process.wait()


def _wait(socket: Path) -> None:
    deadline = time.monotonic() + 60
    while not socket.exists():
        if time.monotonic() > deadline:
            raise RuntimeError("the dashboard did not begin to listen")
        time.sleep(0.05)


def _timed(browser: httpx.Client, path: str) -> float:
    started = time.perf_counter()
    answer = browser.get(path, timeout=60)
    elapsed = time.perf_counter() - started
    if answer.status_code != 200 or "client" not in answer.text:
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return elapsed
