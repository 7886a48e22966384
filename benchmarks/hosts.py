"""A host of its own for a benchmark: a temporary root, the local driver, free ports, real programs."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Host:
    """A running host: how to command it and how to reach its tenants through nginx."""

    root: Path
    http_port: int
    first_port: int
    ports: int
    settings: Mapping[str, str]

    def provision(self, *arguments: str) -> Any:
        """Run a command and return its JSON document; raises with the command's words when it fails."""
        return json.loads(self.run("--json", *arguments))

    def run(self, *arguments: str) -> str:
        """Run a command and return its standard output; raises with the command's words when it fails."""
        command = [sys.executable, "-m", "provisioner", "--driver", "local", *arguments]
        ended = subprocess.run(
            command,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if ended.returncode != 0:
            raise RuntimeError(f"provision {' '.join(arguments)}: {ended.stderr}{ended.stdout}")
        return ended.stdout

    @property
    def environment(self) -> dict[str, str]:
        """The process environment of its commands."""
        return {
            **os.environ,
            "TENANTRY_ROOT": str(self.root),
            "TENANTRY_HTTP_PORT": str(self.http_port),
            **self.settings,
            "TENANTRY_PORT_RANGE": f"{self.first_port}-{self.first_port + self.ports - 1}",
        }

    def client(self, tenant: str) -> httpx.Client:
        """An HTTP client that reaches a tenant through nginx."""
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.http_port}",
            headers={"Host": f"{tenant}.localhost:{self.http_port}"},
            timeout=60,
        )


@contextmanager
def running_host(ports: int = 100, settings: Mapping[str, str] | None = None) -> Iterator[Host]:
    """Start nginx, the embedding server and the dashboard under a temporary root; stop them at the end.

    `settings` are the host's further settings, as variables of the environment.
    """
    with tempfile.TemporaryDirectory(prefix="tenantry-bench-") as folder:
        host = Host(Path(folder), _free_port(), _free_range(), ports, settings or {})
        host.provision("host", "init")
        try:
            yield host
        finally:
            host.provision("host", "stop")


def wait_until_up(client: httpx.Client, path: str) -> None:
    """Return at the first 200; raise when it does not come."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            if client.get(path).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.005)
    raise TimeoutError(f"{client.base_url}{path} never answered 200")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _free_range() -> int:
    """The first of some hundred ports below the ephemeral range of which the first is free."""
    for first in range(21_000, 29_000, 500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", first)) != 0:
                return first
    raise RuntimeError("no free ports for the benchmark")
