"""Everything a service works with: one root, its settings, driver, catalogue and registry."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from provisioner.apply.executor import Observer
from provisioner.clock import Clock
from provisioner.drivers.protocol import Driver
from provisioner.errors import InvalidConfiguration, Refused
from provisioner.filesystem import make_directory
from provisioner.host import HostSettings, load_host
from provisioner.layout import Layout
from provisioner.plans import Catalogue, load_catalogue
from provisioner.registry.database import BILLS, Database
from provisioner.registry.registry import Registry
from provisioner.resources import plans_file
from provisioner.runner import Runner

if TYPE_CHECKING:
    from provisioner.registry.bills import Bills

DriverName = Literal["local", "systemd"]
DEFAULT_LOCK_WAIT: Final = 600.0


@dataclass(frozen=True)
class Context:
    """One root and how to work on it.

    `say` tells the operator something that is neither result nor progress. `acting` is for whom something is
    done, where that is not who runs this. What costs time to load is
    loaded when it is first asked for.
    """

    root: Path
    driver_name: DriverName
    environ: Mapping[str, str]
    clock: Clock
    runner: Runner
    observer: Observer
    say: Callable[[str], None]
    lock_wait: float = DEFAULT_LOCK_WAIT
    acting: str = ""

    @property
    def layout(self) -> Layout:
        """Where things stand under the root."""
        return Layout(self.root)

    @cached_property
    def host(self) -> HostSettings:
        """The host's settings."""
        return load_host(self.root, self.environ)

    @property
    def backups(self) -> Path:
        """Where clients' backups are on this host, in a folder each."""
        return self.host.backup_folder or self.layout.backups

    @cached_property
    def catalogue(self) -> Catalogue:
        """The plans: this root's own `plans.yaml` when there is one, else the shipped one."""
        own = self.root / "plans.yaml"
        return load_catalogue(own if own.exists() else plans_file())

    def require_catalogue(self) -> None:
        """Raise InvalidConfiguration when plans.yaml is wrong, before anything that needs it is begun."""
        _ = self.catalogue

    @cached_property
    def driver(self) -> Driver:
        """The engine that runs tenants on this root."""
        if self.driver_name == "systemd":
            from provisioner.drivers.systemd import SystemdDriver  # noqa: PLC0415 - one of the two is enough

            return SystemdDriver(self.host)
        from provisioner.drivers.local import LocalDriver  # noqa: PLC0415 - one of the two is enough

        return LocalDriver(self.host)

    @cached_property
    def registry(self) -> Registry:
        """The registry, to read."""
        return Registry(Database.open_to_read(self.layout.registry), self.clock)

    @cached_property
    def writable_registry(self) -> Registry:
        """The registry, to change; begins the root when it is new. Hold the lock for any change."""
        begin_root(self.layout)
        return Registry(Database.open(self.layout.registry), self.clock)

    @cached_property
    def bills(self) -> Bills:
        """What is owed and paid, to read; empty in a registry that kept none of it."""
        from provisioner.registry.bills import Bills  # noqa: PLC0415 - few commands bill

        return Bills(Database.open_to_read(self.layout.registry, BILLS), self.clock)

    @cached_property
    def writable_bills(self) -> Bills:
        """What is owed and paid, to change; hold the lock. An older registry is brought up to date."""
        from provisioner.registry.bills import Bills  # noqa: PLC0415 - few commands bill

        return Bills(Database.open(self.layout.registry), self.clock)

    @property
    def operator(self) -> str:
        """For whom it is done, or who runs the command: the user who became root, when that is known."""
        return self.acting or self.environ.get("SUDO_USER") or _user_name(os.getuid())


def begin_root(layout: Layout) -> None:
    """Make the root directory and its journal folder; raises Refused when that is not allowed."""
    try:
        if not layout.root.is_dir():
            layout.root.parent.mkdir(parents=True, exist_ok=True)
            make_directory(layout.root, 0o755)
        make_directory(layout.journal, 0o700)
    except OSError as error:
        raise Refused(
            f"Cannot work in {layout.root}: {error.strerror}.",
            "Let there be room, run as a user who may write there, or choose another root with `--root`.",
        ) from error


def default_root(driver: DriverName, environ: Mapping[str, str]) -> Path:
    """Return where a root is when nobody says: /var/www, or under the user's own data."""
    if driver == "systemd":
        return Path("/var/www")
    home = environ.get("HOME")
    if not home:
        raise InvalidConfiguration("$HOME", "it is not set.", "Give the root with `--root`.")
    return Path(home) / ".local" / "share" / "tenantry"


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
