"""nginx's configuration, and the rotation of its logs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisioner.certificates import Certificate
from provisioner.host import HostSettings
from provisioner.layout import Layout
from provisioner.render.templates import render
from provisioner.spec import TenantSpec

CUSTOM: Final = "tenantry/custom.d"
"""Below nginx.conf: a folder for each client's directives of an operator's own."""

#: For each of a plan's threads: what its API may be asked in a second, what may wait for that, and how many
#: requests may stand before its process at once. Beyond, nginx answers 429 by itself.
API_PER_SECOND: Final = 10
API_WAITING: Final = 20
REQUESTS_AT_ONCE: Final = 16

#: What a form's boundaries, names and text fields may weigh beside the file itself.
FORM_OVERHEAD_BYTES: Final = 1_000_000


Certified = Mapping[Certificate, tuple[str, ...]]
"""Which names are served under which certificate; none where TLS is not served."""

_PLAIN_HTTP: Final[Certified] = {}
_HTTPS_PORT: Final = 443


@dataclass(frozen=True, slots=True)
class _Server:
    """One server {}: where it listens, for which names, and what it shows for them."""

    listen: str
    names: tuple[str, ...]
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class _Redirected:
    """The names that lead on to TLS; the port to name, or 0 for the usual one."""

    listen: str
    names: tuple[str, ...]
    port: int


def nginx_site(
    spec: TenantSpec, host: HostSettings, access_log: Path | None, certified: Certified = _PLAIN_HTTP
) -> str:
    """Return the nginx servers of one tenant; None leaves the access log to the application."""
    threads = spec.terms.threads
    return render(
        "nginx/tenant.conf.j2",
        client=spec.id,
        custom=f"{CUSTOM}/{spec.id}",
        api_per_second=threads * API_PER_SECOND,
        api_burst=threads * API_WAITING,
        requests_at_once=threads * REQUESTS_AT_ONCE,
        **_servers(host, spec.server_names, certified),
        upstream=f"127.0.0.1:{spec.port}",
        access_log=_path(access_log),
        body_bytes=spec.terms.max_upload_mb * 1_000_000 + FORM_OVERHEAD_BYTES,
    )


def suspended_site(
    spec: TenantSpec, host: HostSettings, access_log: Path | None, certified: Certified = _PLAIN_HTTP
) -> str:
    """Return the nginx servers of a suspended tenant: they answer every request themselves."""
    return render(
        "nginx/suspended.conf.j2",
        **_servers(host, spec.server_names, certified),
        access_log=_path(access_log),
    )


def admin_site(
    host: HostSettings, upstream: str, access_log: Path | None, certified: Certified = _PLAIN_HTTP
) -> str:
    """Return the nginx server of the dashboard; `upstream` is `http://address:port` or `http://unix:/path`."""
    return render(
        "nginx/admin.conf.j2",
        **_servers(host, (host.admin_name,), certified),
        upstream=upstream,
        access_log=_path(access_log),
    )


def nginx_shared(host: HostSettings, sites: str, access_log: Path | None) -> str:
    """Return what all sites share inside http {}; `sites` is a pattern relative to nginx.conf."""
    return render(
        "nginx/http.conf.j2",
        listen=listen_address(host, host.http_port),
        tls_listen=listen_address(host, host.https_port) if host.serves_tls else "",
        sites=sites,
        access_log=_path(access_log),
    )


def acme_challenge(host: HostSettings) -> str:
    """Return what every server of plain HTTP includes: nothing, or the way to http-01's tokens."""
    return render("nginx/challenge.conf.j2", challenges=_path(host.acme_challenges))


def local_nginx(layout: Layout, worker_user: str) -> str:
    """Return the whole nginx.conf of the local driver; it includes `tenantry/http.conf` beside it.

    `worker_user` is only for an nginx started by root; "" otherwise.
    """
    return render(
        "nginx/nginx.conf.j2",
        worker_user=worker_user,
        pid=str(layout.run / "nginx" / "nginx.pid"),
        temporary=str(layout.run / "nginx"),
    )


def listen_address(host: HostSettings, port: int) -> str:
    """Where nginx listens on a port: names under `localhost` lead here only, so nobody else is let in."""
    if host.base_domain == "localhost" or host.base_domain.endswith(".localhost"):
        return f"127.0.0.1:{port}"
    return str(port)


def log_rotation(layout: Layout) -> str:
    """Return logrotate's part for the access logs of all clients of a root of plain characters."""
    return render("nginx/logrotate.j2", root=str(layout.root))


def _servers(host: HostSettings, names: tuple[str, ...], certified: Certified) -> dict[str, object]:
    """What the templates of sites print: their servers, and the names that are sent on to TLS."""
    plain = listen_address(host, host.http_port)
    if not host.serves_tls:
        return {"servers": (_Server(plain, names),), "redirected": None}
    listen = listen_address(host, host.https_port)
    servers = tuple(_Server(listen, covered, certificate) for certificate, covered in certified.items())
    port = 0 if host.https_port == _HTTPS_PORT else host.https_port
    return {"servers": servers, "redirected": _Redirected(plain, names, port)}


def _path(path: Path | None) -> str:
    return "" if path is None else str(path)
