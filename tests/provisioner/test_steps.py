"""Steps are values that say what they would do."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from pydantic import SecretStr

from provisioner.apply.executor import ACTIONS
from provisioner.commands.command import Command
from provisioner.filesystem import RenderedFile
from provisioner.steps import (
    ArchiveTree,
    ChangeNginx,
    CreateGroup,
    CreateUser,
    EndRemaining,
    MakeDirectory,
    MoveTree,
    Probe,
    RemoveFile,
    RemoveTree,
    RemoveUser,
    Run,
    SignalProgram,
    StartProgram,
    Step,
    StopProgram,
    UnpackBackup,
    WriteBackup,
    WriteFile,
)
from tests.provisioner.backup_samples import ABOUT

SECRET = "SECRET_KEY=wolf-3"
FILE = RenderedFile(Path("/srv/.env"), SECRET, 0o600, "tn-dupont", "tn-dupont", secret=True)

DESCRIBED: list[tuple[Step, str]] = [
    (MakeDirectory(Path("/srv/data"), 0o710, "tn-dupont", "readers"),
     "make directory /srv/data (0710 tn-dupont:readers)"),
    (MakeDirectory(Path("/srv"), 0o2750), "make directory /srv (2750)"),
    (WriteFile(FILE), "write /srv/.env (0600 tn-dupont:tn-dupont, secret)"),
    (RemoveFile(Path("/srv/a")), "remove /srv/a"),
    (RemoveTree(Path("/srv")), "erase /srv with everything in it"),
    (ArchiveTree(Path("/srv"), Path("/a.tar.gz")), "archive /srv into /a.tar.gz"),
    (WriteBackup(Path("/data/snapshot"), Path("/a.tar.gz"), ABOUT), "write /a.tar.gz from /data/snapshot"),
    (UnpackBackup(Path("/a.tar.gz"), Path("/restoring"), "tn-dupont"), "unpack /a.tar.gz into /restoring"),
    (MoveTree(Path("/restoring"), Path("/data")), "move /restoring to /data"),
    (CreateGroup("readers"), "create system group readers"),
    (CreateUser("tn-dupont", Path("/srv"), ("a", "b")),
     "create system user tn-dupont (home /srv, member of a, b)"),
    (RemoveUser("tn-dupont"), "remove system user tn-dupont"),
    (Run("greet", Command(("echo", "hello"), stdin=SecretStr(SECRET))),
     "greet: echo hello with secrets on its standard input"),
    (StartProgram("nginx"), "start program nginx"),
    (StopProgram("nginx"), "stop program nginx"),
    (StopProgram("nginx", forget=True), "stop program nginx and forget it"),
    (SignalProgram("nginx", "HUP"), "send HUP to program nginx"),
    (EndRemaining("/srv", Path("/srv/run/nginx")), "end every remaining process of /srv"),
    (ChangeNginx(Path("/n"), (RemoveFile(Path("/n/a.conf")),), SignalProgram("nginx", "HUP")),
     "remove /n/a.conf, once `nginx -t` accepts a changed copy; then send HUP to program nginx"),
    (Probe(8080, "dupont.localhost"), "wait until http://dupont.localhost:8080/readyz answers 200"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "description"), DESCRIBED)
def test_a_step_says_in_one_line_what_it_does(step: Step, description: str) -> None:
    assert step.describe() == description
    assert "wolf-3" not in step.describe()


def test_steps_compare_by_value() -> None:
    assert WriteFile(FILE) == WriteFile(FILE)
    assert RemoveFile(Path("/a")) != RemoveFile(Path("/b"))


def test_the_executor_knows_how_to_do_every_kind_of_step() -> None:
    assert set(ACTIONS) == set(get_args(Step))
