"""Commands run by a process that has them loaded (`loaded_commands`)."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Mapping, Sequence

from tests.provisioner.loaded_commands import Ended, Request


class ForkedCommands:
    """Such a process, started by a command line that must end in Python's own."""

    def __init__(self, python: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [*python, "-m", "tests.provisioner.loaded_commands"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._turn = threading.Lock()

    def run(
        self,
        *words: str,
        killed_at: str | None = None,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
        strace: Sequence[str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command, traced with `strace`'s arguments if there are any.

        With `killed_at`, up to that step (number or first words; 0: after the last).
        """
        request: Request = {
            "words": list(words),
            "environment": environment,
            "stdin": stdin,
            "killed_at": killed_at,
            "strace": None if strace is None else list(strace),
        }
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        assert self._turn.acquire(blocking=False), "it runs one command at a time"
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        finally:
            self._turn.release()
        assert answer, f"the process that has the commands loaded ended with status {process.wait()}"
        ended: Ended = json.loads(answer)
        return subprocess.CompletedProcess(words, ended["status"], ended["stdout"], ended["stderr"])

    def close(self) -> None:
        """Have the process end."""
        with self._process:
            pass
