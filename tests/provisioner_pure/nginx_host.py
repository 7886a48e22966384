"""A real nginx on a folder laid out as the local driver lays it out."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from provisioner import render
from provisioner.drivers.served_certificates import ServedCertificates
from provisioner.host import HostSettings
from provisioner.resources import shipped
from provisioner.spec import TenantSpec
from tests.provisioner_pure.samples import host


@dataclass(frozen=True)
class NginxHost:
    settings: HostSettings

    @property
    def port(self) -> int:
        return self.settings.http_port

    @property
    def configuration(self) -> Path:
        return self.settings.layout.nginx / "nginx.conf"

    def access_log(self, spec: TenantSpec) -> Path:
        return self.settings.layout.client_logs(spec.id) / "access.log"

    def access_log_with(self, spec: TenantSpec, text: str) -> str:
        """The access log once it holds a text: nginx writes a line after it has answered."""
        deadline = time.monotonic() + 10
        while text not in (log := self.access_log(spec).read_text()):
            assert time.monotonic() < deadline, log
            time.sleep(0.01)
        return log

    def send(self, request: str) -> bytes:
        """Send a request exactly as written and return all that comes back until the connection closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(request.encode())
            received = b""
            while part := connection.recv(65536):
                received += part
        return received


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def lay_out(
    root: Path,
    specs: tuple[TenantSpec, ...],
    suspended: tuple[TenantSpec, ...] = (),
    certificates: Path | None = None,
) -> NginxHost:
    """Write the whole nginx tree of a host with these tenants, over TLS with these certificates."""
    settings = host(root, http_port=free_port(), https_port=free_port(), tls_certificates=certificates)
    served = ServedCertificates(settings)
    layout = settings.layout
    for folder in (layout.nginx / "sites", layout.nginx / "tenantry", layout.run / "nginx", layout.logs):
        folder.mkdir(parents=True)
    layout.nginx.joinpath("nginx.conf").write_text(render.local_nginx(layout, ""))
    shared = render.nginx_shared(settings, "sites/*.conf", layout.logs / "unknown.log")
    layout.nginx.joinpath("tenantry", "http.conf").write_text(shared)
    layout.nginx.joinpath("tenantry", "challenge.conf").write_text(render.acme_challenge(settings))
    for name in ("proxy.conf", "errors.conf", "tls.conf"):
        shutil.copy(shipped("nginx", name), layout.nginx / "tenantry")
    for spec in (*specs, *suspended):
        logs = layout.client_logs(spec.id)
        logs.mkdir(parents=True)
        render_site = render.suspended_site if spec in suspended else render.nginx_site
        certified = served.for_names(spec.server_names)
        site = render_site(spec, settings, logs / "access.log", certified)
        layout.nginx.joinpath("sites", f"{spec.id}.conf").write_text(site)
    upstream, certified = f"http://unix:{layout.run}/admin.sock", served.for_names((settings.admin_name,))
    admin = render.admin_site(settings, upstream, layout.logs / "admin.log", certified)
    layout.nginx.joinpath("sites", "0-admin.conf").write_text(admin)
    return NginxHost(settings)


@contextmanager
def running(nginx: NginxHost) -> Iterator[NginxHost]:
    """Run nginx in the foreground until the block ends, as root's own user when root runs the tests."""
    as_root = ("-g", "user root;") if os.geteuid() == 0 else ()
    process = subprocess.Popen(["nginx", "-c", str(nginx.configuration), *as_root])
    try:
        _wait_until_open(nginx.port, process)
        yield nginx
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
