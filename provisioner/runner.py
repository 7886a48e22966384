"""Runs commands; the only module that starts processes, and never through a shell.

A command gets a minimal environment and no inherited descriptors, runs as the user it names, and is
killed with its whole process group when its time is over.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import signal
import subprocess
from dataclasses import dataclass
from typing import Final, Protocol

from provisioner.commands.command import Command
from provisioner.errors import CommandFailed

_SHOWN_LINES: Final = 12
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that ended: its status and all it printed, as text."""

    status: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        """The last lines of what it printed, errors first choice: what a message to a person quotes."""
        lines = _COLOUR.sub("", self.stderr.strip() or self.stdout.strip()).splitlines()
        return "\n".join(lines[-_SHOWN_LINES:])


class Runner(Protocol):
    """Runs commands."""

    def run(self, command: Command) -> Finished:
        """Run to the end; raises CommandFailed for any status but 0."""

    def attempt(self, command: Command) -> Finished:
        """Run to the end, whatever its status."""

    def show(self, command: Command) -> int:
        """Run on this terminal and return the status."""


class SystemRunner:
    """Runs commands on this machine."""

    def run(self, command: Command) -> Finished:
        """Run a command to its end and return what it printed.

        Raises CommandFailed when it cannot be started, ends with another status than 0, or not in time.
        """
        finished = self.attempt(command)
        if finished.status != 0:
            raise CommandFailed(command.argv, _ending(finished.status), finished.said)
        return finished

    def attempt(self, command: Command) -> Finished:
        """Run a command to its end, whatever its status.

        Raises CommandFailed when it cannot be started or does not end in time.
        """
        process = _start(command, subprocess.PIPE, subprocess.PIPE, subprocess.PIPE)
        given = command.stdin.get_secret_value() if command.stdin else None
        try:
            stdout, stderr = process.communicate(given, timeout=command.timeout)
        except BaseException as error:
            _end_group(process)
            if isinstance(error, subprocess.TimeoutExpired):
                reason = f"did not end within {command.timeout:g} s"
                raise CommandFailed(command.argv, reason) from error
            raise
        return Finished(process.returncode, stdout, stderr)

    def show(self, command: Command) -> int:
        """Run a command that writes to this terminal and return its status; Ctrl-C ends it."""
        process = _start(command, None, None, None)
        try:
            return process.wait()
        except KeyboardInterrupt:
            _end_group(process)
            return 128 + signal.SIGINT


def _start(
    command: Command, stdin: int | None, stdout: int | None, stderr: int | None
) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            command.argv,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
            encoding="utf-8",
            errors="replace",
            cwd="/",
            env=_environment(command),
            user=command.user,
            group=_primary_group(command.user),
            extra_groups=[] if command.user else None,
            start_new_session=True,
        )
    except (OSError, LookupError) as error:
        raise CommandFailed(command.argv, f"could not be started ({error})") from error


def _environment(command: Command) -> dict[str, str]:
    home = pwd.getpwnam(command.user).pw_dir if command.user else os.environ.get("HOME", "/")
    return {"PATH": _PATH, "HOME": home, "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", **command.environment}


def _primary_group(user: str | None) -> int | None:
    return pwd.getpwnam(user).pw_gid if user else None


def _end_group(process: subprocess.Popen[str]) -> None:
    """Kill the process with everything it started, and reap it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _ending(status: int) -> str:
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"
