"""Where things stand that no client may reach but, of its own, the client itself: under every driver."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provisioner.host import HostSettings
from provisioner.isolation.attempts import Attempt, Kind, Standpoint
from provisioner.layout import SET_ASIDE, Layout
from provisioner.naming import TenantId

_DATABASE = "tenant.sqlite3"


def of_client(layout: Layout, tenant_id: TenantId) -> Iterator[Attempt]:
    """Return the attempts on one client's files."""
    data = layout.data(tenant_id)
    set_aside = sorted(layout.client(tenant_id).glob(f"{SET_ASIDE}*"))
    paths = {
        "documents": (data, data / "originals"),
        "database": (data / _DATABASE, data / f"{_DATABASE}-wal"),
        "vectors": (data / "chroma", *sorted((data / "chroma").glob("*/chroma.sqlite3"))),
        "usage": (data / "usage",),
        "settings": (layout.env_file(tenant_id),),
        "logs": (layout.client_logs(tenant_id), layout.client_logs(tenant_id) / "access.log"),
        "backups": (
            layout.backups / tenant_id,
            layout.archive / tenant_id,
            layout.packages / tenant_id,
            layout.snapshot(tenant_id),
            *set_aside,
        ),
    }
    for route, tried in paths.items():
        yield from (Attempt(route, "read", str(path), tenant_id) for path in tried)
    yield Attempt("folder", "see", str(layout.client(tenant_id)), tenant_id, ("walls",))


def of_process(tenant_id: TenantId, pid: int) -> Iterator[Attempt]:
    """Return the attempts on one client's process; none when it does not run."""
    if not pid:
        return
    yield Attempt("process", "read", f"/proc/{pid}/environ", tenant_id)
    yield Attempt("process", "read", f"/proc/{pid}/maps", tenant_id)
    yield Attempt("signal", "signal", str(pid), tenant_id)
    yield Attempt("trace", "trace", str(pid), tenant_id)
    yield Attempt("process-list", "see", f"/proc/{pid}", tenant_id, ("walls",))


def of_host(host: HostSettings) -> Iterator[Attempt]:
    """Return the attempts on the host's own files."""
    layout = host.layout
    own = (layout.registry, layout.host_file, layout.journal, layout.admin, layout.erasures)
    keys = (layout.acme_store,) if host.acme else ()
    yield from (Attempt("registry", "read", str(path)) for path in (*own, *keys))
    kept = (layout.backups, layout.archive, layout.host_backups, layout.packages)
    yield from (Attempt("backups", "read", str(path)) for path in kept)
    if host.llm_api_key_file is not None:
        yield Attempt("provider-key", "read", str(host.llm_api_key_file))


def of_network(addresses: Iterable[str], port: int, standpoint: Standpoint) -> Iterator[Attempt]:
    """Return the attempts to get out: to this host's own addresses, where nginx listens, and beyond."""
    tried: tuple[tuple[str, Kind, str], ...] = (
        *(("host-network", "tcp", f"{address}:{port}") for address in addresses),
        # Of the addresses kept for examples (RFC 5737): the way there is the way to anywhere.
        ("outside", "udp", "198.51.100.1:443"),
        ("metadata", "udp", "169.254.169.254:80"),
        ("metadata", "tcp", "169.254.169.254:80"),
        ("namespace", "netns", ""),
    )
    yield from (Attempt(route, kind, target, "", (standpoint,)) for route, kind, target in tried)
