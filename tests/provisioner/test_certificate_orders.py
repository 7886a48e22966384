"""An order of a certificate that is refused or undone leaves nothing, and its message names the mend."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.apply.certificate_actions import OrderRefused, order_certificate
from provisioner.apply.interruption import Interruption
from provisioner.apply.tools import Tools
from provisioner.commands.command import Command
from provisioner.errors import CommandFailed
from provisioner.runner import SystemRunner
from provisioner.steps import OrderCertificate
from tests.provisioner.programs import RememberedPrograms

MEND = "Let the name lead to this host."
UNREACHED = "  Domain: a.test\n  Type:   dns\n  Detail: NXDOMAIN looking up A for a.test"
REFUSED = "  Domain: a.test\n  Type:   caa\n  Detail: CAA record prevents issuance."
LIMITED = "An unexpected error occurred:\nError creating new order :: too many certificates (5) already"
ABSENT = "Failed to find executable certbot: No such file or directory"


@pytest.fixture
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    with Interruption() as interruption:
        scratch = tmp_path_factory.mktemp("scratch")
        yield Tools(SystemRunner(), RememberedPrograms("nginx"), interruption, scratch)


def order(folder: Path, script: str, *, renews: bool = False, seconds: float = 20) -> OrderCertificate:
    """An order by a program that does as the script says, in place of certbot."""
    places = () if renews else (folder / "a.conf", folder / "live", folder / "archive")
    command = Command(("sh", "-c", f"cd {folder}; {script}"), timeout=seconds)
    return OrderCertificate(("a.test",), "from a test", command, MEND, Path("/logs"), places)


def test_what_an_order_that_was_cut_off_has_left_goes_before_and_undone_all_goes(
    tmp_path: Path, tools: Tools
) -> None:
    (tmp_path / "a.conf").touch()
    (tmp_path / "archive").mkdir()
    undo = order_certificate(order(tmp_path, "mkdir live archive && touch a.conf archive/1"), tools)
    assert {path.name for path in tmp_path.iterdir()} == {"a.conf", "live", "archive"}
    assert undo is not None
    undo()
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("script", ["mkdir live; exit 1", "mkdir live; sleep 60"])
def test_an_order_that_fails_or_does_not_end_leaves_nothing(
    tmp_path: Path, tools: Tools, script: str
) -> None:
    with pytest.raises((OrderRefused, CommandFailed)):
        order_certificate(order(tmp_path, script, seconds=1), tools)
    assert not [*tmp_path.iterdir()]


def test_a_renewal_that_fails_or_is_undone_leaves_what_there_is(tmp_path: Path, tools: Tools) -> None:
    (tmp_path / "live").mkdir()
    with pytest.raises(OrderRefused):
        order_certificate(order(tmp_path, "exit 1", renews=True), tools)
    assert order_certificate(order(tmp_path, "true", renews=True), tools) is None
    assert (tmp_path / "live").is_dir()


@pytest.mark.parametrize(
    ("said", "message", "mend"),
    [
        (UNREACHED, "a.test: NXDOMAIN looking up A for a.test.", MEND),
        (REFUSED, "a.test: CAA record prevents issuance.", "/logs says more"),
        (LIMITED, "Error creating new order :: too many certificates (5) already.", "Wait as long"),
        (ABSENT, f"{ABSENT}.", "apt install certbot"),
    ],
)
def test_the_reason_and_the_mend_are_told(
    tmp_path: Path, tools: Tools, said: str, message: str, mend: str
) -> None:
    (tmp_path / "said").write_text(said)
    with pytest.raises(OrderRefused) as caught:
        order_certificate(order(tmp_path, "cat said >&2; exit 1"), tools)
    assert caught.value.message == message
    assert mend in caught.value.mend
