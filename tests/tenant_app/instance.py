"""A real instance: its .env file, the admin command, and gunicorn as it runs in production."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.tenant_app.environment import environment

ADMIN = "admin@dupont.test"
ADMIN_PASSWORD = "un mot de passe d'admin"
API_KEY = "sk_professional_" + "k" * 43
READY_SECONDS = 30


def free_port() -> int:
    """Return a loopback port nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Instance:
    """One tenant on disk, and how to run its commands."""

    directory: Path
    port: int

    @property
    def data_dir(self) -> Path:
        """Return its data directory."""
        return self.directory / "data"

    @property
    def url(self) -> str:
        """Return the address it answers on."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        """Return the process environment of its commands."""
        return {**os.environ, "TENANT_ENV_FILE": str(self.directory / ".env")}

    def admin(self, name: str, payload: object = None, text: str | None = None) -> tuple[int, dict[str, Any]]:
        """Run one admin command; return its exit status and its answer."""
        sent = text if text is not None else json.dumps({} if payload is None else payload)
        done = subprocess.run(
            [sys.executable, "-m", "tenant_app", "admin", name],
            input=sent,
            capture_output=True,
            text=True,
            env=self.environ,
            check=False,
        )
        assert done.stderr == ""
        answer: dict[str, Any] = json.loads(done.stdout)
        return done.returncode, answer

    def init(self) -> None:
        """Make it ready for its first start."""
        payload = {"admin_email": ADMIN, "admin_password": ADMIN_PASSWORD, "api_key": API_KEY}
        assert self.admin("init", payload) == (0, {"admin": ADMIN})

    def refused(self) -> tuple[int, str]:
        """Start it, expecting a refusal; return the exit status and what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "tenant_app", "serve"],
            capture_output=True,
            text=True,
            env=self.environ,
            check=False,
        )
        return done.returncode, done.stderr

    @contextmanager
    def serving(self) -> Iterator["Served"]:
        """Serve until the block ends, then stop as a supervisor does."""
        log = self.directory / "log"
        with log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "tenant_app", "serve"],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environ,
            )
        served = Served(process, self.url, log)
        try:
            served.wait_until_ready()
            yield served
        finally:
            served.stop()


@dataclass(frozen=True)
class Served:
    """A running instance."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def wait_until_ready(self) -> None:
        """Return once it answers; fails with its log when it ends or takes too long."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/readyz", verify=False).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.02)
        raise AssertionError(f"not ready:\n{self.log.read_text()}")

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(child) for child in children.split()]

    def stop(self) -> int:
        """Stop it as a supervisor does and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=40)


def write_env(path: Path, values: dict[str, str]) -> Path:
    """Write a .env file as the provisioner does: each value in double quotes, with \\ and " escaped."""

    def quoted(value: str) -> str:
        return value.replace("\\", "\\\\").replace('"', '\\"')

    path.write_text("".join(f'{key}="{quoted(value)}"\n' for key, value in values.items()), encoding="utf-8")
    return path


def make_instance(directory: Path, **changes: str) -> Instance:
    """Write the .env of a new instance."""
    directory.mkdir(parents=True, exist_ok=True)
    port = free_port()
    write_env(directory / ".env", environment(directory / "data", **{"port": str(port)} | changes))
    return Instance(directory, port)
