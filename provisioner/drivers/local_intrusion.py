"""Trying what keeps a local root's clients apart: their system users, where they have their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pydantic import SecretStr

from provisioner.commands import other_user
from provisioner.commands.command import Command
from provisioner.drivers import own_network, secret_places
from provisioner.drivers.local_users import LocalUsers
from provisioner.drivers.protocol import Named
from provisioner.host import HostSettings
from provisioner.isolation.attempts import Attempt, Standpoint
from provisioner.naming import TenantId


class LocalIntrusion:
    """Offers `drivers.protocol.Intrusion`; `process_of` finds a client's main process, or 0."""

    def __init__(self, host: HostSettings, users: LocalUsers, process_of: Callable[[TenantId], int]) -> None:
        self._host = host
        self._users = users
        self._process_of = process_of

    def on_client(self, tenant_id: TenantId, port: int) -> Sequence[Attempt]:
        """Its files, its process and its port."""
        return (
            *secret_places.of_client(self._host.layout, tenant_id),
            *secret_places.of_process(tenant_id, self._process_of(tenant_id)),
            Attempt("port", "tcp", f"127.0.0.1:{port}", tenant_id, ("user",)),
        )

    def on_host(self) -> Sequence[Attempt]:
        """The host's files, supervisord, and the networks it is in."""
        run = self._host.layout.run
        return (
            *secret_places.of_host(self._host),
            Attempt("control", "unix", str(run / "supervisord.sock")),
            Attempt("control", "unix", str(run / "dashboard" / "dashboard.sock")),
            Attempt("control", "unix", str(run / "actions" / "actions.sock")),
            *secret_places.of_network(own_network.addresses(), self._host.http_port, "user"),
        )

    def commands(
        self, tenant: Named, argv: tuple[str, ...], given: SecretStr
    ) -> Mapping[Standpoint, Command]:
        """Run a program as the client's user, or as whoever runs everything."""
        return {"user": other_user.run_as(self._users.tenant(tenant), argv, given)}
