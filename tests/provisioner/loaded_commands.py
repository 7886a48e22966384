"""Has every `provision` command loaded, and forks for each one it is asked to run.

    python -m tests.provisioner.loaded_commands

Starting Python with our imports costs more than most commands do. Each command still is a process of its own,
which does what `python -m provisioner` does, ends by itself and can be killed. What is asked for comes in as
lines of JSON on the standard input; how it ended goes out as one on the standard output.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import BinaryIO, TypedDict

from provisioner.cli import main as command_line
from provisioner.drivers import local, systemd
from tests.provisioner import killed_command

#: What commands import only where they need it.
LATE = ("httpx", "jinja2", "jwt", local.__name__, systemd.__name__)


class Request(TypedDict):
    """A command line without its first word, its surroundings, and at which step it is to be killed.

    With `strace`, that program's arguments, it is traced from its beginning.
    """

    words: list[str]
    environment: Mapping[str, str] | None
    stdin: str
    killed_at: str | None
    strace: list[str] | None


class Ended(TypedDict):
    """The status of a process, negative for a signal, and what it printed."""

    status: int
    stdout: str
    stderr: str


def main() -> int:
    """Answer requests until there are none; in a child, run one and return its status."""
    for target in command_line.provision.modules.values():
        import_module(target.partition(":")[0])
    for name in LATE:
        import_module(name)
    # What is loaded stays, and is shared with the children.
    gc.collect()
    gc.freeze()
    with os.fdopen(os.dup(0), "rb") as requests, os.fdopen(os.dup(1), "wb") as answers:
        for line in iter(requests.readline, b""):
            request: Request = json.loads(line)
            streams = tuple(os.memfd_create(name) for name in ("stdin", "stdout", "stderr"))
            os.pwrite(streams[0], request["stdin"].encode(), 0)
            leave = os.pipe()
            if (child := os.fork()) == 0:
                break
            with _traced(request["strace"], child, leave):
                status = os.waitpid(child, 0)[1]
            _answer(answers, status, streams)
        else:
            return 0
    os.close(leave[1])
    os.read(leave[0], 1)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    return _run(request)


def _run(request: Request) -> int:
    if (environment := request["environment"]) is not None:
        os.environ.clear()
        os.environ.update(environment)
    sys.argv[1:] = request["words"]
    if (step := request["killed_at"]) is None:
        return command_line.main(request["words"])
    killed_command.run_until(step, request["words"])
    return 0


@contextmanager
def _traced(options: list[str] | None, child: int, leave: tuple[int, int]) -> Iterator[None]:
    """Let a child begin, once it is traced if it is to be."""
    with ExitStack() as over:
        if options is not None:
            strace = ["strace", *options, "-p", str(child)]
            tracer = over.enter_context(subprocess.Popen(strace, stderr=subprocess.PIPE))
            assert tracer.stderr is not None
            said = tracer.stderr.readline()
            assert b"attached" in said, said
        for end in leave:
            os.close(end)
        yield


def _answer(answers: BinaryIO, status: int, streams: tuple[int, ...]) -> None:
    _, out, err = (_taken(stream) for stream in streams)
    ended: Ended = {"status": os.waitstatus_to_exitcode(status), "stdout": out, "stderr": err}
    answers.write(json.dumps(ended).encode() + b"\n")
    answers.flush()


def _taken(stream: int) -> str:
    with os.fdopen(stream, "rb") as file:
        file.seek(0)
        return file.read().decode()


if __name__ == "__main__":
    sys.exit(main())
