"""Certificates obtained by certbot from a real ACME authority, by http-01 through nginx and by dns-01."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

import pytest

from provisioner.drivers import systemd_places as places
from tests.drivers.acme_authority import CA_FILE, DIRECTORY, PUBLISH, ROOT_FILE, WITHDRAW, AcmeAuthority
from tests.drivers.conftest import EMAIL, Client, provisioned
from tests.drivers.operators import Operator, SystemdOperator, done, provision
from tests.local_ca import LocalCA
from tests.provisioner.local_root import wait_until
from tests.systemd.machine import Machine

pytestmark = pytest.mark.systemd

BASE: Final = "acme.localhost"
STORE: Final = "/var/www/acme/certbot"
OWN: Final = "assistant.acmea.test"
BY_HTTP: Final = f"""\
base_domain: {BASE}
http_port: 8080
acme:
  email: hostmaster@acme.example.org
  directory: {DIRECTORY}
  ca_file: {CA_FILE}
"""
BY_DNS: Final = f"""\
{BY_HTTP}  challenge: dns-01
  dns_auth_hook: {PUBLISH}
  dns_cleanup_hook: {WITHDRAW}
"""


@pytest.fixture(scope="module")
def operator(machine: Machine, authority: AcmeAuthority) -> Iterator[SystemdOperator]:
    """The shared machine's operator, with an authority until these tests are over."""
    operator, settings = SystemdOperator(machine), machine.path("/var/www/host.yaml")
    before = settings.read_text()
    settings.write_text(BY_HTTP)
    yield operator
    settings.write_text(before)
    done(operator, "host", "init")


@pytest.fixture(scope="module")
def authority(machine: Machine) -> Iterator[AcmeAuthority]:
    authority = AcmeAuthority(machine, SystemdOperator.port)
    yield authority
    authority.stop()


@pytest.fixture(scope="module")
def acmea(operator: SystemdOperator) -> Iterator[Client]:
    """A new client of a host whose dashboard was served without TLS until then."""
    yield provisioned(operator, "acmea", "starter")
    done(operator, "purge", "acmea", "--yes")


def status(machine: Machine, url: str, trusted: str = ROOT_FILE) -> str:
    """The status of an answer, with the authority trusted; every name leads to this machine."""
    how = ("--silent", "--show-error", "--output", "/dev/null", "--write-out", "%{http_code}")
    where = ("--max-time", "20", "--cacert", trusted, "--connect-to", "::127.0.0.1:")
    asked = machine.attempt("curl", *how, *where, url)
    return asked.stdout.decode() if asked.returncode == 0 else asked.stderr.decode()


def lineages(machine: Machine) -> set[str]:
    """What is kept and would be renewed."""
    return {path.stem for path in machine.path(f"{STORE}/renewal").glob("*.conf")}


def shown_for(machine: Machine, name: str) -> str:
    ask = f"openssl s_client -connect 127.0.0.1:443 -servername {name} </dev/null 2>/dev/null"
    return machine.run("sh", "-c", f"{ask} | openssl x509 -noout -serial -issuer")


def test_a_new_client_and_the_dashboard_are_served_under_certificates_of_their_own(
    machine: Machine, acmea: Client
) -> None:
    assert acmea.told["url"] == f"https://acmea.{BASE}"
    assert status(machine, f"https://acmea.{BASE}/readyz") == "200"
    assert status(machine, f"https://admin.{BASE}/admin/clients") in ("200", "302")
    assert lineages(machine) == {f"acmea.{BASE}", f"admin.{BASE}"}
    assert provision(acmea.operator, "diff", "acmea").status == 0
    assert machine.run("stat", "-c", "%a", STORE, f"{STORE}/archive").split() == ["700", "700"]
    assert not machine.path(f"{STORE}/keys").exists()


def test_nothing_but_what_the_authority_asks_for_is_served_in_clear(machine: Machine, acmea: Client) -> None:
    token = machine.path("/var/www/acme/challenges/.well-known/acme-challenge/token")
    token.parent.mkdir(parents=True, exist_ok=True)
    token.write_text("shown")
    try:
        for name in (f"acmea.{BASE}", f"admin.{BASE}", "nobody.example"):
            url = f"http://{name}:8080"
            assert status(machine, f"{url}/.well-known/acme-challenge/token") == "200"
            assert status(machine, f"{url}/.well-known/acme-challenge/other") == "404"
        assert status(machine, f"http://acmea.{BASE}:8080/login") == "308"
        assert "Empty reply" in status(machine, "http://nobody.example:8080/login")
    finally:
        token.unlink()


def test_a_name_of_its_own_comes_and_goes_with_its_certificate(machine: Machine, acmea: Client) -> None:
    done(acmea.operator, "domain", "add", "acmea", OWN)
    assert status(machine, f"https://{OWN}/readyz") == "200"
    assert OWN in lineages(machine)
    done(acmea.operator, "domain", "remove", "acmea", OWN)
    assert OWN not in lineages(machine)
    assert not machine.path(f"{STORE}/archive/{OWN}").exists()
    assert status(machine, f"https://acmea.{BASE}/readyz") == "200"


def test_clones_and_clients_that_come_from_a_file_are_served_under_certificates_of_their_own(
    machine: Machine, acmea: Client
) -> None:
    operator, before = acmea.operator, lineages(machine)
    backup = done(operator, "backup", "acmea")["file"]
    done(operator, "export", "acmea", "/root/acmea.tar.gz")
    ways = {
        "acmec": ("clone", "acmea", "acmec"),
        "acmed": ("restore", backup, "--as", "acmed"),
        "acmee": ("import", "/root/acmea.tar.gz", "--as", "acmee"),
    }
    for name, words in ways.items():
        assert done(operator, *words)["url"] == f"https://{name}.{BASE}"
        assert status(machine, f"https://{name}.{BASE}/readyz") == "200"
        assert lineages(machine) == before | {f"{name}.{BASE}"}
        done(operator, "purge", name, "--yes")
        assert lineages(machine) == before


