"""What is to be done, as values: a driver lists steps, `--dry-run` shows them, the executor does them.

Every step is frozen, compares by value and describes itself in one line that begins with a verb and
holds no secret. How a step is done, and undone, is in `provisioner.apply`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from provisioner.backups.manifest import Manifest
from provisioner.backups.sealing import NO_KEYS, Keys, Seal
from provisioner.commands.command import Command
from provisioner.filesystem import RenderedFile


@dataclass(frozen=True, slots=True)
class MakeDirectory:
    """Have a directory with exactly this mode, owner and group (by name; None: whoever runs this)."""

    path: Path
    mode: int
    owner: str | None = None
    group: str | None = None

    def describe(self) -> str:
        return f"make directory {self.path} ({_access(self.mode, self.owner, self.group)})"


@dataclass(frozen=True, slots=True)
class WriteFile:
    """Have a file with exactly this text, mode, owner and group, replaced in one piece."""

    file: RenderedFile

    def describe(self) -> str:
        file = self.file
        kept = ", secret" if file.secret else ""
        return f"write {file.path} ({_access(file.mode, file.owner, file.group)}{kept})"


@dataclass(frozen=True, slots=True)
class RemoveFile:
    """Have no file there."""

    path: Path

    def describe(self) -> str:
        return f"remove {self.path}"


@dataclass(frozen=True, slots=True)
class RemoveTree:
    """Have no directory there, nor anything that was in it. This cannot be undone."""

    path: Path

    def describe(self) -> str:
        return f"erase {self.path} with everything in it"


@dataclass(frozen=True, slots=True)
class ArchiveTree:
    """Have a directory with everything in it as one compressed tar file, whole or not there at all."""

    source: Path
    target: Path

    def describe(self) -> str:
        return f"archive {self.source} into {self.target}"


@dataclass(frozen=True, slots=True)
class WriteBackup:
    """Have the copied data of a client as a backup, whole or not there at all; `about` names no file yet.

    Encrypted with `seal`.
    """

    source: Path
    target: Path
    about: Manifest
    seal: Seal | None = None

    def describe(self) -> str:
        return f"write {self.target} from {self.source}"


@dataclass(frozen=True, slots=True)
class UnpackBackup:
    """Have the files of a backup in an empty directory that is the operator's alone, each for `owner`.

    The records of usage only with `usage`. What is there of it when it fails is no data.
    """

    archive: Path
    target: Path
    owner: str | None
    usage: bool = True
    keys: Keys = NO_KEYS

    def describe(self) -> str:
        return f"unpack {self.archive} into {self.target}"


@dataclass(frozen=True, slots=True)
class MoveTree:
    """Have a directory under another name of the same disk, which must be free."""

    source: Path
    target: Path

    def describe(self) -> str:
        return f"move {self.source} to {self.target}"


@dataclass(frozen=True, slots=True)
class CreateGroup:
    """Have a system group."""

    name: str

    def describe(self) -> str:
        return f"create system group {self.name}"


@dataclass(frozen=True, slots=True)
class CreateUser:
    """Have a system user without shell or password, with a group of its own name and these others."""

    name: str
    home: Path
    groups: tuple[str, ...] = ()

    def describe(self) -> str:
        also = f", member of {', '.join(self.groups)}" if self.groups else ""
        return f"create system user {self.name} (home {self.home}{also})"


@dataclass(frozen=True, slots=True)
class RemoveUser:
    """Have no such system user, nor its own group. A later user may get its number: files go first."""

    name: str

    def describe(self) -> str:
        return f"remove system user {self.name}"


@dataclass(frozen=True, slots=True)
class Run:
    """Run a command for `purpose` (a phrase beginning with a verb); `undo` is what takes it back."""

    purpose: str
    command: Command
    undo: Command | None = None

    def describe(self) -> str:
        return f"{self.purpose}: {self.command.describe()}"


@dataclass(frozen=True, slots=True)
class StartProgram:
    """Have a supervised program running, with the configuration file that is there now."""

    name: str

    def describe(self) -> str:
        return f"start program {self.name}"


@dataclass(frozen=True, slots=True)
class RestartProgram:
    """Have a supervised program ended in order and started anew, with the configuration that is there now.

    Who asks meanwhile on a port its supervisor holds is answered by the new process. It is not undone by
    itself: an `OnReturn` before the changed configuration says what is then to be done.
    """

    name: str

    def describe(self) -> str:
        return f"restart program {self.name}"


@dataclass(frozen=True, slots=True)
class StopProgram:
    """Have a supervised program stopped; with `forget`, no longer known to the supervisor either.

    `at_once` cuts off what it is answering; its background work is still put down in order.
    """

    name: str
    forget: bool = False
    at_once: bool = False

    def describe(self) -> str:
        how = " at once" if self.at_once else ""
        return f"stop program {self.name}{how}" + (" and forget it" if self.forget else "")


@dataclass(frozen=True, slots=True)
class SignalProgram:
    """Send a signal, by name such as `HUP`, to a supervised program, if it runs."""

    name: str
    signal: str

    def describe(self) -> str:
        return f"send {self.signal} to program {self.name}"


@dataclass(frozen=True, slots=True)
class EndRemaining:
    """End every process whose environment has TENANTRY_PROGRAM beginning with `<marker>:`.

    nginx writes over its environment: it is known by working in `nginx_directory`. They are the supervisor
    itself, or what one that was killed has left behind, holding ports and locks. With `program`, only that
    program's processes are meant.
    """

    marker: str
    nginx_directory: Path
    program: str = ""

    def describe(self) -> str:
        return f"end every remaining process of {self.program or self.marker}"


@dataclass(frozen=True, slots=True)
class ChangeNginx:
    """Have these changes in nginx's configuration, live, or none of them.

    The whole tree under `directory` (its main file is `nginx.conf`) is copied, changed and tried by
    `<binary> -t`; only then are the live files changed and nginx reloaded by `reload`. A trial that
    fails because of a file outside `changes` names that file. Undone with another reload.
    """

    directory: Path
    changes: tuple[WriteFile | RemoveFile, ...]
    reload: SignalProgram | Run
    binary: str = "nginx"

    def describe(self) -> str:
        listed = ", ".join(change.describe() for change in self.changes) or "change nothing"
        return f"{listed}, once `{self.binary} -t` accepts a changed copy; then {self.reload.describe()}"


@dataclass(frozen=True, slots=True)
class ChangeUnits:
    """Have these changes among systemd's unit files in `directory`, read in by systemd, or none of them.

    `verified` names the units `systemd-analyze verify` must accept before a live file changes; those they
    are instances of are in `templates`. Undone with another reading in.
    """

    directory: Path
    changes: tuple[WriteFile | RemoveFile, ...]
    verified: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()

    def describe(self) -> str:
        listed = ", ".join(change.describe() for change in self.changes)
        once = f", once `systemd-analyze verify` accepts {', '.join(self.verified)}" if self.verified else ""
        return f"{listed}{once}; then let systemd read its units"


@dataclass(frozen=True, slots=True)
class OrderCertificate:
    """Have a new certificate of an ACME authority for these names; `how` is a phrase for people.

    `places` is all that is kept of it: what is there goes before, and it goes again when this is undone.
    Without places it is renewed, and whatever happens one is there. `mend` is what to do when the authority
    cannot convince itself of a name; `log` is the folder where more is written of any other trouble.
    `copies` of keys, which certbot leaves and never reads again, are not kept.
    """

    names: tuple[str, ...]
    how: str
    command: Command
    mend: str
    log: Path
    places: tuple[Path, ...] = ()
    copies: tuple[Path, ...] = ()

    def describe(self) -> str:
        return f"obtain a certificate for {', '.join(self.names)} {self.how}"


@dataclass(frozen=True, slots=True)
class Probe:
    """Ask `http://127.0.0.1:<port><path>` with this Host header until it answers 200; with `tls`, over TLS.

    When `program` is given and does not stay up, the waiting ends at once. Afterwards it must go on answering
    200 for `steady` seconds.
    """

    port: int
    host: str
    program: str = ""
    path: str = "/readyz"
    timeout: float = 30.0
    tls: bool = False
    steady: float = 0.0

    def describe(self) -> str:
        scheme = "https" if self.tls else "http"
        steady = f", and goes on for {self.steady:g} s" if self.steady else ""
        return f"wait until {scheme}://{self.host}:{self.port}{self.path} answers 200{steady}"


@dataclass(frozen=True, slots=True)
class OnReturn:
    """Nothing for now; when what comes after it has been taken back, do these steps."""

    steps: tuple[Step, ...]

    def describe(self) -> str:
        return f"if what follows fails, {'; '.join(step.describe() for step in self.steps)}"


Step: TypeAlias = (
    MakeDirectory
    | WriteFile
    | RemoveFile
    | RemoveTree
    | ArchiveTree
    | WriteBackup
    | UnpackBackup
    | MoveTree
    | CreateGroup
    | CreateUser
    | RemoveUser
    | Run
    | StartProgram
    | RestartProgram
    | StopProgram
    | SignalProgram
    | EndRemaining
    | ChangeNginx
    | ChangeUnits
    | OrderCertificate
    | Probe
    | OnReturn
)


def files_written(step: Step) -> tuple[RenderedFile, ...]:
    """Return the files a step writes, nginx's and systemd's among them."""
    if isinstance(step, WriteFile):
        return (step.file,)
    if isinstance(step, ChangeNginx | ChangeUnits):
        return tuple(change.file for change in step.changes if isinstance(change, WriteFile))
    return ()


def without_repeated_orders(steps: Iterable[Step]) -> Iterator[Step]:
    """Leave out an order of what an earlier one has obtained, as it is by the time it would be done."""
    ordered: list[Step] = []
    for step in steps:
        if step not in ordered:
            yield step
        if isinstance(step, OrderCertificate):
            ordered.append(step)


def _access(mode: int, owner: str | None, group: str | None) -> str:
    belongs = f" {owner or ''}:{group or ''}" if owner or group else ""
    return f"{mode:04o}{belongs}"
