"""What a systemd host does by itself, and when: only what its host.yaml gives reason for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from provisioner import installation
from provisioner.commands import systemctl
from provisioner.drivers import systemd_places as places
from provisioner.filesystem import RenderedFile
from provisioner.host import HostSettings
from provisioner.render import UnitProgram, timed_unit
from provisioner.resources import shipped
from provisioner.steps import ChangeUnits, RemoveFile, Run, Step, StopProgram

_COMMANDS: Final[Mapping[places.Timed, tuple[str, ...]]] = {
    places.OBSERVATION: ("admin", "observe"),
    places.RENEWAL: ("host", "renew"),
    places.MAIL: ("mail", "send"),
    places.ALERTS: ("alerts", "check"),
}


def wanted(host: HostSettings) -> tuple[places.Timed, ...]:
    """Return what this host has reason to do by itself."""
    return (
        places.OBSERVATION,
        *((places.RENEWAL,) if host.acme else ()),
        *((places.MAIL,) if host.sends_mail else ()),
        *((places.ALERTS,) if host.alerts.wanted else ()),
    )


def files(host: HostSettings, provision: Sequence[str]) -> tuple[RenderedFile, ...]:
    """Return the units of what is wanted; `provision` begins the command line of each."""
    return tuple(file for timed in wanted(host) for file in _files(host, timed, provision))


def _files(
    host: HostSettings, timed: places.Timed, provision: Sequence[str]
) -> tuple[RenderedFile, RenderedFile]:
    program = UnitProgram((*provision, *_COMMANDS[timed]), installation.ENVIRONMENT)
    return (
        RenderedFile(places.UNITS / timed.service, timed_unit(timed.service, host.layout, program)),
        RenderedFile(places.UNITS / timed.timer, shipped("systemd", timed.timer).read_text("utf-8")),
    )


def unit_files() -> tuple[Path, ...]:
    """Return where the units of everything there could be stand."""
    return tuple(places.UNITS / name for timed in _COMMANDS for name in timed)


def withdrawn_steps(host: HostSettings, there: Mapping[Path, str]) -> tuple[Step, ...]:
    """Return the steps by which what is not wanted any more ends; `there` are the files that exist."""
    gone = [timed for timed in _COMMANDS if timed not in wanted(host)]
    return tuple(step for timed in gone for step in _withdrawn(timed, there))


def _withdrawn(timed: places.Timed, there: Mapping[Path, str]) -> tuple[Step, ...]:
    left = tuple(places.UNITS / name for name in timed if places.UNITS / name in there)
    if not left:
        return ()
    return (
        StopProgram(timed.timer),
        Run(f"start {timed.service} no more", systemctl.disable((timed.timer,))),
        ChangeUnits(places.UNITS, tuple(RemoveFile(unit) for unit in left)),
    )
