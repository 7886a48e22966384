"""A host reached over TLS only: each name with a certificate of its own, strangers with none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drivers.conftest import Client, provisioned
from tests.drivers.operators import SystemdOperator, done, provision
from tests.drivers.tls_host import DIRECTORY, curl, head, tls_host
from tests.local_ca import LocalCA
from tests.systemd.machine import Machine

pytestmark = pytest.mark.systemd

OWN_NAME = "assistant.dupont.test"


@pytest.fixture(scope="module")
def authority() -> LocalCA:
    return LocalCA.begin()


@pytest.fixture(scope="module")
def operator(authority: LocalCA) -> Iterator[SystemdOperator]:
    """The operator of a host with one certificate for all names under its base domain."""
    with tls_host(authority) as operator:
        yield operator


@pytest.fixture(scope="module")
def machine(operator: SystemdOperator) -> Machine:
    return operator.machine


@pytest.fixture(scope="module")
def dupont(operator: SystemdOperator) -> Client:
    return provisioned(operator, "dupont", "starter")


@pytest.fixture(scope="module")
def martin(operator: SystemdOperator) -> Client:
    return provisioned(operator, "martin", "starter")


def shown_for(machine: Machine, name: str) -> str:
    """The fingerprint of the certificate shown for a name."""
    ask = f"openssl s_client -connect 127.0.0.1:443 -servername {name} </dev/null 2>/dev/null"
    said = machine.run("sh", "-c", f"{ask} | openssl x509 -noout -fingerprint -sha256")
    return said.strip()


def test_a_client_is_told_its_address_and_answers_there(machine: Machine, dupont: Client) -> None:
    assert dupont.told["url"] == "https://dupont.iamanager.test"
    assert head(machine, "https://dupont.iamanager.test/readyz")[0] == 200
    assert head(machine, "https://admin.iamanager.test/admin/clients")[0] in (200, 302)


def test_its_pages_are_for_tls_only(machine: Machine, dupont: Client) -> None:
    status, headers = head(machine, "https://dupont.iamanager.test/login")
    assert status == 200
    assert headers["strict-transport-security"].startswith("max-age=")
    cookie = headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie


def test_who_comes_without_tls_is_sent_on(machine: Machine, dupont: Client) -> None:
    status, headers = head(machine, "http://dupont.iamanager.test/cases?x=1")
    assert (status, headers["location"]) == (308, "https://dupont.iamanager.test/cases?x=1")
    assert curl(machine, "http://nobody.iamanager.test/").returncode == 52  # closed without an answer


def test_a_name_of_nobody_gets_a_tls_alert(machine: Machine, dupont: Client) -> None:
    refused = curl(machine, "https://nobody.iamanager.test/")
    assert refused.returncode == 35
    assert b"unrecognized name" in refused.stderr  # the alert of RFC 6066, 3


def test_the_host_must_be_the_name_the_certificate_was_asked_for(
    machine: Machine, dupont: Client, martin: Client
) -> None:
    other = ("--header", "Host: martin.iamanager.test")
    assert head(machine, "https://dupont.iamanager.test/readyz", *other)[0] == 421
    assert head(machine, "https://martin.iamanager.test/readyz")[0] == 200
    loud = ("--header", "Host: DUPONT.iamanager.test")
    assert head(machine, "https://dupont.iamanager.test/readyz", *loud)[0] == 200


@pytest.mark.parametrize(("version", "spoken"), [("1.1", False), ("1.2", True), ("1.3", True)])
def test_old_versions_of_tls_are_not_spoken(
    machine: Machine, dupont: Client, version: str, spoken: bool
) -> None:
    lowest = ("--tls-max", version, "--ciphers", "DEFAULT@SECLEVEL=0")
    assert (curl(machine, "https://dupont.iamanager.test/readyz", *lowest).returncode == 0) is spoken


def test_a_name_of_its_own_needs_a_certificate_and_shows_it(
    machine: Machine, dupont: Client, authority: LocalCA
) -> None:
    refused = provision(dupont.operator, "domain", "add", "dupont", OWN_NAME)
    assert refused.status == 2
    assert f"no certificate there covers {OWN_NAME}" in refused.messages
    assert head(machine, "https://dupont.iamanager.test/readyz")[0] == 200
    authority.issue(machine.path(f"{DIRECTORY}/dupont"), OWN_NAME)
    done(dupont.operator, "domain", "add", "dupont", OWN_NAME)
    assert head(machine, f"https://{OWN_NAME}/readyz")[0] == 200
    assert head(machine, "https://dupont.iamanager.test/readyz")[0] == 200
    assert shown_for(machine, OWN_NAME) != shown_for(machine, "dupont.iamanager.test")
    assert head(machine, f"https://{OWN_NAME}/readyz", "--header", "Host: dupont.iamanager.test")[0] == 421
    assert head(machine, f"http://{OWN_NAME}/")[1]["location"] == f"https://{OWN_NAME}/"


def test_a_renewed_certificate_is_seen_and_read_in_without_a_restart(
    machine: Machine, dupont: Client, authority: LocalCA
) -> None:
    before, process = shown_for(machine, "dupont.iamanager.test"), dupont.operator.main_process("dupont")
    authority.issue(machine.path(f"{DIRECTORY}/base"), "*.iamanager.test", "iamanager.test", days=90)
    assert provision(dupont.operator, "diff").status == 3
    done(dupont.operator, "apply")
    assert provision(dupont.operator, "diff").status == 0
    assert shown_for(machine, "dupont.iamanager.test") != before
    assert dupont.operator.main_process("dupont") == process


def test_a_certificate_that_runs_out_soon_is_found(
    machine: Machine, dupont: Client, authority: LocalCA
) -> None:
    authority.issue(machine.path(f"{DIRECTORY}/dupont"), OWN_NAME, days=5)
    found = provision(dupont.operator, "doctor")
    assert found.status == 3
    assert [one for one in found.document if one["subject"] == "dupont" and "runs out on" in one["problem"]]
    authority.issue(machine.path(f"{DIRECTORY}/dupont"), OWN_NAME)
    done(dupont.operator, "apply")


def test_a_key_that_others_can_read_is_found(machine: Machine, dupont: Client) -> None:
    key = machine.path(f"{DIRECTORY}/base/privkey.pem")
    key.chmod(0o644)
    problems = [one["problem"] for one in provision(dupont.operator, "doctor").document]
    assert f"The key {DIRECTORY}/base/privkey.pem can be read by every user of this host." in problems
    key.chmod(0o600)


def test_a_broken_certificate_is_refused_and_stops_nobody(machine: Machine, dupont: Client) -> None:
    chain = machine.path(f"{DIRECTORY}/base/fullchain.pem")
    whole = chain.read_bytes()
    chain.write_text("nonsense")
    try:
        refused = provision(dupont.operator, "apply", "dupont")
        assert refused.status == 2
        assert f"{DIRECTORY}/base" in refused.messages
        assert head(machine, "https://dupont.iamanager.test/readyz")[0] == 200
    finally:
        chain.write_bytes(whole)


def test_a_suspended_client_is_answered_for_over_tls(machine: Machine, martin: Client) -> None:
    done(martin.operator, "suspend", "martin")
    status, headers = head(machine, "https://martin.iamanager.test/api/me")
    assert (status, headers["retry-after"]) == (503, "3600")
    done(martin.operator, "resume", "martin")
    assert head(machine, "https://martin.iamanager.test/readyz")[0] == 200


def test_the_hosts_backup_holds_its_certificates_also_where_they_are_links(
    machine: Machine, dupont: Client
) -> None:
    """As certbot's are."""
    machine.run("mv", f"{DIRECTORY}/dupont/privkey.pem", "/etc/tenantry/elsewhere.pem")
    machine.run("ln", "-s", "/etc/tenantry/elsewhere.pem", f"{DIRECTORY}/dupont/privkey.pem")
    taken = done(dupont.operator, "backup", "--host")
    lines = machine.run("tar", "--list", "--verbose", "--file", taken["file"]).splitlines()
    kept = {line.split()[-1] for line in lines if line.startswith("-")}
    assert {f"certificates/{name}/privkey.pem" for name in ("base", "dupont")} <= kept
    machine.run("rm", taken["file"])


def test_keys_stay_where_they_are(machine: Machine, dupont: Client) -> None:
    key = machine.path(f"{DIRECTORY}/base/privkey.pem").read_text().splitlines()[1]
    how = ("-r", "--files-with-matches", "--devices=skip", "--fixed-strings")
    found = machine.attempt("grep", *how, key, "/etc", "/var")
    assert found.stdout.decode().split() == [str(Path(DIRECTORY, "base", "privkey.pem"))]
