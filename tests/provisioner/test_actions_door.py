"""The socket behind which actions are done: real peers, one line in, lines out."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from provisioner.actions import door
from provisioner.actions.asking import NobodyActs, ask
from provisioner.actions.requests import Request

REQUEST = Request(action="backup", client="dupont", who="a@vendor.test", arguments={})
Tell = Callable[[dict[str, Any]], None]
CONNECT_AND_READ = """
import socket, sys
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(sys.argv[1])
    connection.sendall(b"{}\\n")
    print(connection.makefile().read())
"""


class Served:
    """A door served by this very thread, while another asks."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "a.sock"
        self.seen: list[bytes] = []
        self.listening = door.listen(self.path)

    def perform(self, line: bytes, tell: Tell) -> None:
        self.seen.append(line)
        tell({"step": "copy", "number": 1, "count": 1})
        tell({"done": {"file": "x"}, "secrets": {}})

    def while_asked(self, asks: Callable[[], None], allowed: set[int]) -> None:
        """Serve until whoever asks has ended; what it raised is raised here."""

        def asking() -> None:
            try:
                asks()
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        with ThreadPoolExecutor(1) as pool, self.listening:
            asked = pool.submit(asking)
            door.serve(self.listening, allowed, self.perform)
        asked.result()


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served(tmp_path)


def test_what_is_told_comes_line_by_line(served: Served) -> None:
    told: list[Any] = []

    served.while_asked(lambda: told.extend(ask(served.path, REQUEST)), {os.geteuid()})

    assert [next(iter(line)) for line in told] == ["step", "done"]
    assert served.seen == [REQUEST.model_dump_json().encode()]
    assert oct(served.path.stat().st_mode & 0o777) == "0o660"


def test_a_process_of_another_user_is_not_heard_whatever_the_mode_of_the_file(served: Served) -> None:
    served.path.chmod(0o666)
    answers: list[str] = []

    def other_process() -> None:
        command = [sys.executable, "-c", CONNECT_AND_READ, str(served.path)]
        answers.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    served.while_asked(other_process, {os.geteuid() + 1})

    assert "not-allowed" in answers[0]
    assert served.seen == []


def test_an_action_goes_on_when_who_asked_for_it_is_gone(served: Served) -> None:
    def ask_and_leave() -> None:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(served.path))
            connection.sendall(b"{}\n")
        list(ask(served.path, REQUEST))

    served.while_asked(ask_and_leave, {os.geteuid()})

    assert served.seen == [b"{}", REQUEST.model_dump_json().encode()]


def test_a_line_that_does_not_end_or_is_too_long_is_no_request(served: Served) -> None:
    answers: list[bytes] = []

    def send() -> None:
        for line in (b"{", b"x" * (door.LARGEST_REQUEST + 1) + b"\n", b"{}\n{}\n"):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(served.path))
                with contextlib.suppress(BrokenPipeError):
                    connection.sendall(line)
                    connection.shutdown(socket.SHUT_WR)
                answers.append(connection.makefile("rb").read())

    served.while_asked(send, {os.geteuid()})

    assert [b"bad-request" in answer for answer in answers] == [True, True, True]
    assert served.seen == []


def test_who_is_asked_by_nobody_ends(served: Served) -> None:
    with served.listening:
        door.serve(served.listening, {os.geteuid()}, served.perform, idle=0.01)

    with pytest.raises(NobodyActs, match="cannot be reached"):
        list(ask(served.path, REQUEST))


def test_a_socket_of_an_earlier_process_gives_way(served: Served) -> None:
    served.listening.close()

    with door.listen(served.path) as again:
        assert again.getsockname() == str(served.path)
