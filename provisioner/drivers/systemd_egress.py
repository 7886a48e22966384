"""The egress of a systemd host: what the way to the provider is made of, shared and each client's."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from provisioner import legal_texts
from provisioner.commands import systemctl
from provisioner.drivers import systemd_places as places
from provisioner.drivers.provider_key import provider_key
from provisioner.filesystem import RenderedFile
from provisioner.host import HostSettings
from provisioner.naming import TenantId
from provisioner.render import (
    CLIENT_BASE_URL,
    Surroundings,
    UnitProgram,
    egress_client,
    egress_nginx,
    egress_provider,
    egress_unit,
)
from provisioner.spec import TenantSpec
from provisioner.steps import ChangeNginx, MakeDirectory, RemoveFile, Run, WriteFile

_DIRECTORY: Final = Path("/etc/tenantry/egress")
PROVIDER: Final = _DIRECTORY / "provider.conf"
"""Holds the provider's key."""
_RUNTIME: Final = Path("/run/tenantry-egress")
_SOCKETS: Final = Path("/var/lib/tenantry-egress")
_PROGRAM: Final = ("/usr/sbin/nginx", "-e", "stderr", "-c", str(_DIRECTORY / "nginx.conf"))


def unit(host: HostSettings) -> str:
    """Return the text of its unit."""
    return egress_unit(host.layout, UnitProgram(_PROGRAM), places.EGRESS_USER, _SOCKETS)


def directories() -> tuple[MakeDirectory, ...]:
    """What its files stand in: its own user reads them, nobody else lists who is a client."""
    user = places.EGRESS_USER
    return (
        MakeDirectory(_DIRECTORY.parent, 0o755),
        MakeDirectory(_DIRECTORY, 0o750, group=user),
        MakeDirectory(_DIRECTORY / "clients", 0o750, group=user),
        MakeDirectory(_SOCKETS, 0o711, user, user),
    )


def files(host: HostSettings) -> tuple[RenderedFile, ...]:
    """The shared configuration, the provider's key in it. Raises InvalidConfiguration without its file."""
    user = places.EGRESS_USER
    provider = egress_provider(host, provider_key(host))
    return (
        RenderedFile(PROVIDER, provider, 0o400, user, user, secret=True),
        RenderedFile(_DIRECTORY / "nginx.conf", egress_nginx(host, _RUNTIME)),
    )


def client_directory(tenant_id: TenantId) -> Path:
    """Where it listens for one client, and only that client's user may enter."""
    return _SOCKETS / tenant_id


def made_client_directory(tenant_id: TenantId, system_user: str) -> MakeDirectory:
    """Have that directory."""
    return MakeDirectory(client_directory(tenant_id), 0o710, places.EGRESS_USER, system_user)


def client_path(tenant_id: TenantId) -> Path:
    """Where a client's part of the configuration stands."""
    return _DIRECTORY / "clients" / f"{tenant_id}.conf"


def client_file(spec: TenantSpec, host: HostSettings) -> RenderedFile:
    """A client's part of the configuration."""
    return RenderedFile(client_path(spec.id), egress_client(spec, host, client_socket(spec.id)))


def surroundings(tenant_id: TenantId, host: HostSettings) -> Surroundings:
    """A client's world: it holds no provider key, and reaches the provider through its own socket.

    Its port is systemd's, so that it may sleep.
    """
    provided = bool(host.llm_base_url)
    return Surroundings(
        host.layout.data(tenant_id),
        places.EMBEDDING_SOCKET,
        openai_base_url=CLIENT_BASE_URL if provided else "",
        openai_socket=client_socket(tenant_id) if provided else None,
        sleeps=True,
        legal=legal_texts.read(host.layout),
    )


def change(*changes: WriteFile | RemoveFile) -> ChangeNginx:
    """Have these changes of its configuration, read at once if it runs."""
    reload = Run("have the egress read it", systemctl.reload_if_running(places.EGRESS_SERVICE))
    return ChangeNginx(_DIRECTORY, changes, reload)


def client_socket(tenant_id: TenantId) -> Path:
    """Where one client asks the provider."""
    return client_directory(tenant_id) / "provider.sock"
