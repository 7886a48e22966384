"""A host reached over TLS only, with a certificate of the tests' own authority."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.drivers.operators import SystemdOperator, done
from tests.local_ca import LocalCA
from tests.systemd.host import tenantry_machine
from tests.systemd.machine import Machine

DOMAIN: Final = "iamanager.test"
DIRECTORY: Final = "/etc/tenantry/certificates"
_AUTHORITY: Final = "/root/ca.pem"


@contextmanager
def tls_host(authority: LocalCA, *settings: str) -> Iterator[SystemdOperator]:
    """Boot a host with one certificate for all names under its base domain; `settings` join its host.yaml.

    It was begun under `localhost`, which leads to this machine alone: nginx listens everywhere from then on.
    """
    with tenantry_machine() as machine:
        machine.path("/var/www").mkdir(parents=True, exist_ok=True)
        machine.path("/var/www/host.yaml").write_text("http_port: 80\n")
        done(SystemdOperator(machine), "host", "init")
        assert "127.0.0.1:80 " in machine.run("ss", "-ltn")
        authority.issue(machine.path(f"{DIRECTORY}/base"), f"*.{DOMAIN}", DOMAIN)
        machine.path(_AUTHORITY).write_bytes(authority.pem)
        lines = (f"base_domain: {DOMAIN}", "http_port: 80", f"tls_certificates: {DIRECTORY}", *settings)
        machine.path("/var/www/host.yaml").write_text("\n".join((*lines, "")))
        operator = SystemdOperator(machine)
        done(operator, "host", "init")
        yield operator


def curl(machine: Machine, url: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Ask with the tests' authority trusted; every name leads to this machine."""
    how = ("--silent", "--show-error", "--include", "--max-time", "60", "--cacert", _AUTHORITY)
    return machine.attempt("curl", *how, "--connect-to", "::127.0.0.1:", *words, url)


def head(machine: Machine, url: str, *words: str) -> tuple[int, dict[str, str]]:
    """The status and headers of an answer."""
    finished = curl(machine, url, *words)
    assert finished.returncode == 0, finished.stderr.decode()
    first, *lines = finished.stdout.decode().partition("\r\n\r\n")[0].split("\r\n")
    return int(first.split()[1]), {
        name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
    }


def send(machine: Machine, name: str, request: str) -> bytes:
    """Send bytes over TLS under a name, and return what comes back."""
    connect = ("-connect", "127.0.0.1:443", "-servername", name, "-CAfile", _AUTHORITY, "-quiet")
    return machine.attempt("openssl", "s_client", *connect, stdin=request.encode()).stdout
