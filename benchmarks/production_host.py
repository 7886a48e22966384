"""A production host for a benchmark: a real systemd in a container, nginx, and the systemd driver."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from tests.systemd.host import PREFIX, PYTHON, tenantry_machine
from tests.systemd.machine import Machine

SOURCES: Final = Path(f"{PREFIX}/src")
_LOAD: Final = f"{PREFIX}/src/benchmarks/load.py"
_STOP: Final = "/run/benchmark-load-ends"
_PATIENCE: Final = 3600.0


@dataclass(frozen=True)
class ProductionHost:
    """A booted host whose shared parts run."""

    machine: Machine

    def provision(self, *words: str, code: Path = SOURCES) -> Any:
        """Run a command of the version at `code`; return its JSON, raise with its words on failure."""
        surroundings = ("env", f"--chdir={code}", f"PYTHONPATH={code}")
        where = ("--root", "/var/www", "--driver", "systemd", "--json")
        command = (*surroundings, PYTHON, "-m", "provisioner", *where, *words)
        answer = self.machine.attempt(*command, seconds=_PATIENCE)
        if answer.returncode != 0:
            raise RuntimeError(
                f"provision {' '.join(words)}: {answer.stderr.decode()}{answer.stdout.decode()}"
            )
        return json.loads(answer.stdout)

    def ask(self, name: str, path: str) -> tuple[int, float]:
        """Ask a client through nginx; return the status and the seconds to the first byte."""
        form = "%{http_code} %{time_starttransfer}"
        told = ("--silent", "--output", "/dev/null", "--max-time", "120", "--write-out", form)
        address = f"http://127.0.0.1:8080{path}"
        status, spent = self.machine.run("curl", *told, "-H", f"Host: {name}.localhost", address).split()
        return int(status), float(spent)

    def megabytes(self, *words: str) -> float:
        """PSS of the host's processes whose command line holds all these words; of all without any."""
        return sum(
            _pss_megabytes(process.pid)
            for process in psutil.process_iter()
            if _inside(process, self.machine.leader) and all(word in _command(process) for word in words)
        )

    @contextmanager
    def under_load(self, names: Sequence[str], pause: float) -> Iterator[list[tuple[str, int, float]]]:
        """Have each client asked for its sign-in page, one request after another with a pause in seconds.

        The list holds, after the block, name, status (0: no answer) and seconds of each request.
        """
        seen: list[tuple[str, int, float]] = []
        self.machine.run("rm", "-f", _STOP)

        def load() -> None:
            answer = self.machine.run(PYTHON, _LOAD, _STOP, str(pause), *names, seconds=_PATIENCE)
            seen.extend((name, status, spent) for name, status, spent in json.loads(answer))

        thread = threading.Thread(target=load)
        thread.start()
        try:
            yield seen
        finally:
            self.machine.run("touch", _STOP)
            thread.join()


@contextmanager
def production_host() -> Iterator[ProductionHost]:
    """Boot a host and begin it; it is gone at the end."""
    with tenantry_machine() as machine:
        host = ProductionHost(machine)
        host.provision("host", "init")
        yield host


def _inside(process: psutil.Process, leader: int) -> bool:
    try:
        return Path(f"/proc/{process.pid}/ns/pid").readlink() == Path(f"/proc/{leader}/ns/pid").readlink()
    except OSError:
        return False


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _pss_megabytes(pid: int) -> float:
    """A process that has ended meanwhile weighs nothing."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)
