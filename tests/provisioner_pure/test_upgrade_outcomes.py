"""How an upgrade of several clients is told to the operator."""

from pathlib import Path

from provisioner.service.convergence import Ending
from provisioner.service.upgrade import Upgraded, with_ill


def test_a_client_that_falls_ill_after_its_upgrade_is_told_itself_and_no_other() -> None:
    done = [Upgraded(name, Ending.DONE, None, Path(f"/b/{name}.tar.gz")) for name in ("dupont", "martin")]
    told = with_ill(done, ["dupont"])
    assert [one.ending for one in told] == [Ending.FAILED, Ending.DONE]
    assert told[1] == done[1]
    error = told[0].error
    assert error is not None
    assert "dupont answered" in error.message
    assert "/b/dupont.tar.gz" in error.mend
