"""What an engine that runs tenants must offer; `local` and `systemd` do, more may follow.

A driver decides, it does not act: `observe` reads what is there, the `*_steps` functions are pure and
return the steps that lead from there to what is wanted. Only `programs` acts, when the executor asks.
All steps are idempotent, so that a command that was killed half-way is finished by running it again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from pydantic import SecretStr

from provisioner.commands.command import Command
from provisioner.filesystem import RenderedFile
from provisioner.installation import Release
from provisioner.isolation.attempts import Attempt, Standpoint
from provisioner.naming import TenantId, system_user
from provisioner.spec import TenantSecrets, TenantSpec
from provisioner.steps import MakeDirectory, Step

AT_ONCE: Final = "QUIT"
"""The signal by which a client's process that is stopping cuts off what it is still answering."""


class Activity(StrEnum):
    """What a tenant's process does now."""

    RUNNING = "running"
    STOPPED = "stopped"
    ASLEEP = "asleep"
    """Not running, but the next request starts it."""
    FAILED = "failed"
    """Should run, and does not stay up."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing a client may count on under this driver, or may not."""

    name: str
    sentence: str
    kept: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """Something `doctor` found: about what, what is wrong, and the mend.

    `of_certificate` says that it is about one: it is told by an alert as well.
    """

    subject: str
    problem: str
    mend: str
    of_certificate: bool = False


