"""What all clients of a systemd host share: users, units, embedding server, egress, dashboard, nginx."""

from __future__ import annotations

from typing import Final

from provisioner import installation
from provisioner.commands import systemctl
from provisioner.drivers import systemd_egress, systemd_timers
from provisioner.drivers import systemd_places as places
from provisioner.drivers.observation import all_made, digests
from provisioner.drivers.protocol import Finding, Observed
from provisioner.drivers.served_certificates import ServedCertificates
from provisioner.drivers.units import Units
from provisioner.filesystem import RenderedFile
from provisioner.host import HostSettings
from provisioner.open_files import listening_addresses
from provisioner.render import (
    UnitProgram,
    acme_challenge,
    actions_socket,
    actions_unit,
    admin_site,
    admin_socket,
    admin_unit,
    embeddings_unit,
    listen_address,
    log_rotation,
    nginx_shared,
)
from provisioner.resources import shipped
from provisioner.steps import (
    ChangeNginx,
    ChangeUnits,
    CreateGroup,
    CreateUser,
    MakeDirectory,
    Run,
    StartProgram,
    Step,
    StopProgram,
    WriteFile,
)
from provisioner.system_accounts import group_exists, user_exists

_EMBEDDINGS: Final = "tenantry-embeddings.service"
_DASHBOARD: Final = "tenantry-admin.service"
_DASHBOARD_PORT: Final = "tenantry-admin.socket"
_ACTIONS_PORT, _ACTIONS = places.ACTIONS
_NGINX: Final = "nginx.service"
_EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - what is read is compared with it
_RELOAD: Final = Run("reload nginx", systemctl.reload(_NGINX))
_RESTART: Final = Run("restart nginx", systemctl.restart(_NGINX))

#: What must be up, in the order of starting: the dashboard itself, and what acts for it, are started by who
#: asks for something.
SHARED: Final = (
    *(places.TARGET, _EMBEDDINGS, places.EGRESS_SERVICE),
    *(_ACTIONS_PORT, _DASHBOARD_PORT, _NGINX),
)
STOPPED_WITH_TARGET: Final = (
    *(_EMBEDDINGS, places.EGRESS_SERVICE),
    *(_ACTIONS_PORT, _ACTIONS, _DASHBOARD_PORT, _DASHBOARD, places.OBSERVATION.timer),
)


