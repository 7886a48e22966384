"""How long `provision list` takes with 500 tenants in the registry.

The tenants are registry rows that should run (500 processes would measure the machine); supervisord is asked
for them like for real ones. What answering instances would add, asking 500 ports for their health, is
measured beside it with a small server that answers on all of them.
"""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from benchmarks.hosts import Host, running_host
from benchmarks.report import against_target, seconds, table
from provisioner.clock import SystemClock
from provisioner.host import load_host
from provisioner.plans import load_catalogue
from provisioner.registry.database import Database
from provisioner.registry.models import State
from provisioner.registry.registry import Registry
from provisioner.resources import plans_file
from provisioner.service.health import Health, ask_all
from provisioner.spec import TenantRequest, build_spec

_TENANTS = 500
_RUNS = 7
_TARGET_SECONDS = 0.8
_READY = b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\nConnection: close\r\n\r\n" + b'{"status":"ok"}'


def run() -> None:
    """Fill a registry, time the command, then the health questions."""
    with running_host(ports=_TENANTS) as host:
        _register(host)
        listing = [_timed_list(host) for _ in range(_RUNS)]
        version = [_timed_version(host) for _ in range(_RUNS)]
    with _answering_ports() as ports:
        healths = [_timed_healths(ports) for _ in range(_RUNS)]
    table(
        ["", "median", "least", "most"],
        [
            [f"`provision --json list`, {_TENANTS} tenants", *seconds(listing)],
            ["of it: interpreter and command line (`provision --version`)", *seconds(version)],
            [f"asking {_TENANTS} answering instances for their health", *seconds(healths)],
        ],
    )
    print(f"\n{against_target(statistics.median(listing), _TARGET_SECONDS, 's')}")


def _register(host: Host) -> None:
    settings = load_host(host.root, host.environment)
    catalogue = load_catalogue(plans_file())
    registry = Registry(Database.open(settings.layout.registry), SystemClock())
    for number in range(_TENANTS):
        request = TenantRequest(id=f"client{number}", plan="starter", started_on=datetime.now(UTC).date())
        spec = build_spec(request, catalogue, settings, host.first_port + number)
        registry.book(request, spec)
        registry.set_state(spec.id, State.RUNNING)


def _timed_list(host: Host) -> float:
    started = time.perf_counter()
    rows = host.provision("list")
    elapsed = time.perf_counter() - started
    if len(rows) != _TENANTS:
        raise RuntimeError(f"{len(rows)} rows instead of {_TENANTS}")
    return elapsed


def _timed_version(host: Host) -> float:
    started = time.perf_counter()
    host.run("--version")
    return time.perf_counter() - started


def _timed_healths(ports: list[int]) -> float:
    started = time.perf_counter()
    found = ask_all({str(port): (port, "client.localhost") for port in ports})
    elapsed = time.perf_counter() - started
    if set(found.values()) != {Health.OK}:
        raise RuntimeError("not every instance was seen to answer")
    return elapsed


@contextmanager
def _answering_ports() -> Iterator[list[int]]:
    """500 ports on which a server on another thread answers every request with a healthy 200."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    servers = asyncio.run_coroutine_threadsafe(_listen(), loop).result()
    try:
        yield [server.sockets[0].getsockname()[1] for server in servers]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for server in servers:
            server.close()
        loop.close()


async def _listen() -> list[asyncio.Server]:
    return [await asyncio.start_server(_answer, "127.0.0.1", 0) for _ in range(_TENANTS)]


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(_READY)
    await writer.drain()
    writer.close()
