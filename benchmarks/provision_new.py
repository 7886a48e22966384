"""How long a client waits for an instance: `provision new` until the first 200 through nginx.

Beside it, in the same run, the parts it cannot do without, each measured alone: starting the interpreter
and importing what the command imports; creating the database; starting the process until it answers; nginx
checking and reloading its configuration.
"""

from __future__ import annotations

import functools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from dotenv import dotenv_values

from benchmarks.hosts import Host, running_host, wait_until_up
from benchmarks.report import against_target, seconds, table

_RUNS = 10
_TARGET_SECONDS = 3.0
_TARGET_RATIO = 1.5


def run() -> None:
    """Provision ten tenants one after the other, measuring the parts in between."""
    whole: list[float] = []
    parts: dict[str, list[float]] = {name: [] for name in _PARTS}
    with running_host() as host:
        for number in range(_RUNS):
            tenant = f"bench{number}"
            whole.append(_timed(functools.partial(_new, host, tenant)))
            for name, part in _PARTS.items():
                parts[name].append(part(host, tenant))
    total = sum(statistics.median(samples) for samples in parts.values())
    table(
        ["", "median", "least", "most"],
        [
            ["`provision new` to the first 200 through nginx", *seconds(whole)],
            *([f"part: {name}", *seconds(samples)] for name, samples in parts.items()),
            ["sum of the parts", f"{total:.2f} s", "", ""],
        ],
    )
    median = statistics.median(whole)
    print(f"\n{against_target(median, _TARGET_SECONDS, 's')}; ", end="")
    print(f"{against_target(median / total, _TARGET_RATIO, '× the sum of its parts')}")


def _new(host: Host, tenant: str) -> None:
    host.provision("new", tenant, "--plan", "professional", "--name", f"Cabinet {tenant}")
    with host.client(tenant) as client:
        wait_until_up(client, "/login")


def _interpreter_and_imports(host: Host, _: str) -> float:
    """What `new` imports, imported by an interpreter that then does nothing."""
    modules = "provisioner.cli.main, provisioner.service.new, provisioner.drivers.local"
    return _timed(lambda: _python(host, "-c", f"import {modules}"))


def _migration(host: Host, tenant: str) -> float:
    """A database made from nothing, its first accounts included, by the tenant's own command."""
    env_file, _ = _copy_of_settings(host, tenant)
    first = {
        "admin_email": "a@b.example",
        "admin_password": "p" * 24,
        "api_key": f"sk_professional_{'k' * 40}",
    }
    payload = json.dumps(first)
    return _timed(
        lambda: _python(host, "-m", "tenant_app", "admin", "init", env_file=env_file, stdin=payload)
    )


def _process_start(host: Host, tenant: str) -> float:
    """The tenant's process, on the database `_migration` made, until it answers directly."""
    env_file, port = _copy_of_settings(host, tenant)
    environment = {**host.environment, "TENANT_ENV_FILE": str(env_file)}
    process = subprocess.Popen(
        [sys.executable, "-m", "tenant_app", "serve"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Host": f"127.0.0.1:{port}"}
        ) as client:
            return _timed(lambda: wait_until_up(client, "/healthz"))
    finally:
        process.terminate()
        process.wait()


def _nginx_reload(host: Host, _: str) -> float:
    """One check of the configuration and one reload, as at the end of `new`."""
    configuration = str(host.root / "nginx" / "nginx.conf")
    prefix = ["nginx", "-e", "stderr", "-p", str(host.root / "nginx"), "-c", configuration]

    def check_and_reload() -> None:
        for action in (["-t"], ["-s", "reload"]):
            subprocess.run([*prefix, *action], check=True, capture_output=True)

    return _timed(check_and_reload)


_PARTS: dict[str, Callable[[Host, str], float]] = {
    "interpreter and imports": _interpreter_and_imports,
    "migration and first accounts": _migration,
    "process start": _process_start,
    "nginx check and reload": _nginx_reload,
}


def _copy_of_settings(host: Host, tenant: str) -> tuple[Path, int]:
    """The tenant's .env for another data directory and port, so that the tenant itself is left alone."""
    original = host.root / f"client-{tenant}" / ".env"
    values = dotenv_values(original, interpolate=False)
    port = int(values["PORT"] or 0) + 50
    copy = host.root / f"copy-{tenant}" / ".env"
    copy.parent.mkdir(exist_ok=True)
    text = original.read_text(encoding="utf-8")
    text = text.replace(f'"{values["DATA_DIR"]}"', f'"{copy.parent / "data"}"')
    copy.write_text(text.replace(f'PORT="{values["PORT"]}"', f'PORT="{port}"'), encoding="utf-8")
    return copy, port


def _python(host: Host, *arguments: str, env_file: Path | None = None, stdin: str = "") -> None:
    environment = (
        host.environment if env_file is None else {**host.environment, "TENANT_ENV_FILE": str(env_file)}
    )
    subprocess.run(
        [sys.executable, *arguments], env=environment, input=stdin, text=True, check=True, capture_output=True
    )


def _timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
