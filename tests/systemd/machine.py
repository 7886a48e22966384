"""Boots a real systemd in a container, on machines whose own first process is another.

systemd-nspawn runs a throwaway copy (an overlay) of a root as a machine with its own network, process ids
and cgroups; commands are run in it through nsenter. The cgroups are those of version 1 or 2, as the
machine has them.
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_CGROUPS: Final = Path("/sys/fs/cgroup")
_CONTROLLERS: Final = ("memory", "cpu", "cpuacct", "cpu,cpuacct", "pids")
#: Of version 1 with its mixed form, or the one hierarchy of version 2, which stands at the top itself.
_HIERARCHIES: Final = ("systemd", "unified", *_CONTROLLERS, ".")
#: Without these IPAddressDeny= is silently ignored.
_FOR_FIREWALLS: Final = ("--capability=CAP_BPF,CAP_PERFMON,CAP_NET_ADMIN", "--system-call-filter=bpf")
_SET_PARENT_DEATH_SIGNAL: Final = 1
_BOOT_SECONDS: Final = 60.0
_COMMAND_SECONDS: Final = 180.0


@dataclass(frozen=True)
class Machine:
    """A booted machine. `leader` is its first process as this machine counts.

    `lasting` closes what is to be closed before it is powered off.
    """

    name: str
    leader: int
    lasting: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, compare=False)

    def command(self, *argv: str, variables: Mapping[str, str] | None = None) -> list[str]:
        """Return the command line by which this machine runs one in there, as its root."""
        given = [f"{key}={value}" for key, value in (variables or {}).items()]
        enter = ("nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "-C", "--")
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return [*enter, "env", "-i", path, "LANG=C.UTF-8", "HOME=/root", *given, *argv]

    def attempt(
        self,
        *argv: str,
        stdin: bytes | None = None,
        variables: Mapping[str, str] | None = None,
        seconds: float = _COMMAND_SECONDS,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command as its root, whatever its status."""
        return subprocess.run(
            self.command(*argv, variables=variables),
            input=stdin,
            capture_output=True,
            check=False,
            timeout=seconds,
        )

    def run(self, *argv: str, seconds: float = _COMMAND_SECONDS) -> str:
        """Run a command that must succeed, and return what it printed on its standard output."""
        finished = self.attempt(*argv, seconds=seconds)
        if finished.returncode != 0:
            said = (finished.stdout + finished.stderr).decode()
            raise AssertionError(f"{' '.join(argv)} ended with status {finished.returncode}:\n{said}")
        return finished.stdout.decode()

    def path(self, inside: str | Path) -> Path:
        """Return the path on this machine of a path inside."""
        return Path(f"/proc/{self.leader}/root", str(inside).lstrip("/"))

    def show(self, unit: str, *names: str) -> dict[str, str]:
        """Return properties of a unit as systemd has them in effect."""
        answer = self.run("systemctl", "show", f"--property={','.join(names)}", unit)
        return dict(line.split("=", 1) for line in answer.splitlines())


@contextlib.contextmanager
def booted(root: Path, read_only: Mapping[Path, str], writable: Mapping[Path, str]) -> Iterator[Machine]:
    """Boot a machine from `root`, which stays untouched, with folders of this machine bound into it."""
    name = f"tenantry-{uuid.uuid4().hex[:8]}"
    binds = [
        *(f"--bind-ro={outside}:{inside}" for outside, inside in read_only.items()),
        *(f"--bind={outside}:{inside}" for outside, inside in writable.items()),
    ]
    with _cgroups(name) as groups, tempfile.TemporaryDirectory() as folder:
        notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notices.bind(f"{folder}/notify")
        log = Path(folder, "console.log")
        process = _spawn(name, root, binds, groups, f"{folder}/notify", log)
        try:
            with notices:
                machine = Machine(name, _leader(notices, process, log))
            # Nobody listens from here on: a queue of unread notices would in time stop the machine's systemd.
            _give_limits(machine)
            with machine.lasting:
                yield machine
        finally:
            _power_off(process)


def _spawn(
    name: str, root: Path, binds: Sequence[str], groups: Sequence[Path], notify: str, log: Path
) -> subprocess.Popen[bytes]:
    def prepare() -> None:
        # The machine powers off when the tests are killed.
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        for group in groups:
            group.joinpath("cgroup.procs").write_text("0")

    how = ("--register=no", "--keep-unit", "--notify-ready=yes", "--console=pipe", "--volatile=overlay")
    where = (f"--directory={root}", f"--machine={name}", "--private-network", "--boot", "--quiet")
    with log.open("wb") as console:
        return subprocess.Popen(
            ["systemd-nspawn", *where, *how, *_FOR_FIREWALLS, *binds],
            env={**os.environ, "NOTIFY_SOCKET": notify},
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            preexec_fn=prepare,
        )


def _leader(notices: socket.socket, process: subprocess.Popen[bytes], log: Path) -> int:
    """Return the machine's first process once it says that it is up."""
    notices.settimeout(0.2)
    deadline = time.monotonic() + _BOOT_SECONDS
    leader = 0
    while True:
        with contextlib.suppress(TimeoutError):
            for line in notices.recv(4096).decode().splitlines():
                if line.startswith("X_NSPAWN_LEADER_PID="):
                    leader = int(line.partition("=")[2])
                if line == "READY=1" and leader:
                    return leader
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"The machine did not boot:\n{log.read_text(errors='replace')}")


def _give_limits(machine: Machine) -> None:
    """Let the machine's systemd use the controllers of version 1, which nspawn mounts read-only."""
    controllers = [name for name in _CONTROLLERS if _CGROUPS.joinpath(name, "cgroup.procs").exists()]
    if not controllers:
        return
    enter = ("nsenter", "-t", str(machine.leader), "-m", "--")
    for name in controllers:
        subprocess.run([*enter, "mount", "-o", "remount,rw,bind", f"/sys/fs/cgroup/{name}"], check=True)
    machine.run("systemctl", "daemon-reexec")


@contextlib.contextmanager
def _cgroups(name: str) -> Iterator[tuple[Path, ...]]:
    """A cgroup of its own in each hierarchy, so that machines do not meet."""
    groups = tuple(
        _CGROUPS / hierarchy / name
        for hierarchy in _HIERARCHIES
        if _CGROUPS.joinpath(hierarchy, "cgroup.procs").exists()
    )
    for group in groups:
        group.mkdir()
    try:
        yield groups
    finally:
        for group in groups:
            _remove_cgroup(group)


def _remove_cgroup(group: Path) -> None:
    """Remove a cgroup with those below it, once the last process in them is gone."""
    deadline = time.monotonic() + 10
    for below in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
        below.rmdir()
    while True:
        try:
            group.rmdir()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _power_off(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(40)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
