"""An operator at a host of each driver: types commands, and asks clients over HTTP through nginx."""

import functools
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import pytest

from provisioner.cli.main import main
from tests.provisioner.forked_commands import ForkedCommands
from tests.systemd.host import PREFIX, PYTHON
from tests.systemd.machine import Machine

#: Ports of tenants on this machine that no demo and no other test books: 49 for each of two test processes.
_LOCAL_PORTS: Final = {"gw0": "5801-5849", "gw1": "5850-5898"}
#: Where a booted machine has the code that is tried.
INSTALLED: Final = Path(PREFIX, "src")


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP; status 0 means that the connection was closed without an answer."""

    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Outcome:
    """What a command printed on its standard output as JSON, what on its standard error, and its status."""

    status: int
    document: Any
    messages: str


class Operator(Protocol):
    """Somebody who runs one host of one driver."""

    driver: str
    root: Path
    port: int

    def within(self, *words: str) -> Outcome:
        """Run a `provision` command with `--json`, without starting Python for it."""

    def run(self, *argv: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run any command on the host, as its operator."""

    def path(self, on_host: Path) -> Path:
        """Where the test finds a file of the host."""

    def main_process(self, tenant_id: str) -> int:
        """The process id, on the host, of a client's main process; 0 when there is none."""


class LocalOperator:
    """Runs the local driver on this machine, in a root of its own."""

    driver = "local"

    def __init__(self, root: Path, port: int) -> None:
        self.root = root
        self.port = port
        ports = _LOCAL_PORTS[os.environ.get("PYTEST_XDIST_WORKER", "gw0")]
        self._ports = {"TENANTRY_HTTP_PORT": str(port), "TENANTRY_PORT_RANGE": ports}

    def run(self, *argv: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        variables = {**os.environ, **self._ports}
        return subprocess.run(argv, input=stdin, capture_output=True, check=False, timeout=180, env=variables)

    def within(self, *words: str) -> Outcome:
        """In this process."""
        where = ("--root", str(self.root), "--driver", self.driver, "--json")
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name, value in self._ports.items():
                patch.setenv(name, value)
            status = main([*where, *words])
        return Outcome(status, json.loads(out.getvalue()) if out.getvalue().strip() else None, err.getvalue())

    def path(self, on_host: Path) -> Path:
        return on_host

    def main_process(self, tenant_id: str) -> int:
        configuration = str(self.root / "run" / "supervisord.conf")
        control = (sys.executable, "-m", "supervisor.supervisorctl", "-c", configuration)
        # Of a program that does not run it prints 0, and ends with a status of its own.
        answer = subprocess.run([*control, "pid", f"tenant-{tenant_id}"], capture_output=True, check=False)
        return int(answer.stdout)


class SystemdOperator:
    """Runs the systemd driver in a booted machine."""

    driver = "systemd"
    root = Path("/var/www")
    port = 8080

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def within(self, *words: str) -> Outcome:
        """As a process of its own."""
        return forked(self.machine, *words)

    def run(self, *argv: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        return self.machine.attempt(*argv, stdin=stdin, variables={"PYTHONPATH": f"{PREFIX}/src"})

    def path(self, on_host: Path) -> Path:
        return self.machine.path(on_host)

    def main_process(self, tenant_id: str) -> int:
        return int(self.machine.show(f"tenant@{tenant_id}.service", "MainPID")["MainPID"])


def provision(operator: Operator, *words: str, stdin: str | None = None) -> Outcome:
    """Type a `provision` command with `--json`."""
    if stdin is None:
        return operator.within(*words)
    python = PYTHON if isinstance(operator, SystemdOperator) else sys.executable
    command = (
        python,
        "-m",
        "provisioner",
        "--root",
        str(operator.root),
        "--driver",
        operator.driver,
        "--json",
    )
    finished = operator.run(*command, *words, stdin=stdin.encode())
    document = json.loads(finished.stdout) if finished.stdout.strip() else None
    return Outcome(finished.returncode, document, finished.stderr.decode())


def forked(
    machine: Machine,
    *words: str,
    code: Path = INSTALLED,
    killed_at: int | str | None = None,
    strace: Sequence[str] | None = None,
) -> Outcome:
    """Run a command of the version at `code` in a booted machine, as a process of its own.

    With `killed_at`, until a step (its number, or first words) begins; 0: when the last has ended. With
    `strace`, that program's arguments, it is traced.
    """
    line = ("--root", "/var/www", "--driver", "systemd", "--json", *words)
    deadly = None if killed_at is None else str(killed_at)
    finished = _commands(machine, code).run(*line, killed_at=deadly, strace=strace)
    document = json.loads(finished.stdout) if finished.stdout.strip() else None
    return Outcome(finished.returncode, document, finished.stderr)


@functools.cache
def _commands(machine: Machine, code: Path) -> ForkedCommands:
    """Those of one version, while the machine is up."""
    variables = {"PYTHONPATH": f"{code}:{INSTALLED}"}
    python = machine.command("env", f"--chdir={code}", PYTHON, variables=variables)
    return machine.lasting.enter_context(closing(ForkedCommands(python)))


def done(operator: Operator, *words: str, stdin: str | None = None) -> Any:
    """Type a command that must succeed, and return its JSON."""
    outcome = provision(operator, *words, stdin=stdin)
    assert outcome.status == 0, (
        f"provision {' '.join(words)} ended with {outcome.status}:\n{outcome.messages}"
    )
    return outcome.document


def ask(
    operator: Operator,
    host: str,
    path: str,
    *,
    send: Any = None,
    upload: Path | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Ask a client over HTTP through nginx, by its host name; `send` is a JSON body, `upload` a file."""
    given = {"Host": host, **(headers or {})}
    body: tuple[str, ...] = ()
    if send is not None:
        given["Content-Type"] = "application/json"
        body = ("--data-binary", json.dumps(send))
    if upload is not None:
        body = ("--form", f"file=@{upload}")
    lines = tuple(word for name, value in given.items() for word in ("--header", f"{name}: {value}"))
    curl = ("curl", "--silent", "--show-error", "--include", "--max-time", "60", *lines, *body)
    finished = operator.run(*curl, f"http://127.0.0.1:{operator.port}{path}")
    return _answer(finished.stdout) if finished.stdout else Answer(0, {}, finished.stderr.decode())


def _answer(raw: bytes) -> Answer:
    head, _, text = raw.decode().partition("\r\n\r\n")
    if head.split()[1] == "100":
        return _answer(text.encode())
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Answer(int(first.split()[1]), headers, text)