def test_a_renewal_that_fails_is_told_and_the_next_one_is_read_in_without_a_failed_request(
    machine: Machine, acmea: Client, authority: AcmeAuthority
) -> None:
    name, operator = f"acmea.{BASE}", acmea.operator
    _let_it_be_due(machine, name)
    authority.lead_nowhere(name)
    assert machine.attempt("systemctl", "start", places.RENEWAL[0]).returncode != 0
    assert status(machine, f"https://{name}/readyz", "/root/both.pem") == "200"
    assert "could not be renewed" in _found(operator, name)
    process = operator.main_process("acmea")

    authority.lead_here(name)
    with _asking(machine, f"https://{name}/readyz"):
        machine.run("systemctl", "start", places.RENEWAL[0])
    wait_until(lambda: "Pebble" in shown_for(machine, name))
    assert operator.main_process("acmea") == process
    assert provision(operator, "diff", "acmea").status == 0
    assert _found(operator, name) == ""
    assert machine.show(places.RENEWAL[1], "ActiveState")["ActiveState"] == "active"


def _found(operator: Operator, name: str) -> str:
    """What doctor has found of a certificate."""
    document = provision(operator, "doctor").document
    return " ".join(one["problem"] for one in document if one["subject"] == name)


def _let_it_be_due(machine: Machine, name: str) -> None:
    """Have nginx serve a certificate that ends tomorrow, in the place of certbot's."""
    aged = LocalCA.begin()
    aged.issue(machine.path("/root/aged"), name, days=1, begins=-80)
    machine.run("sh", "-c", f"cat /root/aged/fullchain.pem {ROOT_FILE} > /root/both.pem")
    for part in ("fullchain", "privkey"):
        machine.run("cp", f"/root/aged/{part}.pem", f"{STORE}/archive/{name}/{part}1.pem")
    machine.run("systemctl", "reload", "nginx")
    wait_until(lambda: "Tests of Tenantry" in shown_for(machine, name))


@contextmanager
def _asking(machine: Machine, url: str) -> Iterator[None]:
    """Ask over and over meanwhile, each time on a new connection; every answer must be a 200."""
    ask = f"curl --silent --fail --max-time 20 --cacert /root/both.pem --connect-to ::127.0.0.1: {url}"
    loop = f"until [ -e /root/enough ]; do {ask} >/dev/null || echo failed $?; echo asked; done"
    machine.run("rm", "-f", "/root/enough")
    with ThreadPoolExecutor(1) as pool:
        answers = pool.submit(machine.run, "sh", "-c", loop)
        try:
            yield
        finally:
            machine.run("touch", "/root/enough")
        lines = answers.result().split("\n")
    assert lines.count("asked") > 10
    assert not [line for line in lines if "failed" in line]


def test_a_lost_host_serves_and_renews_what_its_backup_kept(machine: Machine, acmea: Client) -> None:
    """Let's Encrypt gives a domain fifty certificates a week: a host of more clients could not begin anew."""
    name, operator = f"acmea.{BASE}", acmea.operator
    kept = done(operator, "backup", "--host")["file"]
    before = shown_for(machine, name)
    machine.run("rm", "-r", STORE)
    machine.run("mkdir", "/root/unpacked")
    machine.run("tar", "-xzf", kept, "-C", "/root/unpacked")
    machine.run("mv", "/root/unpacked/acme", STORE)
    done(operator, "host", "init")
    machine.run("systemctl", "restart", "nginx")
    assert status(machine, f"https://{name}/readyz") == "200"
    assert shown_for(machine, name) == before
    done(operator, "host", "renew", name)
    wait_until(lambda: shown_for(machine, name) != before)
    assert provision(operator, "diff", "acmea").status == 0


def test_a_certificate_that_is_not_obtained_here_is_not_renewed(acmea: Client) -> None:
    refused = provision(acmea.operator, "host", "renew", "nobody.example")
    assert refused.status == 2
    assert f"acmea.{BASE}" in refused.messages


def test_an_order_that_fails_undoes_the_command_and_says_why_and_dns_serves_where_nobody_comes_by(
    machine: Machine, acmea: Client, authority: AcmeAuthority
) -> None:
    name, operator = f"acmeb.{BASE}", acmea.operator
    asked = ("new", "acmeb", "--plan", "starter", "--admin-email", EMAIL, "--domain", "assistant.acmeb.test")
    authority.lead_nowhere(name)
    authority.lead_nowhere("assistant.acmeb.test")
    before = lineages(machine)
    failed = provision(operator, *asked)
    assert failed.status == 1
    assert f"{name}: Get " in failed.messages
    assert "Let the name lead to this host" in failed.messages
    assert "acmeb" not in {row["id"] for row in done(operator, "list")}
    assert lineages(machine) == before
    assert not machine.path("/var/www/client-acmeb").exists()
    assert status(machine, f"https://acmea.{BASE}/readyz") == "200"

    machine.path("/var/www/host.yaml").write_text(BY_DNS)
    assert done(operator, *asked)["url"] == f"https://{name}"
    assert lineages(machine) == before | {BASE, "assistant.acmeb.test"}
    assert status(machine, f"https://{name}/readyz") == "200"
    assert status(machine, "https://assistant.acmeb.test/readyz") == "200"
    done(operator, "purge", "acmeb", "--yes")
    assert lineages(machine) == before | {BASE}
    assert status(machine, f"https://acmea.{BASE}/readyz") == "200"
