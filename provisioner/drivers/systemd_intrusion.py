"""Trying a systemd host's walls: from behind the very lines of a client's unit, and as its user alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from provisioner import installation
from provisioner.commands import other_user, systemctl
from provisioner.commands.command import Command
from provisioner.drivers import own_network, secret_places, systemd_egress
from provisioner.drivers import systemd_places as places
from provisioner.drivers.protocol import Named
from provisioner.drivers.unit_walls import walls
from provisioner.host import HostSettings
from provisioner.isolation.attempts import Attempt, Standpoint
from provisioner.naming import TenantId
from provisioner.runner import Runner

_SECONDS: Final = 90
_CREDENTIALS: Final = Path("/run/credentials")
"""Where systemd hands a service what `LoadCredential=` names."""
_CONTROL: Final = ("/run/dbus/system_bus_socket", "/run/systemd/private")


class SystemdIntrusion:
    """Offers `drivers.protocol.Intrusion`."""

    def __init__(self, host: HostSettings, runner: Runner, process_of: Callable[[TenantId], int]) -> None:
        self._host = host
        self._runner = runner
        self._process_of = process_of

    def on_client(self, tenant_id: TenantId, port: int) -> Sequence[Attempt]:
        """Its files, its process, its port, its site and its way to the provider."""
        return (
            *secret_places.of_client(self._host.layout, tenant_id),
            *secret_places.of_process(tenant_id, self._process_of(tenant_id)),
            Attempt("settings", "read", str(_CREDENTIALS / places.service(tenant_id)), tenant_id),
            Attempt("settings", "read", str(_CREDENTIALS / places.service(tenant_id) / "env"), tenant_id),
            Attempt("site", "read", str(places.site(tenant_id)), tenant_id),
            Attempt("egress", "unix", str(systemd_egress.client_socket(tenant_id)), tenant_id),
            Attempt("port", "tcp", f"127.0.0.1:{port}", tenant_id, ("walls",)),
        )

    def on_host(self) -> Sequence[Attempt]:
        """The host's files, what governs its services, and the networks it is in."""
        port = self._host.https_port if self._host.serves_tls else self._host.http_port
        return (
            *secret_places.of_host(self._host),
            Attempt("provider-key", "read", str(systemd_egress.PROVIDER)),
            Attempt("site", "read", str(places.SITES)),
            *(Attempt("control", "unix", path, "", ("walls",)) for path in _CONTROL),
            Attempt("control", "unix", str(places.DASHBOARD_SOCKET)),
            Attempt("control", "unix", str(places.ACTIONS_SOCKET)),
            *secret_places.of_network(own_network.addresses(), port, "walls"),
        )

    def commands(
        self, tenant: Named, argv: tuple[str, ...], given: SecretStr
    ) -> Mapping[Standpoint, Command]:
        """Run a program behind the walls of the client's unit as they are now, and as its user alone.

        Raises UnknownWalls when they cannot be taken over as they are.
        """
        unit = places.service(tenant.id)
        properties = walls(self._runner.run(systemctl.cat(unit)).stdout, unit)
        # In the network and the /tmp of the very process, where these are its own and it runs.
        beside = (f"JoinsNamespaceOf={unit}", *properties)
        code = {"PYTHONPATH": str(installation.CODE)}
        return {
            "walls": systemctl.run_once(argv, beside, given, environment=code, seconds=_SECONDS),
            "user": other_user.run_as(tenant.system_user, argv, given),
        }
