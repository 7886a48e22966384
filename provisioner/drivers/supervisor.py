"""Speaks with supervisord through its unix socket (XML-RPC)."""

from __future__ import annotations

import http.client
import os
import socket
import time
import xmlrpc.client
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from signal import Signals
from typing import Any, Final

from provisioner.drivers.protocol import AT_ONCE
from provisioner.errors import ProvisionError

_PAUSE: Final = 0.02
_STARTING_TIME: Final = 10.0
_STOPPING_TIME: Final = 60.0
_WAITING_TO_RETRY: Final = "BACKOFF"
_TROUBLED: Final = frozenset({_WAITING_TO_RETRY, "FATAL"})
_DECIDED: Final = frozenset({"RUNNING", *_TROUBLED})
_LAST_WORDS: Final = 1000
_BAD_NAME: Final = 10
_ALREADY_STARTED: Final = 60
_NOT_RUNNING: Final = 70
_WITHOUT_WAITING: Final = False
_UP: Final = frozenset({"STARTING", "RUNNING"})
_DOWN: Final = frozenset({"STOPPED", "EXITED", "FATAL"})


class SupervisorFailed(ProvisionError):
    """supervisord does not answer, or refuses what it was asked."""

    code = "supervisor-failed"


class SupervisorAway(SupervisorFailed):
    """Nobody listens on the socket."""

    code = "supervisor-away"


class Supervisor:
    """A supervisord behind a unix socket; offers `drivers.protocol.Programs`.

    Every program is a group of its own with the same name. Starting one of `watched` waits until it has
    stayed up for a second. `remaining` finds what a supervisord that was killed has left of a program.
    """

    def __init__(
        self,
        socket_path: Path,
        watched: Collection[str] = (),
        remaining: Callable[[str], Collection[int]] = lambda _name: (),
    ) -> None:
        self._path = socket_path
        self._watched = watched
        self._remaining = remaining

    def answers(self) -> bool:
        """Say whether supervisord is there."""
        try:
            self._call(lambda rpc: rpc.getState())
        except SupervisorFailed:
            return False
        return True

    def states(self) -> Mapping[str, str]:
        """Return supervisord's state (`RUNNING`, `BACKOFF`, …) of every program; empty when it is away.

        Raises SupervisorFailed when this user may not ask.
        """
        try:
            programs = self._call(lambda rpc: rpc.getAllProcessInfo())
        except SupervisorAway:
            return {}
        return {info["name"]: info["statename"] for info in programs}

    def process(self, name: str) -> int:
        """Return a program's process; 0 when it does not run, or supervisord is away."""
        try:
            programs = self._call(lambda rpc: rpc.getAllProcessInfo())
        except SupervisorAway:
            return 0
        return next((int(info["pid"]) for info in programs if info["name"] == name), 0)

    def is_running(self, name: str) -> bool:
        """Say whether a program is up or coming up."""
        return self.states().get(name) in _UP

    def trouble(self, name: str) -> str | None:
        """Say why a program does not stay up, with its last words; None when nothing is known against it."""
        if self.states().get(name) not in _TROUBLED:
            return None
        return f"the program {name} ends as soon as it starts, saying: {self._last_words(name)}"

    def start(self, name: str) -> None:
        """Have a program started from the configuration that is on disk now."""
        self._wait(self.answers, _STARTING_TIME, "supervisord does not answer")
        self._take_in(name)
        if self.states().get(name) == _WAITING_TO_RETRY:
            self.stop(name, forget=False)
        if not self.is_running(name):
            self._call(lambda rpc: rpc.startProcess(name, _WITHOUT_WAITING), unless=_ALREADY_STARTED)
        if name in self._watched:
            self._see_it_stay(name)

    def restart(self, name: str) -> None:
        """Have a program stopped, then started from the configuration that is on disk now."""
        self.stop(name, forget=False)
        self.start(name)

    def stop(self, name: str, *, forget: bool, at_once: bool = False) -> None:
        """Have a program stopped and, with `forget`, unknown to supervisord."""
        if name not in self.states():
            return
        self._call(lambda rpc: rpc.stopProcess(name, _WITHOUT_WAITING), unless=_NOT_RUNNING)
        if at_once:
            self._call(lambda rpc: rpc.signalProcess(name, AT_ONCE), unless=_NOT_RUNNING)
        self._wait(
            lambda: self.states().get(name) in _DOWN, _STOPPING_TIME, f"the program {name} does not stop"
        )
        if forget:
            self._call(lambda rpc: rpc.removeProcessGroup(name), unless=_BAD_NAME)

    def signal(self, name: str, signal: str) -> None:
        """Send a signal to a program, if it runs: one that does not reads its files when it starts.

        One whose supervisor was killed serves on, and must hear of a change all the same.
        """
        if self.is_running(name):
            self._call(lambda rpc: rpc.signalProcess(name, signal), unless=_NOT_RUNNING)
        elif not self.answers():
            for pid in self._remaining(name):
                with suppress(ProcessLookupError):
                    os.kill(pid, Signals[f"SIG{signal}"])

    def _see_it_stay(self, name: str) -> None:
        self._wait(
            lambda: self.states().get(name) in _DECIDED, _STARTING_TIME, f"the program {name} does not start"
        )
        if reason := self.trouble(name):
            raise SupervisorFailed(f"{reason}.")

    def _last_words(self, name: str) -> str:
        tail, _offset, _overflow = self._call(lambda rpc: rpc.tailProcessStdoutLog(name, 0, _LAST_WORDS))
        lines = str(tail).strip().splitlines()
        return " / ".join(lines[-2:]) or "nothing"

    def _take_in(self, name: str) -> None:
        """Let supervisord know the program as it is configured now; autostart may start it at once."""
        ((added, changed, _removed),) = self._call(lambda rpc: rpc.reloadConfig())
        if name in changed:
            self.stop(name, forget=True)
        if name in changed or name in added:
            self._call(lambda rpc: rpc.addProcessGroup(name))

    def _wait(self, so: Callable[[], bool], seconds: float, otherwise: str) -> None:
        deadline = time.monotonic() + seconds
        while not so():
            if time.monotonic() >= deadline:
                raise SupervisorFailed(
                    f"{otherwise} (waited {seconds:g} s).", f"See {self._path.parent.parent}/logs."
                )
            time.sleep(_PAUSE)

    def _call(self, ask: Callable[[Any], Any], *, unless: int | None = None) -> Any:
        """Ask one thing; a fault numbered `unless` says that it already is so."""
        try:
            with xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport(self._path)) as proxy:
                return ask(proxy.supervisor)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == unless:
                return None
            raise SupervisorFailed(f"supervisord refuses: {fault.faultString}.") from fault
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise SupervisorAway(
                f"supervisord is not running at {self._path}.", "`provision host init` starts it."
            ) from error
        except (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError) as error:
            raise SupervisorFailed(
                f"supervisord does not answer at {self._path} ({error}).",
                "Run the command as the user who began this root.",
            ) from error


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        """Keep the connection where `close` looks for it."""
        connection = _UnixConnection(self._path)
        self._connection = host, connection
        return connection


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_STOPPING_TIME)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(str(self._path))
        except OSError:
            self.close()
            raise
