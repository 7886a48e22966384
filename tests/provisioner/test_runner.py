"""Commands run with little around them, end in time, and fail with what they said."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest
from pydantic import SecretStr

from provisioner.commands.command import Command
from provisioner.errors import CommandFailed
from provisioner.runner import SystemRunner

RUNNER = SystemRunner()


def test_output_comes_back_as_text() -> None:
    assert RUNNER.run(Command(("printf", "é"))).stdout == "é"


def test_secrets_go_in_on_standard_input() -> None:
    assert RUNNER.run(Command(("cat",), stdin=SecretStr("wolf-3"))).stdout == "wolf-3"


def test_a_command_without_input_reads_nothing() -> None:
    assert RUNNER.run(Command(("cat",))).stdout == ""


def test_nothing_of_our_environment_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD", "/tmp/evil.so")
    monkeypatch.setenv("AWS_SECRET", "wolf-3")
    shown = RUNNER.run(Command(("env",), environment={"TENANT_ENV_FILE": "/srv/.env"})).stdout
    names = {line.partition("=")[0] for line in shown.splitlines()}
    assert names == {"PATH", "HOME", "LANG", "PYTHONUNBUFFERED", "TENANT_ENV_FILE"}


def test_shell_characters_are_only_characters() -> None:
    assert RUNNER.run(Command(("echo", "$HOME; `id`"))).stdout == "$HOME; `id`\n"


def test_a_failure_tells_the_command_its_status_and_its_last_words() -> None:
    with pytest.raises(CommandFailed) as caught:
        RUNNER.run(Command(("sh", "-c", "echo no such thing >&2; exit 7")))
    assert "ended with status 7" in caught.value.message
    assert caught.value.output == "no such thing"


def test_an_attempt_returns_whatever_the_status() -> None:
    assert RUNNER.attempt(Command(("false",))).status == 1


def test_a_command_that_was_killed_says_by_what() -> None:
    with pytest.raises(CommandFailed, match="was ended by SIGKILL"):
        RUNNER.run(Command(("sh", "-c", "kill -9 $$")))


def test_a_missing_program_is_told_as_such() -> None:
    with pytest.raises(CommandFailed, match="could not be started"):
        RUNNER.run(Command(("no-such-program",)))


def test_a_command_that_takes_too_long_ends_with_all_it_started(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    command = Command(("sh", "-c", f"sleep 60 & echo $! > {pid_file}; wait"), timeout=0.5)
    with pytest.raises(CommandFailed, match=r"did not end within 0\.5 s"):
        RUNNER.run(command)
    child = Path(f"/proc/{pid_file.read_text().strip()}/stat")
    assert not child.exists() or child.read_text().split()[2] == "Z"


def test_another_user_is_taken_with_its_group_alone() -> None:
    me = pwd.getpwuid(os.getuid()).pw_name
    user = "nobody" if os.getuid() == 0 else me
    shown = RUNNER.run(Command(("id", "-un"), user=user)) if os.getuid() == 0 else None
    assert shown is None or shown.stdout == "nobody\n"


def test_showing_a_command_hands_over_the_terminal_and_its_status(capfd: pytest.CaptureFixture[str]) -> None:
    assert RUNNER.show(Command(("sh", "-c", "echo seen; exit 4"))) == 4
    assert capfd.readouterr().out == "seen\n"
