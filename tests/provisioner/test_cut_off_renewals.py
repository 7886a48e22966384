"""A `host renew` that was killed: nginx reads the new certificates in, and no site passes for edited by hand.

On this host nobody obtains certificates: what an authority's driver would write into a site is written here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.apply.journal import Journal
from provisioner.clock import SystemClock
from provisioner.drivers.local import LocalDriver
from provisioner.drivers.obtained_certificates import ObtainedCertificates
from provisioner.drivers.served_certificates import ServedCertificates
from provisioner.filesystem import RenderedFile, digest
from provisioner.host import load_host
from provisioner.runner import SystemRunner
from provisioner.service.certificates import renew
from provisioner.service.context import Context
from provisioner.steps import ChangeNginx, SignalProgram, WriteFile
from tests.provisioner.local_root import LocalRoot, ask, wait_until
from tests.provisioner.observer import Watching

ID = "vermeil"
OWN = "assistant.vermeil.example"


@pytest.fixture(scope="module")
def vermeil(host: LocalRoot) -> Iterator[LocalRoot]:
    created = host.new(ID)
    assert created.code == 0, created.said
    yield host
    assert host.provision("purge", ID, "--yes").code == 0


@pytest.fixture
def killed(vermeil: LocalRoot) -> Iterator[LocalRoot]:
    """A host whose renewal was killed when nginx had its sites and the registry did not know of them yet."""
    _leave_renewed(vermeil)
    yield vermeil
    assert vermeil.provision("apply", ID, "--reset").code == 0
    for journal in (vermeil.path / "journal").iterdir():
        journal.unlink()


def site(host: LocalRoot) -> Path:
    return host.path / "nginx" / "sites" / f"{ID}.conf"


def _leave_renewed(host: LocalRoot) -> None:
    journal = Journal.begin(host.path / "journal", "host renew", "", SystemClock())
    renewed = site(host).read_text() + "# fullchain2.pem\n"
    writes = {str(site(host)): digest(renewed.encode())}
    journal.intend(1, "change nginx", shared=False, writes=writes)
    site(host).write_text(renewed)
    journal.done(1)
    journal.close()


def renewing(host: LocalRoot, watching: Watching) -> Context:
    """The host as `host renew` sees it where an authority gives certificates, none of which is due."""
    settings = load_host(host.path, {})
    context = Context(host.path, "local", {}, SystemClock(), SystemRunner(), watching, lambda _told: None)
    driver = context.driver
    assert isinstance(driver, LocalDriver)

    def sites(_tenants: object) -> tuple[RenderedFile, ...]:
        return (RenderedFile(site(host), site(host).read_text()),)

    def change(changes: tuple[WriteFile, ...]) -> ChangeNginx:
        return ChangeNginx(host.path / "nginx", changes, SignalProgram("nginx", "HUP"))

    obtained = ObtainedCertificates(ServedCertificates(settings), host.path / "nginx", sites, change)
    driver.certificates = obtained  # type: ignore[assignment]
    return context


@pytest.mark.parametrize("between", [(), ("host", "init")])
def test_the_next_change_of_a_client_is_in_force(killed: LocalRoot, between: tuple[str, ...]) -> None:
    if between:
        assert killed.provision(*between).code == 0
    added = killed.provision("domain", "add", ID, OWN)
    assert added.code == 0, added.said
    wait_until(lambda: ask(killed.http_port, OWN, "/login") == 200)
    assert killed.provision("diff", ID).code == 0
    assert killed.provision("domain", "remove", ID, OWN).code == 0


def test_a_site_that_was_edited_by_hand_since_is_still_kept(killed: LocalRoot) -> None:
    site(killed).write_text(site(killed).read_text() + "# by hand\n")
    refused = killed.provision("domain", "add", ID, OWN)
    assert (refused.code, refused.document["error"]["code"]) == (2, "wrong-state")


@pytest.mark.parametrize("command", ["host renew", f"host renew {ID}.localhost"])
def test_the_next_renewal_reads_in_what_the_killed_one_had_renewed(vermeil: LocalRoot, command: str) -> None:
    watching = Watching()
    renew(renewing(vermeil, watching), ())
    assert watching.ended == []
    Journal.begin(vermeil.path / "journal", command, "", SystemClock()).close()
    renew(renewing(vermeil, watching), ())
    assert [type(step) for step in watching.ended] == [ChangeNginx]
    assert not list((vermeil.path / "journal").iterdir())
    renew(renewing(vermeil, watching), ())
    assert len(watching.ended) == 1


def test_preparing_the_host_is_no_renewal(killed: LocalRoot) -> None:
    assert killed.provision("host", "init").code == 0
    watching = Watching()
    renew(renewing(killed, watching), ())
    assert [type(step) for step in watching.ended] == [ChangeNginx]


def test_the_next_renewal_remembers_what_the_killed_one_had_written(killed: LocalRoot) -> None:
    context = renewing(killed, Watching())
    renew(context, ())
    assert not list((killed.path / "journal").iterdir())
    assert context.registry.written(ID)[site(killed)] == digest(site(killed).read_bytes())
    assert killed.provision("domain", "add", ID, OWN).code == 0
    assert killed.provision("domain", "remove", ID, OWN).code == 0
