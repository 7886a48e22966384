"""Let's Encrypt's own ACME server for tests in a booted machine, with a DNS that answers as told."""

import json
from pathlib import Path
from typing import Final

from tests.local_ca import LocalCA
from tests.systemd.machine import Machine

DIRECTORY: Final = "https://localhost:14000/dir"
CA_FILE: Final = "/etc/tenantry-tests/acme-ca.pem"
ROOT_FILE: Final = "/root/acme-root.pem"
PUBLISH: Final = "/etc/tenantry-tests/publish"
WITHDRAW: Final = "/etc/tenantry-tests/withdraw"
_DNS: Final = "http://localhost:8055"
_DAYS: Final = 90

_HOOK: Final = """\
#!/bin/sh
exec curl --silent --fail --data '{{"host":"_acme-challenge.'$CERTBOT_DOMAIN'."{value}}}' {dns}/{verb}-txt
"""


class AcmeAuthority:
    """Validates names at nginx's plain port, or by dns-01; every name leads to the machine itself."""

    def __init__(self, machine: Machine, http_port: int) -> None:
        self._machine = machine
        vouching = LocalCA.begin()
        vouching.issue(machine.path("/etc/tenantry-tests/acme"), "localhost")
        machine.path(CA_FILE).write_bytes(vouching.pem)
        machine.path("/etc/hosts").write_text("127.0.0.1 localhost\n")
        machine.path("/etc/tenantry-tests/pebble.json").write_text(json.dumps(_configuration(http_port)))
        self._hook(PUBLISH, "set", ',"value":"\'$CERTBOT_VALIDATION\'"')
        self._hook(WITHDRAW, "clear", "")
        fresh = ("PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0", "PEBBLE_AUTHZREUSE=0")
        elsewhere = ("-http01", "", "-https01", "", "-tlsalpn01", "")
        self._start("acme-dns", "pebble-challtestsrv", "-defaultIPv6", "", *elsewhere)
        configured = ("-config", "/etc/tenantry-tests/pebble.json", "-dnsserver", "127.0.0.1:8053")
        self._start("acme-authority", "pebble", *configured, variables=fresh)
        root = self._ask("--cacert", CA_FILE, "https://localhost:15000/roots/0")
        machine.path(ROOT_FILE).write_text(root)

    def lead_nowhere(self, name: str) -> None:
        """Have DNS fail for a name."""
        self._ask("--data", json.dumps({"host": name}), f"{_DNS}/set-servfail")

    def lead_here(self, name: str) -> None:
        """Have DNS answer for it again."""
        self._ask("--data", json.dumps({"host": name}), f"{_DNS}/clear-servfail")

    def stop(self) -> None:
        self._machine.run("systemctl", "stop", "acme-authority", "acme-dns")

    def _start(self, unit: str, *argv: str, variables: tuple[str, ...] = ()) -> None:
        given = (f"--setenv={one}" for one in variables)
        self._machine.run("systemd-run", "--quiet", "--collect", f"--unit={unit}", *given, *argv)

    def _hook(self, path: str, verb: str, value: str) -> None:
        place = self._machine.path(path)
        place.write_text(_HOOK.format(value=value, dns=_DNS, verb=verb))
        place.chmod(0o755)

    def _ask(self, *words: str) -> str:
        until_up = ("--retry", "60", "--retry-connrefused", "--retry-delay", "1", "--fail", "--silent")
        return self._machine.run("curl", *until_up, *words)


def _configuration(http_port: int) -> dict[str, object]:
    folder = Path("/etc/tenantry-tests/acme")
    return {
        "pebble": {
            "listenAddress": "127.0.0.1:14000",
            "managementListenAddress": "127.0.0.1:15000",
            "certificate": str(folder / "fullchain.pem"),
            "privateKey": str(folder / "privkey.pem"),
            "httpPort": http_port,
            "tlsPort": 5001,
            "certificateValidityPeriod": _DAYS * 86400,
        }
    }
