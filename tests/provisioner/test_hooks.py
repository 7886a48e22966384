"""An operator's own programs after a command, and what the command owes them: nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.provisioner.local_root import LocalRoot

ID = "hamecon"
TOLD = "$TENANTRY_COMMAND|$TENANTRY_CLIENT|$TENANTRY_ROOT|$TENANTRY_DRIVER"
NOTE = f'#!/bin/sh\necho "{TOLD}" >> "$TENANTRY_ROOT/noted"\n'


@pytest.fixture(scope="module")
def hooked(host: LocalRoot) -> Iterator[LocalRoot]:
    (host.path / "hooks").mkdir(mode=0o755)
    put(host, "post-new", NOTE)
    created = host.new(ID)
    assert created.code == 0, created.said
    yield host
    for file in (host.path / "hooks").iterdir():
        file.unlink()
    (host.path / "hooks").rmdir()
    assert host.provision("purge", ID, "--yes").code == 0


def put(host: LocalRoot, name: str, text: str, mode: int = 0o755) -> Path:
    file = host.path / "hooks" / name
    file.write_text(text)
    file.chmod(mode)
    return file


def noted(host: LocalRoot) -> list[str]:
    return (host.path / "noted").read_text().splitlines()


def last_event(host: LocalRoot) -> tuple[str, str]:
    event = host.provision("events", ID).document[-1]
    return event["command"], event["outcome"]


def test_it_is_told_the_command_and_the_client_and_is_recorded(hooked: LocalRoot) -> None:
    assert noted(hooked) == [f"new {ID}|{ID}|{hooked.path}|local"]
    assert last_event(hooked) == ("post-new", "done")


def test_each_command_has_its_own(hooked: LocalRoot) -> None:
    put(hooked, "post-stop", NOTE)
    assert hooked.provision("stop", ID).code == 0
    assert hooked.provision("start", ID).code == 0
    assert noted(hooked)[1:] == [f"stop {ID}|{ID}|{hooked.path}|local"]


def test_one_that_runs_a_command_itself_is_not_waited_for_by_it(hooked: LocalRoot) -> None:
    python = hooked.command("set", ID, "phone=0102030405")
    put(hooked, "post-restart", "#!/bin/sh\nexec " + " ".join(python) + "\n")
    done = hooked.provision("restart", ID)
    assert done.code == 0
    assert "failed" not in done.said
    assert hooked.provision("show", ID).document["phone"] == "0102030405"


def test_one_that_fails_is_told_and_undoes_nothing(hooked: LocalRoot) -> None:
    put(hooked, "post-stop", "#!/bin/sh\necho the mail was not sent >&2\nexit 3\n")
    done = hooked.provision("stop", ID)
    assert done.code == 0
    assert "post-stop failed, and what was done stays" in done.said
    assert "the mail was not sent" in done.said
    assert last_event(hooked) == ("post-stop", "failed")
    assert hooked.rows()[ID]["state"] == "stopped"
    assert hooked.provision("start", ID).code == 0


def test_a_command_that_failed_has_none(hooked: LocalRoot) -> None:
    before = noted(hooked)
    assert hooked.new(ID).code == 2
    assert noted(hooked) == before


@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_one_that_others_can_change_is_not_run(hooked: LocalRoot, mode: int) -> None:
    before = noted(hooked)
    put(hooked, "post-stop", NOTE, mode)
    done = hooked.provision("stop", ID)
    assert "can be changed by others" in done.said
    assert noted(hooked) == before
    (hooked.path / "hooks" / "post-stop").unlink()
    assert hooked.provision("start", ID).code == 0
