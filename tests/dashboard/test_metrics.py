"""`/metrics`, as Prometheus' own parser reads it."""

from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from provisioner.dashboard.guard import EXTENSION
from provisioner.dashboard.observations import Seen
from provisioner.dashboard.roles import Role
from provisioner.dashboard.store import Store
from provisioner.dashboard.tokens import Tokens
from provisioner.host import HostSettings
from provisioner.registry.models import State
from provisioner.service.health import Health
from tests.dashboard.clock import FixedClock
from tests.dashboard.conftest import EMAIL, AddClient
from tests.dashboard.test_clients_api import bearer

Read = dict[tuple[str, str], float]


def read(browser: FlaskClient, host: HostSettings, clock: FixedClock, role: Role) -> Read:
    secret = Tokens(Store(host.root), clock).new(f"prometheus {role}", role, EMAIL).get_secret_value()
    answer = browser.get("/metrics", headers=bearer(secret))
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    return {
        (sample.name, sample.labels.get("client", "")): sample.value
        for family in text_string_to_metric_families(answer.get_data(as_text=True))
        for sample in family.samples
    }


def test_host_and_clients_are_told(
    visitor: FlaskClient, add_client: AddClient, host: HostSettings, clock: FixedClock, app: Flask
) -> None:
    add_client("dupont", "Dupont", usage={"requests_limit": None})
    add_client("martin", "Martin", state=State.SUSPENDED).write_text("{")
    observations = app.extensions[EXTENSION].observations
    for health in (Health.OK, Health.DOWN):
        observations.record(clock.now(), [Seen("dupont", health, None)])

    told = read(visitor, host, clock, Role.VIEWER)

    assert told["tenantry_client_up", "dupont"] == 0
    assert ("tenantry_client_up", "martin") not in told
    assert told["tenantry_client_requests_used", "dupont"] == 412
    assert ("tenantry_client_requests_limit", "dupont") not in told
    assert told["tenantry_client_usage_readable", "dupont"] == 1
    assert told["tenantry_client_usage_readable", "martin"] == 0
    assert told["tenantry_client_availability_asked", "dupont"] == 2
    assert told["tenantry_client_availability_ready", "dupont"] == 1
    assert told["tenantry_host_disk_free_bytes", ""] > 0
    assert told["tenantry_info", ""] == told["tenantry_client_info", "martin"] == 1


def test_money_is_told_to_an_owner_s_token_and_nothing_to_nobody_s(
    visitor: FlaskClient, operator: FlaskClient, add_client: AddClient, host: HostSettings, clock: FixedClock
) -> None:
    add_client("dupont", "Dupont", usage={})

    assert read(visitor, host, clock, Role.OWNER)["tenantry_client_llm_cost", "dupont"] == 1.42
    assert ("tenantry_client_llm_cost", "dupont") not in read(visitor, host, clock, Role.OPERATOR)
    for browser in (visitor, operator):
        assert browser.get("/metrics").status_code == 401
        assert browser.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 401
