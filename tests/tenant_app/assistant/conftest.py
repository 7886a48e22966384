"""Tenants for the assistant's tests; their provider is the simulator, over a real socket."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tenant_app.api.context import EXTENSION
from tenant_app.assistant.provider_simulator import Behaviour, ProviderSimulator
from tenant_app.factory import create_app
from tenant_app.settings import Settings
from tests.tenant_app.assistant.tenant import RECOURS, RESIDENT, Tenant
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.environment import environment

OpenTenant = Callable[..., Tenant]


@contextmanager
def simulated(behaviour: Behaviour) -> Iterator[ProviderSimulator]:
    """Run a provider on a free port."""
    with ProviderSimulator(0, behaviour) as simulator:
        thread = threading.Thread(target=simulator.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield simulator
        simulator.shutdown()
        thread.join()


@pytest.fixture
def open_tenant(data_dir: Path, clock: FixedClock) -> Iterator[OpenTenant]:
    """Return a function that opens the tenant: ``behaviour`` None means without a provider."""
    with ExitStack() as opened:

        def open_one(behaviour: Behaviour | None = None, **changes: str) -> Tenant:
            simulator = opened.enter_context(simulated(behaviour)) if behaviour else None
            if simulator is not None:
                changes = {"openai_base_url": simulator.base_url} | changes
            app = create_app(Settings.model_validate(environment(data_dir, **changes)), clock)
            opened.callback(app.extensions[EXTENSION].close)
            tenant = Tenant(app, simulator)
            tenant.shelve("recours.txt", RECOURS, page=3)
            tenant.shelve("resident.txt", RESIDENT)
            return tenant

        yield open_one


@pytest.fixture
def tenant(open_tenant: OpenTenant) -> Tenant:
    """Return a tenant without a provider and with two documents."""
    return open_tenant()