class SharedParts:
    """The files and units all clients of one host share."""

    def __init__(self, host: HostSettings, certificates: ServedCertificates) -> None:
        self._host = host
        self._served = certificates
        self._layout = host.layout
        self._timed = systemd_timers.wanted(host)
        self._kept_up = (*SHARED, *(one.timer for one in self._timed))

    def observe(self, units: Units) -> Observed:
        """Read what is there."""
        states = units.states(self._kept_up)
        down = tuple(name for name in self._kept_up if not states[name].up)
        return Observed(
            digests=digests((*(file.path for file in self._files()), *systemd_timers.unit_files())),
            running=not down,
            whole=self._founded(),
            down=down,
            rebinds=self._rebinds(),
        )

    def steps(self, observed: Observed) -> tuple[Step, ...]:
        """Have everything there and running, in the order in which each needs the other."""
        units = tuple(WriteFile(file) for file in self._units() if not observed.has(file))
        egress = tuple(WriteFile(file) for file in systemd_egress.files(self._host) if not observed.has(file))
        rotation = tuple(WriteFile(file) for file in self._rotation() if not observed.has(file))
        return (
            *(() if observed.whole else self._foundations()),
            *((ChangeUnits(places.UNITS, units, verified=self._verified(units)),) if units else ()),
            *rotation,
            *((systemd_egress.change(*egress),) if egress else ()),
            *self._programs(observed, {change.file.path.name for change in units}),
            *systemd_timers.withdrawn_steps(self._host, observed.digests),
            *self._nginx_steps(observed),
        )

    def findings(self, units: Units) -> tuple[Finding, ...]:
        """Look at each shared unit."""
        states = units.states(self._kept_up)
        return tuple(
            Finding(name, f"The unit {name} is {state.active} ({state.sub}).", f"See `journalctl -u {name}`.")
            for name, state in states.items()
            if not state.up
        )

    def dashboard_site(self) -> RenderedFile:
        """The file by which nginx serves the dashboard."""
        upstream = f"http://unix:{places.DASHBOARD_SOCKET}"
        certified = self._served.for_names((self._host.admin_name,))
        text = admin_site(self._host, upstream, places.DASHBOARD_LOG, certified)
        return RenderedFile(places.SITES / "admin.conf", text, 0o600)

    def _founded(self) -> bool:
        users = (places.EMBEDDERS, places.DASHBOARD_USER, places.EGRESS_USER)
        return (
            group_exists(places.READERS)
            and all(user_exists(user) for user in users)
            and all_made(self._directories())
        )

    def _foundations(self) -> tuple[Step, ...]:
        return (
            CreateGroup(places.READERS),
            CreateUser(places.EMBEDDERS, self._layout.root),
            CreateUser(places.DASHBOARD_USER, self._layout.admin, (places.READERS,)),
            CreateUser(places.EGRESS_USER, self._layout.root),
            *self._directories(),
        )

    def _directories(self) -> tuple[MakeDirectory, ...]:
        dashboard = places.DASHBOARD_USER
        return (
            MakeDirectory(self._layout.admin, 0o700, dashboard, dashboard),
            MakeDirectory(self._layout.archive, 0o700),
            MakeDirectory(places.SITES.parent, 0o700),
            MakeDirectory(places.SITES, 0o700),
            *systemd_egress.directories(),
            *self._served.directories(),
        )

    def _files(self) -> tuple[RenderedFile, ...]:
        return (*self._units(), *systemd_egress.files(self._host), *self._nginx_files(), *self._rotation())

    def _units(self) -> tuple[RenderedFile, ...]:
        python, layout = installation.PYTHON, self._layout
        embedding = ("--socket", str(places.EMBEDDING_SOCKET), *self._host.embedding_options)
        # Its own group is the one that may use the socket: it need not, and cannot, give it away.
        embeddings = (python, "-m", "embedding_server", *embedding)
        provision = (python, "-m", "provisioner", "--root", str(layout.root), "--driver", "systemd")
        texts = {
            **{name: shipped("systemd", name).read_text("utf-8") for name in places.TEMPLATES},
            _EMBEDDINGS: embeddings_unit(UnitProgram(embeddings, installation.ENVIRONMENT), places.EMBEDDERS),
            places.EGRESS_SERVICE: systemd_egress.unit(self._host),
            _DASHBOARD: admin_unit(
                self._host,
                UnitProgram((*provision, "admin", "serve"), installation.ENVIRONMENT),
                places.DASHBOARD_USER,
                places.READERS,
            ),
            _DASHBOARD_PORT: admin_socket(places.DASHBOARD_SOCKET, places.NGINX_GROUP),
            _ACTIONS: actions_unit(UnitProgram((*provision, "admin", "act"), installation.ENVIRONMENT)),
            _ACTIONS_PORT: actions_socket(places.ACTIONS_SOCKET, places.DASHBOARD_USER),
        }
        shared = tuple(RenderedFile(places.UNITS / name, text) for name, text in texts.items())
        return (*shared, *systemd_timers.files(self._host, provision))

    def _nginx_files(self) -> tuple[RenderedFile, ...]:
        shared = nginx_shared(self._host, "tenantry/sites/*.conf", places.UNKNOWN_LOG)
        return (
            *(
                RenderedFile(
                    places.NGINX / "tenantry" / name, shipped("nginx", name).read_text("utf-8"), 0o600
                )
                for name in ("proxy.conf", "errors.conf", "tls.conf")
            ),
            RenderedFile(places.NGINX / "tenantry" / "challenge.conf", acme_challenge(self._host), 0o600),
            self.dashboard_site(),
            RenderedFile(places.NGINX / "conf.d" / "tenantry.conf", shared),
        )

    def _nginx_steps(self, observed: Observed) -> tuple[Step, ...]:
        """An authority that is asked for the dashboard's certificate is answered by what is there before."""
        orders = self._served.order_steps((self._host.admin_name,))
        files, dashboard = self._nginx_files(), self.dashboard_site()
        before = tuple(
            WriteFile(file) for file in files if not observed.has(file) and not (orders and file == dashboard)
        )
        after: tuple[Step, ...] = ()
        if orders:
            after = (*orders, _change_nginx((WriteFile(dashboard),), _RELOAD))
        if before or observed.rebinds:
            return (_change_nginx(before, _RESTART if observed.rebinds else _RELOAD), *after)
        return after

    def _rotation(self) -> tuple[RenderedFile, ...]:
        return (RenderedFile(places.ROTATION, log_rotation(self._layout)),)

    def _verified(self, changes: tuple[WriteFile, ...]) -> tuple[str, ...]:
        """Templates are verified with each client; these units stand for themselves."""
        names = {change.file.path.name for change in changes}
        own = (
            *(_EMBEDDINGS, places.EGRESS_SERVICE, _DASHBOARD, _DASHBOARD_PORT),
            *places.ACTIONS,
            *(name for timed in self._timed for name in timed),
        )
        return tuple(name for name in own if name in names)

    def _programs(self, observed: Observed, changed: set[str]) -> tuple[Step, ...]:
        own = (
            *(_DASHBOARD, _DASHBOARD_PORT, _ACTIONS, _ACTIONS_PORT),
            *(places.EGRESS_SERVICE, _EMBEDDINGS),
            *(one.timer for one in self._timed),
        )
        restarted = tuple(name for name in own if name in changed)
        fresh = not observed.digests
        enabled = Run("have the shared parts start at boot", systemctl.enable(self._kept_up))
        return (
            *(() if fresh else tuple(StopProgram(name) for name in restarted)),
            *((enabled,) if changed else ()),
            *(StartProgram(name) for name in self._kept_up if name in changed or name in observed.down),
        )

    def _rebinds(self) -> bool:
        """Say whether a port is to be listened on elsewhere than it is: everywhere, or here only.

        nginx cannot open one of these while it holds the other, and a reload that fails so stays silent.
        """
        ports = (self._host.http_port, *((self._host.https_port,) if self._host.serves_tls else ()))
        return any(_is_elsewhere(listen_address(self._host, port), port) for port in ports)


def _is_elsewhere(wanted: str, port: int) -> bool:
    open_now = listening_addresses(port)
    if ":" in wanted:
        return _EVERYWHERE in open_now
    return bool(open_now) and _EVERYWHERE not in open_now


def _change_nginx(changes: tuple[WriteFile, ...], reload: Run) -> ChangeNginx:
    return ChangeNginx(places.NGINX, changes, reload)
