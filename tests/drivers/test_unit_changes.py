"""systemd's unit files, verified by the real `systemd-analyze`, changed together or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.apply import unit_actions
from provisioner.apply.interruption import Interruption
from provisioner.apply.tools import Tools
from provisioner.drivers import systemd_places as places
from provisioner.drivers.protocol import Tenant
from provisioner.drivers.units import Units
from provisioner.errors import CommandFailed
from provisioner.filesystem import RenderedFile
from provisioner.render import UnitProgram, service_drop_in, socket_drop_in
from provisioner.resources import shipped
from provisioner.steps import (
    ChangeUnits,
    RemoveFile,
    WriteFile,
)
from tests.drivers.answers import Answers
from tests.provisioner_pure.samples import SECRETS, host, spec

DUPONT = Tenant(spec(), SECRETS)
SERVICE, SOCKET = "tenant@dupont.service", "tenant@dupont.socket"


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def units_folder(tmp_path: Path) -> Path:
    """A folder of units with our templates in it."""
    for name in places.TEMPLATES:
        tmp_path.joinpath(name).write_text(shipped("systemd", name).read_text())
    return tmp_path


def change(folder: Path, memory: str = "") -> ChangeUnits:
    program = UnitProgram(("/usr/bin/env", "true"))
    service = service_drop_in(DUPONT.spec, host().layout, program, "root", Path("/var/lib/x/dupont")).replace(
        "User=tn-dupont", "User=root"
    )
    texts = {SOCKET: socket_drop_in(DUPONT.spec), SERVICE: service + memory}
    files = (RenderedFile(folder / f"{unit}.d" / "tenantry.conf", text) for unit, text in texts.items())
    return ChangeUnits(folder, tuple(map(WriteFile, files)), (SOCKET, SERVICE), places.TEMPLATES)


@pytest.fixture
def tools(answers: Answers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    """What an action works with; a trial leaves nothing."""
    scratch = tmp_path_factory.mktemp("scratch")
    yield Tools(answers, Units(answers), Interruption(), scratch)
    assert not list(scratch.iterdir())


def reloads(answers: Answers) -> int:
    return answers.ran.count("systemctl daemon-reload")


def test_units_are_verified_written_and_read_in(units_folder: Path, answers: Answers, tools: Tools) -> None:
    undo = unit_actions.change_units(change(units_folder), tools)
    drop_in = units_folder / f"{SERVICE}.d" / "tenantry.conf"
    assert "MemoryMax" in drop_in.read_text()
    assert reloads(answers) == 1
    assert undo is not None
    undo()
    assert not drop_in.exists()
    assert reloads(answers) == 2


def test_a_unit_that_systemd_would_partly_ignore_is_refused_untouched(
    units_folder: Path, answers: Answers, tools: Tools
) -> None:
    with pytest.raises(unit_actions.UnitsRefused, match="MemoryMaxx"):
        unit_actions.change_units(change(units_folder, "MemoryMaxx=1\n"), tools)
    assert not (units_folder / f"{SERVICE}.d").exists()
    assert reloads(answers) == 0


def test_a_unit_that_systemd_cannot_load_is_refused_untouched(
    units_folder: Path, answers: Answers, tools: Tools
) -> None:
    with pytest.raises(unit_actions.UnitsRefused, match="Nothing was changed"):
        unit_actions.change_units(change(units_folder, "ExecStart=/does/not/exist\n"), tools)
    assert not (units_folder / f"{SERVICE}.d").exists()


def test_units_are_put_back_when_they_cannot_be_read_in(
    units_folder: Path, answers: Answers, tools: Tools
) -> None:
    answers.refuse = "daemon-reload"
    with pytest.raises(CommandFailed):
        unit_actions.change_units(change(units_folder), tools)
    assert not (units_folder / f"{SERVICE}.d" / "tenantry.conf").exists()


def test_units_are_read_in_again_when_the_files_were_already_there(
    units_folder: Path, answers: Answers, tools: Tools
) -> None:
    unit_actions.change_units(change(units_folder), tools)
    unit_actions.change_units(change(units_folder), tools)
    assert reloads(answers) == 2


def test_removed_units_are_forgotten(units_folder: Path, answers: Answers, tools: Tools) -> None:
    unit_actions.change_units(change(units_folder), tools)
    drop_in = units_folder / f"{SOCKET}.d" / "tenantry.conf"
    unit_actions.change_units(ChangeUnits(units_folder, (RemoveFile(drop_in),)), tools)
    assert not drop_in.exists()
    assert reloads(answers) == 2
