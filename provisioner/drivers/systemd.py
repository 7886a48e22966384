"""The `systemd` driver: the production host. Every client is shut in by units, users and its plan."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from provisioner import installation
from provisioner.commands import systemctl
from provisioner.commands.command import Command
from provisioner.drivers import systemd_egress
from provisioner.drivers import systemd_places as places
from provisioner.drivers import systemd_processes as processes
from provisioner.drivers.observation import all_made, digests, ports_in
from provisioner.drivers.obtained_certificates import ObtainedCertificates
from provisioner.drivers.protocol import (
    ActionsDoor,
    Activity,
    Finding,
    Named,
    Observed,
    Promise,
    Tenant,
    Wish,
)
from provisioner.drivers.served_certificates import ServedCertificates
from provisioner.drivers.systemd_host import STOPPED_WITH_TARGET, SharedParts
from provisioner.drivers.systemd_intrusion import SystemdIntrusion
from provisioner.drivers.systemd_promises import PROMISES
from provisioner.drivers.units import Units, UnitState
from provisioner.errors import InvalidConfiguration
from provisioner.filesystem import RenderedFile, read_text
from provisioner.host import HostSettings
from provisioner.installation import Release, written_release
from provisioner.naming import TenantId
from provisioner.render import (
    CUSTOM,
    UnitProgram,
    env_text,
    environment,
    nginx_site,
    service_drop_in,
    socket_drop_in,
    suspended_site,
)
from provisioner.runner import Runner, SystemRunner
from provisioner.steps import (
    ChangeNginx,
    ChangeUnits,
    CreateUser,
    MakeDirectory,
    Probe,
    RemoveFile,
    RemoveTree,
    RemoveUser,
    Run,
    Step,
    WriteFile,
)
from provisioner.system_accounts import user_exists

_ROOT: Final = re.compile(r"(/[A-Za-z0-9._-]+)+")
_ADMIN_SECONDS: Final = 120
_LISTENS: Final = re.compile(r"^ListenStream=127\.0\.0\.1:(\d+)$", re.MULTILINE)


class SystemdDriver:
    """Runs tenants as units of this machine's systemd, behind this machine's nginx."""

    name = "systemd"

    def __init__(self, host: HostSettings, runner: Runner | None = None) -> None:
        _check(host)
        self._host = host
        self._layout = host.layout
        self._served = ServedCertificates(host)
        self._shared = SharedParts(host, self._served)
        self.certificates = ObtainedCertificates(self._served, places.NGINX, self._sites, _change_nginx)
        self._runner = runner or SystemRunner()
        self._units = Units(self._runner)
        self.programs = self._units
        self.intrusion = SystemdIntrusion(host, self._runner, self.main_process)
        self.actions = ActionsDoor(places.ACTIONS_SOCKET, places.ACTIONS)
        self.reader_group: str | None = places.READERS

    def promises(self) -> Sequence[Promise]:
        """Say plainly what this driver gives and what it does not."""
        return PROMISES

    def notices(self) -> Sequence[str]:
        """Nothing: what this driver promises it keeps on every host."""
        return ()

    def observe_host(self) -> Observed:
        """Read what is there of the shared parts."""
        return self._shared.observe(self._units)

    def host_steps(self, observed: Observed) -> Sequence[Step]:
        """Steps to have the shared parts there and running."""
        return self._shared.steps(observed)

    def host_stop_steps(self, ids: Iterable[TenantId]) -> Sequence[Step]:
        """Stop the target and, to wait for them, all units that are part of it; nginx may serve others."""
        clients = tuple(unit for tenant_id in ids for unit in places.units(tenant_id))
        everything = (places.TARGET, *STOPPED_WITH_TARGET, *clients)
        return (Run("stop the shared parts and every client", systemctl.stop(everything)),)

    def files(self, tenant: Tenant) -> Sequence[RenderedFile]:
        """The tenant's .env, the version it runs, its way to the provider, its units' own parts, its site."""
        return (
            self._env_file(tenant),
            self._release_file(tenant),
            systemd_egress.client_file(tenant.spec, self._host),
            *self._unit_files(tenant),
            self._site_file(tenant),
        )

    def directories(self, tenant: Named) -> tuple[MakeDirectory, ...]:
        """Its folder, and what is in it of its own."""
        return (
            MakeDirectory(self._layout.client(tenant.id), 0o711),
            MakeDirectory(self._layout.client_logs(tenant.id), 0o700),
            *self.data_directories(tenant, self._layout.data(tenant.id)),
            systemd_egress.made_client_directory(tenant.id, tenant.system_user),
        )

    def data_directories(self, tenant: Named, data: Path) -> tuple[MakeDirectory, ...]:
        """Its user's; the dashboard reads what is in `usage`."""
        user = tenant.system_user
        return (
            MakeDirectory(data, 0o710, user, places.READERS),
            MakeDirectory(data / "usage", 0o2750, user, places.READERS),
        )

    def observe(self, tenant: Tenant) -> Observed:
        """Read what is there of one tenant. An open port counts as running: a request starts the process."""
        socket, service = self._units.states(places.units(tenant.id)).values()
        return Observed(
            digests=digests(file.path for file in self.files(tenant)),
            running=socket.up and not service.failed,
            whole=all_made(self.directories(tenant)) and user_exists(tenant.system_user),
        )

    def steps(self, tenant: Tenant, observed: Observed, wish: Wish) -> Sequence[Step]:
        """Steps from what is there to what is wished: foundations, files, first accounts, process, site."""
        stale = {
            file.path for file in self.files(tenant) if not observed.has(file) and file.path not in wish.keep
        }
        site = self._site_file(tenant)
        names = tenant.spec.server_names
        orders = () if site.path in wish.keep else self._served.order_steps(names)
        texts = (self._env_file(tenant), self._release_file(tenant))
        egress = systemd_egress.client_file(tenant.spec, self._host)
        units = tuple(WriteFile(file) for file in self._unit_files(tenant) if file.path in stale)
        change_site = (_change_nginx((WriteFile(site),)),) if orders or site.path in stale else ()
        answers = tenant.running and (bool(stale) or not observed.running)
        return (
            *orders,
            *(() if observed.whole else self._foundations(tenant)),
            *(change_site if tenant.suspended else ()),
            *processes.return_steps(tenant, observed, stale - {site.path}, wish, self._probe(tenant)),
            *(WriteFile(file) for file in texts if file.path in stale),
            *((systemd_egress.change(WriteFile(egress)),) if egress.path in stale else ()),
            *((self._change_units(tenant, units),) if units else ()),
            *processes.withdrawal_steps(tenant, observed, wish),
            *self._initial_steps(tenant, observed, wish),
            *processes.steps(tenant, observed, stale - (set() if tenant.suspended else {site.path})),
            *(() if tenant.suspended else change_site),
            *((self._probe(tenant, wish.steady),) if answers else ()),
        )

    def foundation_steps(self, tenant: Tenant) -> Sequence[Step]:
        """Its user, its directories and its .env."""
        return (*self._foundations(tenant), WriteFile(self._env_file(tenant)))

    def start_steps(self, tenant: Named) -> Sequence[Step]:
        """Open its port, now and after every boot, start it and wait until it answers."""
        return (*processes.open_port(tenant.id), self._probe(tenant))

    def stop_steps(self, tenant: Named) -> Sequence[Step]:
        """Close its port, so that no request and no boot starts it, and let it finish what it answers."""
        return processes.close_port(tenant.id)

    def remove_steps(self, tenant: Named) -> Sequence[Step]:
        """Take the site out of nginx and its units out of systemd."""
        drop_ins = tuple(RemoveFile(places.drop_in(unit)) for unit in places.units(tenant.id))
        return (
            _change_nginx((RemoveFile(places.site(tenant.id)),)),
            *processes.close_port(tenant.id),
            ChangeUnits(places.UNITS, drop_ins),
            systemd_egress.change(RemoveFile(systemd_egress.client_path(tenant.id))),
        )

    def erase_steps(self, tenant: Named) -> Sequence[Step]:
        """Erase its directory, what an operator added to its units, then its user."""
        return (
            RemoveTree(self._layout.client(tenant.id)),
            RemoveTree(places.NGINX / CUSTOM / tenant.id),
            *(RemoveTree(places.drop_in(unit).parent) for unit in places.units(tenant.id)),
            RemoveTree(systemd_egress.client_directory(tenant.id)),
            RemoveUser(tenant.system_user),
        )

    def admin_command(
        self, tenant: Named, name: str, payload: SecretStr, release: Release | None = None
    ) -> Command:
        """The tenant's own program, run once inside walls like those of its unit."""
        data = self._layout.data(tenant.id)
        walls = (
            f"User={tenant.system_user}",
            f"LoadCredential=env:{self._layout.env_file(tenant.id)}",
            f"WorkingDirectory={data}",
            f"ReadWritePaths={data}",
            "Slice=tenantry.slice",
            *_ADMIN_WALLS,
        )
        program = release or self._release(tenant.id)
        argv = (program.python, "-m", "tenant_app", "admin", name)
        return systemctl.run_once(
            argv, walls, payload, environment=program.environment, seconds=_ADMIN_SECONDS
        )

    def activities(self, ids: Iterable[TenantId]) -> Mapping[TenantId, Activity]:
        """Ask systemd once about every process and port."""
        asked = tuple(ids)
        states = self._units.states(unit for tenant_id in asked for unit in places.units(tenant_id))
        return {
            tenant_id: _activity(states[places.service(tenant_id)], states[places.socket(tenant_id)])
            for tenant_id in asked
        }

    def main_process(self, tenant_id: TenantId) -> int:
        """Ask systemd."""
        shown = self._runner.run(systemctl.show_value(places.service(tenant_id), "MainPID"))
        return int(shown.stdout)

    def configured_ports(self, tenant_id: TenantId) -> frozenset[int]:
        """Of its settings, and of the unit of its port."""
        drop_in = read_text(places.drop_in(places.socket(tenant_id))) or ""
        listens = frozenset(int(found) for found in _LISTENS.findall(drop_in))
        return listens | ports_in(read_text(self._layout.env_file(tenant_id)))

    def log_command(self, tenant_id: TenantId, *, lines: int, follow: bool) -> Command:
        """The end of the unit's journal."""
        return systemctl.journal(places.service(tenant_id), lines=lines, follow=follow)

    def findings(self) -> Sequence[Finding]:
        """Look at the shared units and the certificates."""
        return (*self._shared.findings(self._units), *self._served.findings())

    def _foundations(self, tenant: Tenant) -> tuple[Step, ...]:
        user = CreateUser(tenant.system_user, self._layout.client(tenant.id), (places.EMBEDDERS,))
        return (user, *self.directories(tenant))

    def _env_file(self, tenant: Tenant) -> RenderedFile:
        """root's own; it holds no provider key: the egress alone does."""
        surroundings = systemd_egress.surroundings(tenant.id, self._host)
        text = env_text(environment(tenant.spec, self._host, surroundings, tenant.secrets))
        return RenderedFile(self._layout.env_file(tenant.id), text, 0o600, "root", "root", secret=True)

    def _release(self, tenant_id: TenantId) -> Release:
        """The version a tenant runs; one of which nothing is there yet will run this one."""
        return written_release(self._layout.release_file(tenant_id)) or installation.PRESENT

    def _release_file(self, tenant: Tenant) -> RenderedFile:
        return RenderedFile(self._layout.release_file(tenant.id), installation.PRESENT.text(), 0o644)

    def _unit_files(self, tenant: Tenant) -> tuple[RenderedFile, RenderedFile]:
        program = UnitProgram((installation.PYTHON, "-m", "tenant_app", "serve"), installation.ENVIRONMENT)
        egress = systemd_egress.client_directory(tenant.id)
        service = service_drop_in(tenant.spec, self._layout, program, places.EMBEDDERS, egress)
        return (
            RenderedFile(places.drop_in(places.socket(tenant.id)), socket_drop_in(tenant.spec)),
            RenderedFile(places.drop_in(places.service(tenant.id)), service),
        )

    def _site_file(self, tenant: Tenant) -> RenderedFile:
        log = self._layout.client_logs(tenant.id) / "access.log"
        render_site = suspended_site if tenant.suspended else nginx_site
        certified = self._served.for_names(tenant.spec.server_names)
        site = render_site(tenant.spec, self._host, log, certified)
        return RenderedFile(places.site(tenant.id), site, 0o600)

    def _sites(self, tenants: Sequence[Tenant]) -> Iterator[RenderedFile]:
        """Those whose every name can be served now."""
        if self._served.are_there((self._host.admin_name,)):
            yield self._shared.dashboard_site()
        for tenant in tenants:
            if self._served.are_there(tenant.spec.server_names):
                yield self._site_file(tenant)

    def _initial_steps(self, tenant: Tenant, observed: Observed, wish: Wish) -> tuple[Step, ...]:
        if wish.initial is None:
            return ()
        init = self.admin_command(tenant, "init", wish.initial)
        accounts = Run("create its database and first accounts", init)
        # The process of an interrupted `new` would hold the data directory.
        return (*(processes.stop(tenant.id) if observed.whole else ()), *wish.data, accounts)

    def _change_units(self, tenant: Tenant, changes: tuple[WriteFile, ...]) -> ChangeUnits:
        return ChangeUnits(
            places.UNITS, changes, verified=places.units(tenant.id), templates=places.TEMPLATES
        )

    def _probe(self, tenant: Named, steady: float = 0.0) -> Probe:
        host = self._host
        port = host.https_port if host.serves_tls else host.http_port
        return Probe(
            port, tenant.hostname, program=places.service(tenant.id), tls=host.serves_tls, steady=steady
        )


