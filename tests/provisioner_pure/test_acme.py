"""What an ACME authority is asked for, by which settings, and what is understood of a refusal."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provisioner.acme import Lineage, is_due, lineages
from provisioner.certificates import Certificate
from provisioner.commands import certbot
from provisioner.drivers.obtained_certificates import only_renewed
from provisioner.errors import InvalidConfiguration
from provisioner.host import load_host

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
NAMES = ("admin.x.fr", "dupont.x.fr", "assistant.dupont.fr", "a.dupont.x.fr")

REFUSED = """\
Requesting a certificate for gone.test and here.test

Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority reported \
these problems:
  Domain: gone.test
  Type:   dns
  Detail: DNS problem: NXDOMAIN looking up A for gone.test - check that a DNS record exists

  Domain: here.test
  Type:   unauthorized
  Detail: 203.0.113.7: Invalid response from http://here.test/.well-known/acme-challenge/x: 404

Hint: The Certificate Authority failed to download the temporary challenge files created by Certbot.
"""
LIMITED = """\
Saving debug log to /var/www/acme/logs/letsencrypt.log
An unexpected error occurred:
Error creating new order :: too many certificates (5) already issued for this exact set
Ask for help or search for solutions at https://community.letsencrypt.org. See the logfile ...
"""


def test_by_http_each_name_has_a_certificate_of_its_own() -> None:
    assert lineages(NAMES, "x.fr", "http-01") == tuple(Lineage(name, (name,)) for name in NAMES)


def test_by_dns_one_is_for_all_names_right_below_the_base_domain() -> None:
    assert lineages(NAMES, "x.fr", "dns-01") == (
        Lineage("x.fr", ("*.x.fr",)),
        Lineage("assistant.dupont.fr", ("assistant.dupont.fr",)),
        Lineage("a.dupont.x.fr", ("a.dupont.x.fr",)),
    )


@pytest.mark.parametrize(
    ("life", "left", "due"), [(90, 31, False), (90, 29, True), (6, 3, False), (6, 1, True), (90, -1, True)]
)
def test_a_certificate_is_due_in_the_last_third_of_its_life(life: int, left: int, due: bool) -> None:
    end = NOW + timedelta(days=left)
    certificate = Certificate(("a.fr",), end - timedelta(days=life), end, "1", Path("/c"))
    assert is_due(certificate, NOW) is due


def test_the_reasons_of_a_refusal_are_found_in_what_certbot_prints() -> None:
    first, second = certbot.problems(REFUSED)
    assert (first.name, first.kind) == ("gone.test", "dns")
    assert "NXDOMAIN" in first.detail
    assert (second.name, second.kind) == ("here.test", "unauthorized")
    assert certbot.problems(LIMITED) == ()
    said = "Error creating new order :: too many certificates (5) already issued for this exact set"
    assert certbot.last_words(LIMITED) == said


def test_nothing_but_the_number_of_a_certificate_may_differ_in_a_site_that_is_read_in() -> None:
    site = "server {\n    # fullchain1.pem\n    ssl_certificate a;\n}\n"
    renewed = site.replace("fullchain1", "fullchain12")
    assert only_renewed(site, renewed)
    assert not only_renewed(site, site)
    assert not only_renewed(site, renewed.replace("certificate a", "certificate b"))


def test_certbot_is_on_when_the_settings_name_an_account(tmp_path: Path) -> None:
    assert load_host(tmp_path, {}).acme is None
    host = load_host(tmp_path, {"TENANTRY_ACME_EMAIL": "a@x.fr"})
    assert host.acme is not None
    assert (host.acme.challenge, host.serves_tls) == ("http-01", True)
    assert host.acme_challenges == tmp_path / "acme" / "challenges"
    (tmp_path / "host.yaml").write_text(
        "acme: {email: a@x.fr, challenge: dns-01, dns_auth_hook: /etc/a, dns_cleanup_hook: /etc/b}\n"
    )
    by_dns = load_host(tmp_path, {"TENANTRY_ACME_DIRECTORY": "https://ca.x.fr:14000/dir"})
    assert by_dns.acme is not None
    assert (by_dns.acme.directory, by_dns.acme_challenges) == ("https://ca.x.fr:14000/dir", None)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("acme: {email: nobody}", "acme.email"),
        ("acme: {challenge: http-01}", "acme.email"),
        ("acme: {email: a@x.fr, challenge: tls-alpn-01}", "acme.challenge"),
        ("acme: {email: a@x.fr, challenge: dns-01}", "dns-01 needs dns_auth_hook"),
        ("acme: {email: a@x.fr, directory: 'http://ca.fr/dir'}", "acme.directory"),
        ("acme: {email: a@x.fr, dns_auth_hook: hook}", "acme.dns_auth_hook"),
        ("acme: {email: a@x.fr, dns_auth_hook: '/a; rm -r /'}", "acme.dns_auth_hook"),
        ("acme: {email: a@x.fr, ca_file: ca.pem}", "acme.ca_file"),
        ("acme: {email: a@x.fr, mail: b@x.fr}", "acme.mail"),
        ("acme: letsencrypt", "acme"),
    ],
)
def test_wrong_settings_are_refused_with_the_place(tmp_path: Path, text: str, where: str) -> None:
    (tmp_path / "host.yaml").write_text(text)
    with pytest.raises(InvalidConfiguration, match=where.replace(".", r"\.")):
        load_host(tmp_path, {})
