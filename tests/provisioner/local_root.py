"""A real root of the local driver: supervisord, nginx, embedding server and tenants, on ports of its own."""

from __future__ import annotations

import atexit
import functools
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from provisioner.cli.main import main
from tests.provisioner.forked_commands import ForkedCommands

HOST_YAML = "http_port: {http}\nport_range: {first}-{last}\n"


@dataclass(frozen=True)
class Outcome:
    """How a command ended: its exit code, its JSON document and what it said beside it."""

    code: int
    document: Any
    said: str


@dataclass
class LocalRoot:
    """One root and the ports it may use."""

    path: Path
    http_port: int
    first_port: int

    @classmethod
    def begin(cls, path: Path) -> LocalRoot:
        """Choose free ports and write them down; nothing is started yet."""
        path.mkdir(parents=True, exist_ok=True)
        http_port, first = free_ports(1), free_ports(40)
        (path / "host.yaml").write_text(HOST_YAML.format(http=http_port, first=first, last=first + 39))
        return cls(path, http_port, first)

    def provision(self, *words: str) -> Outcome:
        """Run a command in this process with `--json`."""
        code, shown, said = self.tell("--json", *words)
        return Outcome(code, json.loads(shown) if shown else None, said)

    def tell(self, *words: str) -> tuple[int, str, str]:
        """Run a command in this process as a person would; return its code, its result and what it said."""
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("TENANTRY_HTTP_PORT", raising=False)
            patch.delenv("TENANTRY_PORT_RANGE", raising=False)
            out, err = io.StringIO(), io.StringIO()
            with redirect_stdout(out), redirect_stderr(err):
                code = main(["--root", str(self.path), *words])
        return code, out.getvalue(), err.getvalue()

    def command(self, *words: str) -> list[str]:
        """The same command line, to be run as a process of its own."""
        return [sys.executable, "-m", "provisioner", "--root", str(self.path), "--json", *words]

    def spawn(self, *words: str) -> subprocess.Popen[str]:
        """Start a command as a process of its own."""
        return subprocess.Popen(
            self.command(*words),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(),
        )

    def injected(
        self, fault: str, *words: str, within: Path | None = None, programs: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run a command while the kernel makes one system call (`within`: one on that path) fail or kill.

        Only the command itself is traced: its own steps are what is tried; with `programs` also what it runs.
        """
        only = ("-P", str(within)) if within else ()
        followed = ("-f",) if programs else ()
        named = ("-e", f"trace={fault.partition(':')[0]}", "-e", f"inject={fault}")
        return self.traced("-o", "/dev/null", *followed, *only, *named, words=words)

    def traced(self, *options: str, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command under `strace` with these options, from where it has its modules loaded."""
        line = ("--root", str(self.path), "--json", *words)
        return _commands().run(*line, strace=options, environment=self.environment())

    def killed_at_step(self, step: int | str, *words: str) -> int:
        """Run a command that dies by `kill -9` as a step (number or first words) begins; 0: at the end.

        Returns how many steps there were to be.
        """
        line = ("--root", str(self.path), *words)
        killed = _commands().run(*line, killed_at=str(step), environment=self.environment())
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        return int(killed.stderr.split()[-1])

    def environment(self) -> dict[str, str]:
        """Our environment without what would win over this root's host.yaml."""
        return {name: value for name, value in os.environ.items() if not name.startswith("TENANTRY_")}

    def new(self, tenant_id: str, *more: str) -> Outcome:
        """Provision a client of the starter plan."""
        return self.provision("new", tenant_id, "--plan", "starter", "--admin-email", "a@example.fr", *more)

    def rows(self) -> dict[str, dict[str, Any]]:
        """What `list` shows, by id."""
        return {row["id"]: row for row in self.provision("list").document}

    def get(self, tenant_id: str, path: str = "/readyz") -> int:
        """Ask a client through nginx and return the status; 0 when nginx closes without an answer."""
        return ask(self.http_port, f"{tenant_id}.localhost", path)

    def nginx_is_valid(self) -> bool:
        """Say whether the live configuration would load."""
        configuration = str(self.path / "nginx" / "nginx.conf")
        return subprocess.run(["nginx", "-t", "-q", "-c", configuration], check=False).returncode == 0


@functools.cache
def _commands() -> ForkedCommands:
    """For all roots of this test process, until it ends."""
    commands = ForkedCommands([sys.executable])
    atexit.register(commands.close)
    return commands


def ask(port: int, host: str, path: str) -> int:
    """Ask once; 0 when there is no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status
    except (http.client.HTTPException, OSError):
        return 0
    finally:
        connection.close()


def wait_until(so: Callable[[], bool], seconds: float = 60) -> None:
    """Look every tenth of a second until it is so."""
    deadline = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.1)


def free_ports(count: int) -> int:
    """Return the first of `count` neighbouring ports nobody listens on now."""
    for first in range(20_000 + os.getpid() % 250 * 40, 32_000, count):
        if all(is_free(port) for port in range(first, first + count)):
            return first
    raise AssertionError("no free ports")


def is_free(port: int) -> bool:
    """Say whether a program could listen on a port of the loopback address now."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