#: The walls of tenant@.service that a single command needs as well.
_ADMIN_WALLS: Final = (
    "PrivateNetwork=yes",
    "RestrictAddressFamilies=AF_UNIX",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "UMask=0077",
    "MemoryMax=1G",
    "TasksMax=64",
)


def _change_nginx(changes: tuple[WriteFile | RemoveFile, ...]) -> ChangeNginx:
    return ChangeNginx(places.NGINX, changes, Run("reload nginx", systemctl.reload("nginx.service")))


def _activity(service: UnitState, socket: UnitState) -> Activity:
    if service.failed or socket.failed:
        return Activity.FAILED
    if service.up:
        return Activity.RUNNING
    return Activity.ASLEEP if socket.up else Activity.STOPPED


def _check(host: HostSettings) -> None:
    """Refuse at once what could not work: a root of strange characters, code that others cannot read."""
    if not _ROOT.fullmatch(str(host.root)):
        raise InvalidConfiguration(
            "--root",
            f"{host.root} holds characters that units and log rotation cannot name.",
            "Choose a plain path.",
        )
    if not installation.open_to_others():
        raise InvalidConfiguration(
            "--driver systemd",
            f"other users cannot run {installation.PYTHON} or read {installation.CODE}.",
            "Install Tenantry where they can, for example in a virtual environment under /opt.",
        )
