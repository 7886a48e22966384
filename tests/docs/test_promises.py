"""The README's table of promises says what the drivers say."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.drivers import local_promises, systemd_promises
from provisioner.drivers.local_users import LocalUsers
from provisioner.drivers.protocol import Promise

README = Path(__file__).resolve().parents[2] / "README.md"

#: Each promise's row. `local` makes "own-user" only where it can, which the row says in words.
ROWS = {
    "own-process": "A process per client, restarted when it ends",
    "own-user": "A system user per client",
    "unprivileged-nginx": "nginx without root",
    "sealed-settings": "Settings the client cannot read or change",
    "network-isolation": "No network but the port it serves",
    "hard-limits": "Hard limits on memory, CPU and tasks",
    "boot": "Back after a reboot",
    "provider-key": "The provider's key out of clients' reach",
    "sleep": "Idle clients leave memory",
}
LOCAL = local_promises.promises(LocalUsers(separate=True))
SYSTEMD = systemd_promises.PROMISES


def cells(label: str) -> list[str]:
    rows = [
        line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith(f"| {label} |")
    ]
    assert len(rows) == 1, f"no row {label!r}"
    return [cell.strip() for cell in rows[0].strip("|").split("|")][1:]


def said_as_kept(cell: str) -> bool:
    """Whether a cell says yes; being back after a reboot only when told counts as no."""
    return not cell.startswith(("no", "after `provision"))


@pytest.mark.parametrize("promise", LOCAL, ids=lambda promise: promise.name)
def test_the_local_column_is_true(promise: Promise) -> None:
    assert said_as_kept(cells(ROWS[promise.name])[0]) == promise.kept


@pytest.mark.parametrize("promise", SYSTEMD, ids=lambda promise: promise.name)
def test_the_systemd_column_is_true(promise: Promise) -> None:
    assert said_as_kept(cells(ROWS[promise.name])[1]) == promise.kept
