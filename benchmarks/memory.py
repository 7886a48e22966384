"""What one more tenant costs in memory: PSS of all its processes, after a sign-in page and after a chat.

PSS shares what several processes map between them, so it is what the host really pays. Beside it: a
process that only imports the libraries. The chat is measured twice: answered from the documents alone, and
by a language model (a simulator of one, in a process of its own), which brings in the provider's SDK.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from benchmarks.hosts import Host, running_host, wait_until_up
from benchmarks.report import against_target, table

_TENANT = "bench"
_SIGN_IN_TARGET = 95.0
_CHAT_TARGET = 170.0
_EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
_WEB = "flask, gunicorn.app.base, sqlalchemy.orm, pydantic, jwt, argon2"
_CHAT = f"{_WEB}, chromadb, openai"


def run() -> None:
    """Measure one tenant beside the host's own programs, without and with a provider."""
    after_sign_in_page, after_local_chat = _measure({})
    with _provider() as settings:
        _, after_model_chat = _measure(settings)
    _print(after_sign_in_page, after_local_chat, after_model_chat)


def _measure(settings: Mapping[str, str]) -> tuple[float, float]:
    """A tenant's megabytes after its sign-in page, and after indexing the examples and one chat."""
    with running_host(settings=settings) as host:
        created = host.provision("new", _TENANT, "--plan", "professional", "--name", "Cabinet Mesure")
        with host.client(_TENANT) as client:
            wait_until_up(client, "/login")
            after_sign_in_page = _tenant_megabytes(host)
            host.provision("ingest", _TENANT, str(_EXAMPLES))
            _chat(client, created["api_key"], "llm" if settings else "local")
            return after_sign_in_page, _tenant_megabytes(host)


@contextmanager
def _provider() -> Iterator[dict[str, str]]:
    """A simulated provider, and the host settings that lead to it."""
    simulator = [sys.executable, "-m", "tenant_app.assistant.provider_simulator"]
    with (
        tempfile.NamedTemporaryFile("w") as key_file,
        subprocess.Popen(simulator, stdout=subprocess.PIPE, text=True) as process,
    ):
        print("sk-simulated", file=key_file, flush=True)
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        try:
            yield {"TENANTRY_LLM_BASE_URL": base_url, "TENANTRY_LLM_API_KEY_FILE": key_file.name}
        finally:
            process.terminate()


def _print(after_sign_in_page: float, after_local_chat: float, after_model_chat: float) -> None:
    table(
        ["", "PSS"],
        [
            ["a tenant that has served its sign-in page", f"{after_sign_in_page:.0f} MB"],
            [f"a process that imports {_WEB}", f"{_imports_megabytes(_WEB):.0f} MB"],
            ["a tenant that has indexed the examples and answered from them", f"{after_local_chat:.0f} MB"],
            ["a tenant that has indexed the examples and asked a model", f"{after_model_chat:.0f} MB"],
            [f"a process that imports {_CHAT}", f"{_imports_megabytes(_CHAT):.0f} MB"],
        ],
    )
    print(f"\nsign-in page: {against_target(after_sign_in_page, _SIGN_IN_TARGET, 'MB')}")
    print(f"chat: {against_target(max(after_local_chat, after_model_chat), _CHAT_TARGET, 'MB')}")


def _chat(client: httpx.Client, api_key: str, mode: str) -> None:
    answer = client.post(
        "/api/chat", headers={"X-API-Key": api_key}, json={"question": "Quel est le préavis du locataire ?"}
    )
    answer.raise_for_status()
    if answer.json()["mode"] != mode:
        raise RuntimeError(f"the answer was meant to be {mode}: {answer.json()}")


def _tenant_megabytes(host: Host) -> float:
    """PSS of the processes whose environment names the tenant's settings file."""
    env_file = str(host.root / f"client-{_TENANT}" / ".env")
    processes = [
        process
        for process in psutil.process_iter(["environ"])
        if env_file in (process.info["environ"] or {}).values()
    ]
    if not processes:
        raise RuntimeError(f"no process has TENANT_ENV_FILE={env_file}")
    return sum(_pss_megabytes(process.pid) for process in processes)


def _imports_megabytes(modules: str) -> float:
    code = f"import {modules}; print('ready', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        megabytes = _pss_megabytes(process.pid)
        process.communicate("\n")
    return megabytes


def _pss_megabytes(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"the kernel gives no PSS for process {pid}")
