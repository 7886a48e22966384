"""The `local` driver: supervisord and an nginx of its own, on any machine, with or without root."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from provisioner import installation, legal_texts
from provisioner.commands import tenant_admin
from provisioner.commands.command import Command
from provisioner.drivers import local_host, local_promises, local_users
from provisioner.drivers.local_intrusion import LocalIntrusion
from provisioner.drivers.observation import all_made, digests, ports_in
from provisioner.drivers.obtained_certificates import NoCertificates
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
from provisioner.drivers.provider_key import provider_key
from provisioner.drivers.supervisor import Supervisor
from provisioner.errors import InvalidConfiguration
from provisioner.filesystem import RenderedFile, read_text
from provisioner.host import HostSettings
from provisioner.installation import Release, written_release
from provisioner.naming import TenantId
from provisioner.render import (
    CUSTOM,
    Program,
    Surroundings,
    env_text,
    environment,
    nginx_site,
    supervisor_program,
    suspended_site,
)
from provisioner.steps import (
    ChangeNginx,
    MakeDirectory,
    OnReturn,
    Probe,
    RemoveFile,
    RemoveTree,
    RemoveUser,
    Run,
    SignalProgram,
    StartProgram,
    Step,
    StopProgram,
    WriteFile,
)
from provisioner.system_accounts import user_exists

_LONGEST_SOCKET: Final = 107
_ACTIVITIES: Final[Mapping[str, Activity]] = {
    "STARTING": Activity.RUNNING,
    "RUNNING": Activity.RUNNING,
    "STOPPED": Activity.STOPPED,
    "STOPPING": Activity.STOPPED,
}


class LocalDriver:
    """Runs tenants under a supervisord of this root's own."""

    name = "local"

    def __init__(self, host: HostSettings) -> None:
        self._host = host
        self._layout = host.layout
        _check(host)
        self._users = local_users.choose(self._layout)
        self._shared = local_host.SharedParts(host, self._users)
        self.programs = Supervisor(
            self._layout.run / "supervisord.sock", watched=("nginx",), remaining=self._shared.remaining
        )
        self.actions = ActionsDoor(self._shared.actions_socket, ("actions",))
        self.reader_group = self._users.readers
        self.certificates = NoCertificates()
        self.intrusion = LocalIntrusion(host, self._users, self.main_process)

    def promises(self) -> Sequence[Promise]:
        """Say plainly what this driver gives and what it does not."""
        return local_promises.promises(self._users)

    def notices(self) -> Sequence[str]:
        """Warn when clients are not kept apart by the system."""
        return local_promises.notices(self._users)

    def observe_host(self) -> Observed:
        """Read what is there of the shared parts."""
        return self._shared.observe(self.programs)

    def host_steps(self, observed: Observed) -> Sequence[Step]:
        """Steps to have the shared parts there and running."""
        return self._shared.steps(observed)

    def host_stop_steps(self, _ids: Iterable[TenantId], /) -> Sequence[Step]:
        """Stop clients and shared programs together; `host_steps` brings back all that ran."""
        return self._shared.stop_steps()

    def files(self, tenant: Tenant) -> Sequence[RenderedFile]:
        """The tenant's .env, the version it runs, its supervised program and its nginx site."""
        program = self._program_file(tenant, installation.PRESENT, running=tenant.running)
        return (self._env_file(tenant), self._release_file(tenant), program, self._site_file(tenant))

    def directories(self, tenant: Named) -> tuple[MakeDirectory, ...]:
        """Its folder, and what is in it of its own."""
        return (
            MakeDirectory(self._layout.client(tenant.id), 0o711),
            MakeDirectory(self._layout.client_logs(tenant.id), 0o700),
            *self.data_directories(tenant, self._layout.data(tenant.id)),
        )

    def data_directories(self, tenant: Named, data: Path) -> tuple[MakeDirectory, ...]:
        """Its user's; the dashboard reads what is in `usage`."""
        owner, readers = self._users.tenant(tenant), self._users.readers
        return (
            MakeDirectory(data, 0o710, owner, readers),
            MakeDirectory(data / "usage", 0o2750, owner, readers),
        )

    def observe(self, tenant: Tenant) -> Observed:
        """Read what is there of one tenant."""
        user = self._users.tenant(tenant)
        return Observed(
            digests=digests(file.path for file in self.files(tenant)),
            running=self.programs.is_running(_program(tenant.id)),
            whole=all_made(self.directories(tenant)) and (user is None or user_exists(user)),
        )

    def steps(self, tenant: Tenant, observed: Observed, wish: Wish) -> Sequence[Step]:
        """Steps from what is there to what is wished: foundations, files, first accounts, process, site."""
        stale = tuple(
            file for file in self.files(tenant) if not observed.has(file) and file.path not in wish.keep
        )
        if tenant.suspended:
            return self._suspended_steps(tenant, observed, stale)
        site = self._site_file(tenant)
        own = tuple(WriteFile(file) for file in stale if file.path != site.path)
        program = _program(tenant.id)
        stop = observed.running and (own or wish.initial or not tenant.running)
        start = tenant.running and (stop or not observed.running)
        return (
            *(() if observed.whole else self._foundations(tenant)),
            *((OnReturn((self._probe(tenant),)),) if stop and wish.returned else ()),
            *((StopProgram(program),) if stop else ()),
            *own,
            *((OnReturn(wish.returned),) if stop and wish.returned else ()),
            *wish.data,
            *self._initial_steps(tenant, wish.initial),
            *((StartProgram(program),) if start else ()),
            *((self._change_site(WriteFile(site)),) if site in stale else ()),
            *((self._probe(tenant, wish.steady),) if start or (tenant.running and site in stale) else ()),
        )

    def foundation_steps(self, tenant: Tenant) -> Sequence[Step]:
        """Its user, its directories and its .env."""
        return (*self._foundations(tenant), WriteFile(self._env_file(tenant)))

    def start_steps(self, tenant: Named) -> Sequence[Step]:
        """Start the process, now and whenever supervisord starts, and wait until it answers."""
        program = self._program_file(tenant, self._release(tenant.id), running=True)
        return (WriteFile(program), StartProgram(_program(tenant.id)), self._probe(tenant))

    def stop_steps(self, tenant: Named) -> Sequence[Step]:
        """Stop the process, also one whose supervisor was killed; it gets half a minute to finish."""
        program = self._program_file(tenant, self._release(tenant.id), running=False)
        name = _program(tenant.id)
        return (WriteFile(program), StopProgram(name), self._shared.end_remaining(name))

    def remove_steps(self, tenant: Named) -> Sequence[Step]:
        """Take the site out of nginx and the process out of supervisord."""
        return (
            self._change_site(RemoveFile(self._site_path(tenant.id))),
            StopProgram(_program(tenant.id), forget=True),
            self._shared.end_remaining(_program(tenant.id)),
            RemoveFile(self._program_path(tenant.id)),
        )

    def erase_steps(self, tenant: Named) -> Sequence[Step]:
        """Erase its directory, then its user."""
        user = self._users.tenant(tenant)
        return (
            RemoveTree(self._layout.client(tenant.id)),
            RemoveTree(self._layout.nginx / CUSTOM / tenant.id),
            *((RemoveUser(user),) if user else ()),
        )

    def admin_command(
        self, tenant: Named, name: str, payload: SecretStr, release: Release | None = None
    ) -> Command:
        """The tenant's own program, run once as its user."""
        return tenant_admin.administer(
            name,
            payload,
            release=release or self._release(tenant.id),
            env_file=self._layout.env_file(tenant.id),
            user=self._users.tenant(tenant),
        )

    def activities(self, ids: Iterable[TenantId]) -> Mapping[TenantId, Activity]:
        """Ask supervisord once; what it does not know does not run."""
        states = self.programs.states()
        return {
            tenant_id: _ACTIVITIES.get(states.get(_program(tenant_id), "STOPPED"), Activity.FAILED)
            for tenant_id in ids
        }

    def main_process(self, tenant_id: TenantId) -> int:
        """Ask supervisord."""
        return self.programs.process(_program(tenant_id))

    def configured_ports(self, tenant_id: TenantId) -> frozenset[int]:
        """Of its settings."""
        return ports_in(read_text(self._layout.env_file(tenant_id)))

    def log_command(self, tenant_id: TenantId, *, lines: int, follow: bool) -> Command:
        """The end of the tenant's log file."""
        log = str(self._layout.client_logs(tenant_id) / "tenant.log")
        following = ("-F",) if follow else ()
        return Command(("tail", "-n", str(lines), *following, "--", log))

    def findings(self) -> Sequence[Finding]:
        """Look at the shared programs, and at whether clients are kept apart as they could be."""
        return (*self._shared.findings(self.programs), *local_promises.findings(self._users))

    def _suspended_steps(
        self, tenant: Tenant, observed: Observed, stale: Sequence[RenderedFile]
    ) -> tuple[Step, ...]:
        """Let nginx answer first; then end the process at once, also one whose supervisor was killed."""
        site, program = self._site_file(tenant), _program(tenant.id)
        end = (StopProgram(program, at_once=True), self._shared.end_remaining(program))
        return (
            *(() if observed.whole else self._foundations(tenant)),
            *((self._change_site(WriteFile(site)),) if site in stale else ()),
            *(WriteFile(file) for file in stale if file.path != site.path),
            *(end if stale or observed.running else ()),
        )

    def _foundations(self, tenant: Tenant) -> tuple[Step, ...]:
        return (*self._users.tenant_steps(tenant, self._layout), *self.directories(tenant))

    def _env_file(self, tenant: Tenant) -> RenderedFile:
        owner = self._users.tenant(tenant)
        surroundings = Surroundings(
            data_dir=self._layout.data(tenant.id),
            embedding_socket=self._shared.embedding_socket,
            openai_base_url=self._host.llm_base_url,
            openai_api_key=provider_key(self._host),
            legal=legal_texts.read(self._layout),
        )
        text = env_text(environment(tenant.spec, self._host, surroundings, tenant.secrets))
        return RenderedFile(self._layout.env_file(tenant.id), text, 0o600, owner, owner, secret=True)

    def _release(self, tenant_id: TenantId) -> Release:
        """The version a tenant runs; one of which nothing is there yet will run this one."""
        return written_release(self._layout.release_file(tenant_id)) or installation.PRESENT

    def _release_file(self, tenant: Tenant) -> RenderedFile:
        return RenderedFile(self._layout.release_file(tenant.id), installation.PRESENT.text(), 0o644)

    def _program_file(self, tenant: Named, release: Release, *, running: bool) -> RenderedFile:
        name = _program(tenant.id)
        program = Program(
            name=name,
            argv=(release.python, "-m", "tenant_app", "serve"),
            directory=self._layout.client(tenant.id),
            log=self._layout.client_logs(tenant.id) / "tenant.log",
            environment={
                **self._shared.environment(name, TENANT_ENV_FILE=str(self._layout.env_file(tenant.id))),
                **release.environment,
            },
            user=self._users.tenant(tenant) or "",
            autostart=running,
        )
        return RenderedFile(self._program_path(tenant.id), supervisor_program(program), 0o600)

    def _site_file(self, tenant: Tenant) -> RenderedFile:
        render_site = suspended_site if tenant.suspended else nginx_site
        return RenderedFile(self._site_path(tenant.id), render_site(tenant.spec, self._host, None), 0o644)

    def _program_path(self, tenant_id: TenantId) -> Path:
        return self._layout.run / "supervisor.d" / f"{_program(tenant_id)}.conf"

    def _site_path(self, tenant_id: TenantId) -> Path:
        return self._layout.nginx / "sites" / f"{tenant_id}.conf"

    def _initial_steps(self, tenant: Tenant, initial: SecretStr | None) -> tuple[Step, ...]:
        if initial is None:
            return ()
        return (Run("create its database and first accounts", self.admin_command(tenant, "init", initial)),)

    def _change_site(self, change: WriteFile | RemoveFile) -> ChangeNginx:
        return ChangeNginx(self._layout.nginx, (change,), SignalProgram("nginx", "HUP"))

    def _probe(self, tenant: Named, steady: float = 0.0) -> Probe:
        return Probe(self._host.http_port, tenant.hostname, program=_program(tenant.id), steady=steady)


def _program(tenant_id: TenantId) -> str:
    return f"tenant-{tenant_id}"


def _check(host: HostSettings) -> None:
    if host.serves_tls:
        raise InvalidConfiguration(
            "acme" if host.acme else "tls_certificates",
            "this driver's nginx serves plain HTTP, for this machine or behind another server.",
            "Leave it out, or use the systemd driver.",
        )
    if host.http_port < 1024:
        raise InvalidConfiguration(
            "http_port",
            f"{host.http_port} needs root, and this driver's nginx has none.",
            "Choose a port from 1024, or use the systemd driver.",
        )
    longest = host.layout.run / "embeddings" / "embeddings.sock"
    if len(str(longest)) > _LONGEST_SOCKET:
        raise InvalidConfiguration(
            "root", f"{host.root} is too long a path for unix sockets under it.", "Choose a shorter one."
        )
