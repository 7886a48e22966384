"""Which certificate is shown for which name, and what is refused before nginx sees it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provisioner.certificates import Certificate, Store, by_certificate, read_certificates, serving
from provisioner.clock import SystemClock
from provisioner.drivers.served_certificates import ServedCertificates
from provisioner.errors import InvalidConfiguration
from tests.local_ca import LocalCA
from tests.provisioner_pure.samples import host

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> LocalCA:
    return LocalCA.begin()


def certificate(*names: str, days: float = 60, begins: float = -1) -> Certificate:
    first, last = NOW + timedelta(days=begins), NOW + timedelta(days=days)
    return Certificate(names, first, last, f"{names}{days}", Path("/c") / names[0])


@pytest.mark.parametrize(
    ("names", "host_name", "covered"),
    [
        (("dupont.iamanager.fr",), "dupont.iamanager.fr", True),
        (("*.iamanager.fr",), "dupont.iamanager.fr", True),
        (("*.iamanager.fr",), "iamanager.fr", False),
        (("*.iamanager.fr",), "a.dupont.iamanager.fr", False),
        (("*.fr",), "iamanager.fr", True),
        (("dupont.iamanager.fr",), "martin.iamanager.fr", False),
        (("a.example", "b.example"), "b.example", True),
    ],
)
def test_a_certificate_covers_its_names_and_one_label_for_a_star(
    names: tuple[str, ...], host_name: str, covered: bool
) -> None:
    assert certificate(*names).covers(host_name) is covered


def test_of_those_in_force_the_one_that_lasts_longest_is_shown() -> None:
    short, long = certificate("*.x.fr", days=5), certificate("*.x.fr", days=50)
    coming, over = certificate("*.x.fr", days=90, begins=1), certificate("*.x.fr", days=-1, begins=-90)
    assert serving((over, short, long, coming), "a.x.fr", NOW) is long
    assert serving((over,), "a.x.fr", NOW) is over
    assert serving((long,), "a.y.fr", NOW) is None


def test_names_are_grouped_by_what_is_shown_for_them() -> None:
    star, own = certificate("*.x.fr"), certificate("assistant.dupont.fr")
    assert by_certificate(Store((star, own)), ("dupont.x.fr", "assistant.dupont.fr"), NOW) == {
        star: ("dupont.x.fr",),
        own: ("assistant.dupont.fr",),
    }
    with pytest.raises(InvalidConfiguration, match=r"covers www\.dupont\.fr"):
        by_certificate(Store((star, own)), ("www.dupont.fr",), NOW)


def test_certificates_are_read_from_their_folders_whatever_these_are_called(
    authority: LocalCA, tmp_path: Path
) -> None:
    authority.issue(tmp_path / "first", "*.Iamanager.fr", "iamanager.fr", days=60)
    (tmp_path / "README").write_text("certbot puts one here")
    (tmp_path / "empty").mkdir()
    (found,) = read_certificates(tmp_path).certificates
    assert found.names == ("*.iamanager.fr", "iamanager.fr")
    assert found.not_before < datetime.now(UTC) < found.not_after
    assert (found.chain, found.key) == (
        tmp_path / "first" / "fullchain.pem",
        tmp_path / "first" / "privkey.pem",
    )


def test_a_renewed_certificate_is_another(authority: LocalCA, tmp_path: Path) -> None:
    authority.issue(tmp_path / "one", "a.fr")
    (before,) = read_certificates(tmp_path).certificates
    authority.issue(tmp_path / "one", "a.fr")
    (after,) = read_certificates(tmp_path).certificates
    assert before.edition != after.edition


def test_a_key_of_another_certificate_is_refused(authority: LocalCA, tmp_path: Path) -> None:
    authority.issue(tmp_path / "one", "a.fr")
    authority.issue(tmp_path / "two", "b.fr")
    (tmp_path / "two" / "privkey.pem").replace(tmp_path / "one" / "privkey.pem")
    refused, _ = read_certificates(tmp_path).refused
    assert "not that of its certificate" in refused.message


@pytest.mark.parametrize("name", ["fullchain.pem", "privkey.pem"])
@pytest.mark.parametrize(
    "text", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_or_key_is_refused_by_its_folder(
    authority: LocalCA, tmp_path: Path, name: str, text: str
) -> None:
    authority.issue(tmp_path / "one", "a.fr")
    (tmp_path / "one" / name).write_text(text)
    (refused,) = read_certificates(tmp_path).refused
    assert str(tmp_path / "one") in refused.message


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="No such file"):
        read_certificates(tmp_path / "gone")
    authority = LocalCA.begin()
    authority.issue(tmp_path / "one", "a.fr")
    (tmp_path / "one" / "privkey.pem").unlink()
    (refused,) = read_certificates(tmp_path).refused
    assert "privkey.pem cannot be read" in refused.message


def test_a_broken_one_is_told_and_in_nobodys_way_whom_another_covers(
    authority: LocalCA, tmp_path: Path
) -> None:
    authority.issue(tmp_path / "base", "*.x.fr")
    (tmp_path / "dupont").mkdir()
    (tmp_path / "dupont" / "fullchain.pem").write_text("nonsense")
    served = ServedCertificates(host(tls_certificates=tmp_path))
    assert list(served.for_names(("martin.x.fr",)).values()) == [("martin.x.fr",)]
    with pytest.raises(InvalidConfiguration, match=f"covers assistant.dupont.fr.*{tmp_path}/dupont"):
        served.for_names(("assistant.dupont.fr",))
    (found,) = served.findings()
    assert str(tmp_path / "dupont") in found.problem


def test_doctor_tells_of_a_directory_that_is_gone(tmp_path: Path) -> None:
    (found,) = ServedCertificates(host(tls_certificates=tmp_path / "gone")).findings()
    assert "No such file" in found.problem


def test_who_runs_out_soon_is_told_unless_another_takes_over(authority: LocalCA, tmp_path: Path) -> None:
    authority.issue(tmp_path / "old", "*.x.fr", days=3)
    settings = host(tls_certificates=tmp_path)
    (found,) = ServedCertificates(settings, SystemClock()).findings()
    assert found.subject == "old"
    assert "runs out on" in found.problem
    assert "provision apply" in found.mend
    authority.issue(tmp_path / "new", "*.x.fr", days=60)
    assert ServedCertificates(settings, SystemClock()).findings() == ()


def test_who_has_run_out_is_told(authority: LocalCA, tmp_path: Path) -> None:
    authority.issue(tmp_path / "old", "a.x.fr", days=-1, begins=-9)
    (found,) = ServedCertificates(host(tls_certificates=tmp_path)).findings()
    assert "ran out on" in found.problem


def test_without_tls_no_certificate_is_asked_for() -> None:
    assert ServedCertificates(host()).for_names(("a.fr",)) == {}
    assert ServedCertificates(host()).findings() == ()
