"""`/metrics` for Prometheus: the host and each client, to whoever has a token; money to owners' only.

A token is asked of the loopback too: under the local driver clients share it, and would read of each other.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import psutil
from flask import Blueprint, Response, g
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from provisioner import __version__
from provisioner.dashboard.clients import Client
from provisioner.dashboard.context import Dashboard
from provisioner.dashboard.guard import dashboard, with_token
from provisioner.dashboard.observations import Availability
from provisioner.dashboard.roles import Role

blueprint = Blueprint("metrics", __name__)
_ASKED: Final = frozenset({"running", "failed"})
_NUMBERS: Final = {
    "requests_used": "Requests of this month",
    "analyses_used": "Analyses of this month",
    "tokens_in": "Tokens sent to the provider this month",
    "tokens_out": "Tokens received from the provider this month",
    "users_active": "Active users",
    "documents": "Documents held",
    "storage_bytes": "Bytes of documents held",
}
_LIMITS: Final = {
    "requests_limit": "Requests allowed a month; none when unlimited",
    "analyses_limit": "Analyses allowed a month; none when unlimited",
    "users_limit": "Users allowed; none when unlimited",
}
_MONEY: Final = {
    "llm_cost": "Euros the provider of language models is owed this month",
    "total_due": "Euros due this month, before tax",
}


@blueprint.get("/metrics")
@with_token(Role.VIEWER)
def metrics() -> ResponseReturnValue:
    """Answer in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Read([*_host(dashboard()), *_clients(dashboard(), money=g.actor.owns)]))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Read(Collector):
    """Hands on what was read for one answer."""

    def __init__(self, families: Sequence[GaugeMetricFamily]) -> None:
        self._families = families

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return what was read."""
        return self._families


def _host(dashboard: Dashboard) -> Iterator[GaugeMetricFamily]:
    disk = psutil.disk_usage(str(dashboard.host.root))
    memory = psutil.virtual_memory()
    yield _family("tenantry_info", "The version that serves this", ["version"], [([__version__], 1)])
    for name, told, value in (
        ("disk_total_bytes", "Size of the root's file system", disk.total),
        ("disk_free_bytes", "Bytes free there", disk.free),
        ("memory_total_bytes", "Memory of the host", memory.total),
        ("memory_available_bytes", "Memory that programs could still have", memory.available),
        ("load1", "Processes that wanted to run, over a minute", os.getloadavg()[0]),
    ):
        yield _family(f"tenantry_host_{name}", told, [], [([], value)])


def _clients(dashboard: Dashboard, *, money: bool) -> Iterator[GaugeMetricFamily]:
    clients = dashboard.reader.with_health(dashboard.reader.all())
    seen = dashboard.observations.of_month(f"{dashboard.clock.now():%Y-%m}")
    yield _family(
        "tenantry_client_info",
        "A client, its plan and its state",
        ["client", "plan", "state"],
        [([one.id, one.plan, one.state], 1) for one in clients],
    )
    yield _of_each(
        "up",
        "Whether a client that is to answer is ready; none of those that sleep, are stopped or suspended",
        [(one, one.health == "ok") for one in clients if one.state in _ASKED],
    )
    yield _of_each(
        "usage_readable",
        "Whether its usage file of this month can be believed; none when there is no file yet",
        [(one, one.usage_state == "known") for one in clients if one.usage_state != "none"],
    )
    yield from _availability(clients, seen)
    for name, told in {**_NUMBERS, **_LIMITS, **(_MONEY if money else {})}.items():
        known = [(one, getattr(one.usage, name)) for one in clients if one.usage]
        yield _of_each(name, told, [(one, value) for one, value in known if value is not None])


def _availability(clients: Sequence[Client], seen: dict[str, Availability]) -> Iterator[GaugeMetricFamily]:
    noted = [(one, seen[one.id]) for one in clients if one.id in seen]
    asked, ready = "How often it was asked this month whether it is ready", "How often it was"
    yield _of_each("availability_asked", asked, [(one, month.asked) for one, month in noted])
    yield _of_each("availability_ready", ready, [(one, month.ready) for one, month in noted])


def _of_each(name: str, told: str, values: Iterable[tuple[Client, float]]) -> GaugeMetricFamily:
    samples = [([one.id], float(value)) for one, value in values]
    return _family(f"tenantry_client_{name}", told, ["client"], samples)


def _family(
    name: str, told: str, labels: Sequence[str], samples: Iterable[tuple[Sequence[str], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, told, labels=labels)
    for values, value in samples:
        family.add_metric(list(values), value)
    return family
