"""What the systemd driver decides about certificates from what it sees, without a systemd or an authority."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from provisioner import installation
from provisioner.drivers import systemd_places as places
from provisioner.drivers.obtained_certificates import only_renewed
from provisioner.drivers.protocol import Observed, Tenant, Wish
from provisioner.drivers.served_certificates import ServedCertificates
from provisioner.drivers.systemd import SystemdDriver
from provisioner.host import HostSettings
from provisioner.steps import ChangeNginx, OrderCertificate, Step
from tests.drivers.answers import Answers
from tests.local_ca import LocalCA
from tests.provisioner_pure.samples import SECRETS, host, spec

HOOKS = {"challenge": "dns-01", "dns_auth_hook": "/etc/publish", "dns_cleanup_hook": "/etc/withdraw"}
OWN = "assistant.dupont.fr"
DUPONT = Tenant(spec(domains=(OWN,)), SECRETS)
NAMES = ("admin.localhost", "dupont.localhost", OWN)


@pytest.fixture(autouse=True)
def _installed_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "open_to_others", lambda: True)


@pytest.fixture(scope="module")
def authority() -> LocalCA:
    return LocalCA.begin()


def settings(root: Path, **acme: str) -> HostSettings:
    return host(root, acme={"email": "a@x.fr", **acme})


def driver(root: Path, **acme: str) -> SystemdDriver:
    return SystemdDriver(settings(root, **acme), Answers())


def keep(
    authority: LocalCA, root: Path, lineage: str, *names: str, edition: int = 1, days: float = 60
) -> None:
    """Put a certificate where certbot would: the folder of a lineage holds links."""
    archive, live = root / "acme/certbot/archive" / lineage, root / "acme/certbot/live" / lineage
    authority.issue(archive, *(names or (lineage,)), days=days, begins=days - 90)
    live.mkdir(parents=True, exist_ok=True)
    for name in ("fullchain", "privkey"):
        (archive / f"{name}.pem").rename(archive / f"{name}{edition}.pem")
        (live / f"{name}.pem").unlink(missing_ok=True)
        (live / f"{name}.pem").symlink_to(archive / f"{name}{edition}.pem")


def orders(steps: Sequence[Step]) -> list[tuple[str, ...]]:
    return [step.names for step in steps if isinstance(step, OrderCertificate)]


def test_what_a_client_lacks_is_ordered_before_anything_of_it_is_made(tmp_path: Path) -> None:
    steps = driver(tmp_path).steps(DUPONT, Observed(), Wish())
    assert orders(steps[:2]) == [("dupont.localhost",), (OWN,)]
    assert orders(steps[2:]) == []


def test_a_site_is_the_same_before_its_certificate_is_there_and_after(
    authority: LocalCA, tmp_path: Path
) -> None:
    before = driver(tmp_path).files(DUPONT)[-1]
    for name in NAMES:
        keep(authority, tmp_path, name)
    there = driver(tmp_path)
    assert there.files(DUPONT)[-1] == before
    assert orders(there.steps(DUPONT, Observed(), Wish())) == []


def test_a_certificate_that_is_lost_is_ordered_and_read_in_though_no_file_differs(tmp_path: Path) -> None:
    one = driver(tmp_path)
    there = Observed({file.path: file.digest for file in one.files(DUPONT)}, running=True, whole=True)
    steps = one.steps(DUPONT, there, Wish())
    assert orders(steps[:2]) == [("dupont.localhost",), (OWN,)]
    assert isinstance(steps[2], ChangeNginx)
    assert one.steps(DUPONT, there, Wish(keep=frozenset({places.site(DUPONT.id)}))) == ()


def test_the_dashboards_is_ordered_once_nginx_shows_what_the_authority_asks_for(tmp_path: Path) -> None:
    steps = driver(tmp_path).host_steps(Observed())
    (order,) = [step for step in steps if isinstance(step, OrderCertificate)]
    changes = [step for step in steps if isinstance(step, ChangeNginx) and step.directory == places.NGINX]
    before, after = ({change.file.path.name for change in step.changes} for step in changes)  # type: ignore[union-attr]
    assert "challenge.conf" in before
    assert after == {"admin.conf"}
    assert steps.index(changes[0]) < steps.index(order) < steps.index(changes[1])


def test_by_dns_one_order_serves_the_dashboard_and_every_client(authority: LocalCA, tmp_path: Path) -> None:
    one = driver(tmp_path, **HOOKS)
    assert orders(one.host_steps(Observed())) == [("*.localhost",)]
    assert orders(one.steps(DUPONT, Observed(), Wish())) == [("*.localhost",), (OWN,)]
    keep(authority, tmp_path, "localhost", "*.localhost")
    assert orders(one.steps(DUPONT, Observed(), Wish())) == [(OWN,)]


def test_the_operators_own_certificates_are_taken_first(authority: LocalCA, tmp_path: Path) -> None:
    authority.issue(tmp_path / "own" / "base", "*.localhost")
    mixed = host(tmp_path, acme={"email": "a@x.fr"}, tls_certificates=tmp_path / "own")
    assert orders(SystemdDriver(mixed, Answers()).steps(DUPONT, Observed(), Wish())) == [(OWN,)]
    assert ServedCertificates(mixed).renewals(NAMES, at_once=True) == {}


def test_certbot_is_told_no_more_than_it_needs_and_runs_behind_walls(tmp_path: Path) -> None:
    first, _ = driver(tmp_path, ca_file="/etc/ca.pem").steps(DUPONT, Observed(), Wish())[:2]
    assert isinstance(first, OrderCertificate)
    shown = first.command.describe()
    for word in ("--setenv=REQUESTS_CA_BUNDLE=/etc/ca.pem", "ProtectSystem=strict", "--non-interactive"):
        assert word in shown
    assert f"--webroot-path {tmp_path}/acme/challenges" in shown
    by_hook, _ = driver(tmp_path, **HOOKS).steps(DUPONT, Observed(), Wish())[:2]
    assert isinstance(by_hook, OrderCertificate)
    assert "--manual-auth-hook /etc/publish --manual-cleanup-hook /etc/withdraw" in by_hook.command.describe()


def test_what_is_due_is_renewed_and_what_serves_nobody_goes(authority: LocalCA, tmp_path: Path) -> None:
    keep(authority, tmp_path, "admin.localhost")
    keep(authority, tmp_path, "dupont.localhost", days=20)
    keep(authority, tmp_path, "gone.localhost")
    one = driver(tmp_path).certificates
    (step,) = one.renewals(NAMES, at_once=False).values()
    assert isinstance(step, OrderCertificate)
    assert (step.names, step.places) == (("dupont.localhost",), ())
    assert [*one.renewals(NAMES, at_once=True)] == ["admin.localhost", "dupont.localhost"]
    removed = [step.describe() for step in ServedCertificates(settings(tmp_path)).surplus_steps(NAMES, "")]
    assert len(removed) == 2
    assert all("gone.localhost" in line for line in removed)
    told = f'ssl_certificate "{tmp_path}/acme/certbot/live/gone.localhost/fullchain.pem";'
    assert ServedCertificates(settings(tmp_path)).surplus_steps(NAMES, told) == ()


def test_a_host_that_turns_to_dns_renews_many_by_one(authority: LocalCA, tmp_path: Path) -> None:
    for name in NAMES[:2]:
        keep(authority, tmp_path, name, days=20)
    (step,) = driver(tmp_path, **HOOKS).certificates.renewals(NAMES, at_once=False).values()
    assert isinstance(step, OrderCertificate)
    assert step.names == ("*.localhost",)
    assert step.places  # nothing of it is there yet, so nothing of it stays if it fails


def test_a_renewed_certificate_makes_another_site(authority: LocalCA, tmp_path: Path) -> None:
    for name in NAMES:
        keep(authority, tmp_path, name)
    one = driver(tmp_path)
    before = one.files(DUPONT)[-1]
    keep(authority, tmp_path, OWN, edition=2)
    after = one.files(DUPONT)[-1]
    assert before.digest != after.digest
    assert only_renewed(before.text, after.text)


def test_doctor_offers_the_renewal_of_what_is_obtained_here(authority: LocalCA, tmp_path: Path) -> None:
    keep(authority, tmp_path, "dupont.localhost", days=5)
    (found,) = ServedCertificates(settings(tmp_path)).findings()
    assert "provision host renew dupont.localhost" in found.mend


def written(driver: SystemdDriver) -> set[str]:
    """Return the names of the files that a new host is given together with others."""
    steps = driver.host_steps(Observed())
    return {change.file.path.name for step in steps for change in getattr(step, "changes", ())}


def test_with_a_mail_server_letters_are_sent_every_minute(tmp_path: Path) -> None:
    sends = {"smtp_url": "smtp://127.0.0.1", "vendor": {"email": "contact@exemple.fr"}}
    settings = HostSettings.model_validate({**host(tmp_path).model_dump(), **sends})
    with_it = SystemdDriver(settings, Answers())
    assert set(places.MAIL) <= written(with_it)
    assert "start program tenantry-mail.timer" in {one.describe() for one in with_it.host_steps(Observed())}
    assert not set(places.MAIL) & written(SystemdDriver(host(tmp_path), Answers()))


def test_without_an_authority_the_timer_goes_again(tmp_path: Path) -> None:
    assert set(places.RENEWAL) <= written(driver(tmp_path))
    left = Observed({places.UNITS / name: "" for name in places.RENEWAL}, running=True, whole=True)
    told = [step.describe() for step in SystemdDriver(host(tmp_path), Answers()).host_steps(left)]
    assert any(line.startswith("remove /etc/systemd/system/tenantry-renewal.service") for line in told)
    assert "stop program tenantry-renewal.timer" in told
