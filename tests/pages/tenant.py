"""A tenant as the provisioner starts it: a settings file, ``admin init``, then ``serve`` under gunicorn."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from coverage import Coverage

from tenant_app import data_directory
from tests.tenant_app.environment import environment

ADMIN = "maitre.dupont@dupont.test"
MEMBER = "stagiaire@dupont.test"
VIEWER = "client@dupont.test"
PASSWORD = "un mot de passe de cabinet"
API_KEY = "sk_professional_" + "k" * 43
READY_SECONDS = 180.0

QUESTIONS = [
    {
        "fr": "Quel est le délai pour contester le congé ?",
        "en": "What is the time limit to contest the notice?",
    },
    {"fr": "Combien coûte une heure d’associé ?", "en": "What does an hour of a partner cost?"},
]


@dataclass(frozen=True)
class Tenant:
    """A served tenant: its address, and its folder with ``.env``, ``data/`` and ``log``."""

    url: str
    folder: Path

    def api(self) -> httpx.Client:
        """Return a client of the API with the first key."""
        return httpx.Client(base_url=self.url, headers={"X-API-Key": API_KEY}, timeout=60, verify=False)

    def add_document(self, name: str, content: bytes) -> int:
        """Send a document, wait until it is read, and return its id."""
        with self.api() as api:
            document = api.post("/api/documents", files={"file": (name, content)}).json()
            deadline = time.monotonic() + READY_SECONDS
            while document["status"] in ("queued", "processing"):
                assert time.monotonic() < deadline, f"{name} is still {document['status']}: {self.log()}"
                time.sleep(0.1)
                document = api.get(f"/api/documents/{document['id']}").json()
            assert document["status"] == "indexed", document
            return int(document["id"])

    def log(self) -> str:
        """Return what the tenant has said so far."""
        return (self.folder / "log").read_text()


@contextmanager
def served_tenant(folder: Path, embedding_socket: Path, **settings: str) -> Iterator[Tenant]:
    """Serve a fresh tenant with one user of each role; end it (SIGTERM) at the end."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    env_file = folder / ".env"
    values = environment(
        folder / "data",
        port=str(port),
        public_url=url,
        embedding_socket=str(embedding_socket),
        max_requests_per_minute="1000",
        assistant_questions=json.dumps(QUESTIONS, ensure_ascii=False),
    )
    env_file.write_text(_dotenv(values | {name.upper(): value for name, value in settings.items()}))
    data_directory.prepare(folder / "data")
    (folder / "data" / data_directory.DATABASE).write_bytes(_database())
    tenant = Tenant(url, folder)
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tenant_app", "serve"],
            env={**os.environ, **_counted(), "TENANT_ENV_FILE": str(env_file)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_ready(tenant, process)
        yield tenant
    finally:
        process.terminate()
        process.wait(timeout=60)


def _counted() -> dict[str, str]:
    """What counts a tenant's coverage when the tests' is counted: little else runs the pages' code."""
    if Coverage.current() is None:
        return {}
    return {"COVERAGE_PROCESS_START": str(Path(__file__).parents[2] / "pyproject.toml")}


@cache
def _database() -> bytes:
    """Return the database of a tenant with one user of each role, as its own commands have made it."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        env_file = folder / ".env"
        env_file.write_text(_dotenv(environment(folder / "data")))
        _administer(env_file, "init", {"admin_email": ADMIN, "admin_password": PASSWORD, "api_key": API_KEY})
        for email, role in ((MEMBER, "member"), (VIEWER, "viewer")):
            _administer(env_file, "user-add", {"email": email, "role": role, "password": PASSWORD})
        return (folder / "data" / data_directory.DATABASE).read_bytes()


def _administer(env_file: Path, command: str, payload: dict[str, Any]) -> None:
    subprocess.run(
        [sys.executable, "-m", "tenant_app", "admin", command],
        env={**os.environ, "TENANT_ENV_FILE": str(env_file)},
        input=json.dumps(payload).encode(),
        check=True,
        capture_output=True,
    )


def _wait_until_ready(tenant: Tenant, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    port = int(tenant.url.rpartition(":")[2])
    while True:
        assert process.poll() is None, tenant.log()
        assert time.monotonic() < deadline, tenant.log()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    assert httpx.get(f"{tenant.url}/readyz", timeout=30, verify=False).status_code == 200, tenant.log()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _dotenv(values: dict[str, str]) -> str:
    lines = (
        '{}="{}"'.format(key, value.replace("\\", "\\\\").replace('"', '\\"'))
        for key, value in values.items()
    )
    return "\n".join(lines) + "\n"
