"""What the dashboard works with: the host, its clients, its operators, the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.actions.requests import Request
from provisioner.clock import Clock
from provisioner.dashboard.attempts import Attempts
from provisioner.dashboard.jobs import Jobs
from provisioner.dashboard.observations import Observations
from provisioner.dashboard.operators import Operators
from provisioner.dashboard.reading import Reader
from provisioner.dashboard.tokens import Tokens
from provisioner.drivers.protocol import Driver
from provisioner.host import HostSettings
from provisioner.service.context import Context


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Built once by ``create_app``.

    ``question`` asks the program that acts on clients for what this one may not read. ``driver`` is the
    engine that runs the clients, as the host is now; ``now`` gives all of the host so.
    """

    host: HostSettings
    clock: Clock
    operators: Operators
    tokens: Tokens
    attempts: Attempts
    reader: Reader
    observations: Observations
    driver: Callable[[], Driver]
    jobs: Jobs
    question: Callable[[Request], Iterator[Mapping[str, Any]]]
    now: Callable[[], Context]