class Named(Protocol):
    """A tenant by what it is called: enough to start, stop, operate and erase it, whatever its plan says."""

    @property
    def id(self) -> TenantId: ...

    @property
    def hostname(self) -> str: ...

    @property
    def system_user(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Names:
    """What a tenant is called, without what it shall be."""

    id: TenantId
    hostname: str

    @property
    def system_user(self) -> str:
        return system_user(self.id)


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant as the drivers need it: what it shall be, its two keys, and whether it shall run.

    One that is `suspended` does not run either, and nginx answers for it.
    """

    spec: TenantSpec
    secrets: TenantSecrets
    running: bool = True
    suspended: bool = False

    @property
    def id(self) -> TenantId:
        return self.spec.id

    @property
    def hostname(self) -> str:
        return self.spec.hostname

    @property
    def system_user(self) -> str:
        return self.spec.system_user


@dataclass(frozen=True, slots=True)
class Observed:
    """What is there now of one tenant; an `Observed()` is a tenant of which nothing is there.

    `digests` maps every file that exists, of those the driver writes, to its SHA-256; `whole` says
    that every directory and system user is there as well. Of the shared parts, `running` means that
    what supervises them is up, and `down` names the programs that are not; `rebinds`, that nginx has to let
    go of an address before it can open the one it shall listen on.
    """

    digests: Mapping[Path, str] = field(default_factory=dict)
    running: bool = False
    whole: bool = False
    down: tuple[str, ...] = ()
    rebinds: bool = False

    def has(self, file: RenderedFile) -> bool:
        """Say whether the file is there with exactly this text."""
        return self.digests.get(file.path) == file.digest


@dataclass(frozen=True, slots=True)
class Wish:
    """What the steps shall lead to, beside the tenant as it shall be.

    `initial` is the JSON document for the tenant's `admin init`, given only by `new`; `data` are steps to be
    done before it, while nothing of the tenant runs: they put a backup's data in place. `keep` are files
    that differ and shall stay as they are, because somebody edited them by hand. `returned` are steps to be
    done when the change of a running tenant is taken back: its new files are there still, and nothing of it
    runs. It must answer for `steady` seconds to count as changed.
    """

    initial: SecretStr | None = None
    data: tuple[Step, ...] = ()
    keep: frozenset[Path] = frozenset()
    returned: tuple[Step, ...] = ()
    steady: float = 0.0


@dataclass(frozen=True, slots=True)
class ActionsDoor:
    """Where the program listens that acts for the dashboard, and what supervisord or systemd call it."""

    socket: Path
    programs: tuple[str, ...]


class Programs(Protocol):
    """Acts on supervised programs for the steps Start-, Restart-, Stop- and SignalProgram.

    Every method waits until it is so, and raises ProvisionError when that takes too long.
    """

    def start(self, name: str) -> None: ...

    def restart(self, name: str) -> None: ...

    def stop(self, name: str, *, forget: bool, at_once: bool = False) -> None:
        """Have it stopped; `at_once`, without the time it has to finish what it answers."""

    def signal(self, name: str, signal: str) -> None: ...

    def is_running(self, name: str) -> bool: ...

    def trouble(self, name: str) -> str | None:
        """Say in a phrase why a program does not stay up; None when nothing is known against it."""


class Intrusion(Protocol):
    """What somebody who has broken into a client would try, and how it is tried in that client's place."""

    def on_client(self, tenant_id: TenantId, port: int) -> Sequence[Attempt]:
        """Return what another client would try on a client."""

    def on_host(self) -> Sequence[Attempt]:
        """Return what a client would try on the host."""

    def commands(
        self, tenant: Named, argv: tuple[str, ...], given: SecretStr
    ) -> Mapping[Standpoint, Command]:
        """Run a program in a client's place, `given` on its input: behind all its walls, and as its user."""


class Certificates(Protocol):
    """The certificates that a driver obtains itself; there are none where host.yaml names no authority."""

    def removal_steps(self, names: Iterable[str]) -> Sequence[Step]:
        """Steps to keep none of a name that is nobody's any more: its renewal would fail for ever."""

    def renewals(self, names: Iterable[str], *, at_once: bool) -> Mapping[str, Step]:
        """Return the renewals due for these names by what they are called; `at_once`, all of them."""

    def renewed_steps(self, tenants: Sequence[Tenant], *, renewed: bool) -> Sequence[Step]:
        """Steps to have nginx read in what was renewed of these clients and the dashboard.

        A site that differs in anything else is for `apply` to write; `renewed` reads its certificate all the
        same.
        """

    def surplus_steps(self, names: Iterable[str]) -> Sequence[Step]:
        """Steps to keep no certificate that serves none of these names, all there are."""


class Driver(Protocol):
    """An engine that runs tenants."""

    @property
    def name(self) -> str:
        """`local` or `systemd`."""

    @property
    def programs(self) -> Programs:
        """What the executor starts and stops programs with."""

    @property
    def intrusion(self) -> Intrusion:
        """How its walls are tried."""

    @property
    def certificates(self) -> Certificates:
        """What it keeps up of the names it serves."""

    @property
    def actions(self) -> ActionsDoor:
        """The program that does what the dashboard is asked to."""

    @property
    def reader_group(self) -> str | None:
        """The group that may read the registry and usage files; None: whoever runs everything."""

    def promises(self) -> Sequence[Promise]:
        """Say plainly what this driver gives and what it does not."""

    def notices(self) -> Sequence[str]:
        """Say what the operator must know before trusting this host with clients; mostly nothing."""

    def observe_host(self) -> Observed:
        """Read what is there of the parts all tenants share."""

    def host_steps(self, observed: Observed) -> Sequence[Step]:
        """Steps to have the shared parts there and running: nginx, embedding server, dashboard."""

    def host_stop_steps(self, ids: Iterable[TenantId], /) -> Sequence[Step]:
        """Steps to have nothing of this root running, of these clients neither; every file stays."""

    def files(self, tenant: Tenant) -> Sequence[RenderedFile]:
        """Every file the tenant shall have outside its data directory, in the order of writing."""

    def directories(self, tenant: Named) -> Sequence[MakeDirectory]:
        """Every directory the tenant shall have: its folder, its logs, its data."""

    def data_directories(self, tenant: Named, data: Path) -> Sequence[MakeDirectory]:
        """A data directory at `data`, then what is in it of its own: owners and modes."""

    def observe(self, tenant: Tenant) -> Observed:
        """Read what is there of one tenant."""

    def steps(self, tenant: Tenant, observed: Observed, wish: Wish) -> Sequence[Step]:
        """Steps from what is there to what is wished; none when nothing differs."""

    def foundation_steps(self, tenant: Tenant) -> Sequence[Step]:
        """Steps to have what its program needs to be run once: user, directories, settings."""

    def start_steps(self, tenant: Named) -> Sequence[Step]:
        """Steps to have it running and answering."""

    def stop_steps(self, tenant: Named) -> Sequence[Step]:
        """Steps to have it stopped until `start`, across reboots too."""

    def remove_steps(self, tenant: Named) -> Sequence[Step]:
        """Steps to have nothing left that runs or is served; its directory stays."""

    def erase_steps(self, tenant: Named) -> Sequence[Step]:
        """Steps to erase its directory and system user, after `remove_steps`."""

    def admin_command(
        self, tenant: Named, name: str, payload: SecretStr, release: Release | None = None
    ) -> Command:
        """`python -m tenant_app admin NAME` as the tenant's user, the JSON payload on its input.

        The program is that of the version the tenant runs, unless another is given.
        """

    def activities(self, ids: Iterable[TenantId]) -> Mapping[TenantId, Activity]:
        """Say what each of these tenants' processes does now, in one question to the system."""

    def main_process(self, tenant_id: TenantId) -> int:
        """Return a tenant's main process; 0 when it does not run."""

    def configured_ports(self, tenant_id: TenantId) -> Collection[int]:
        """Return the ports that a tenant's files name, whatever the registry says."""

    def log_command(self, tenant_id: TenantId, *, lines: int, follow: bool) -> Command:
        """The command that shows a tenant's log."""

    def findings(self) -> Sequence[Finding]:
        """Look at the shared parts for `doctor`."""
