"""Letters on a booted host: its timer takes over what clients without a network want mailed."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from tests.drivers.conftest import Client, provisioned
from tests.drivers.operators import SystemdOperator, ask, done
from tests.provisioner.local_root import wait_until
from tests.systemd.host import PYTHON
from tests.systemd.machine import Machine

pytestmark = pytest.mark.systemd

MAILDIR = "/var/mail/letters"
PORT = 2525
OPS = "ops@exemple.fr"
SETTINGS = (
    f"smtp_url: smtp://127.0.0.1:{PORT}\nvendor:\n  email: contact@exemple.fr\nalerts:\n  email: [{OPS}]\n"
)


@pytest.fixture(scope="module")
def courrier(machine: Machine) -> Iterator[Client]:
    """A client of a host that sends mail, to a server of its own."""
    operator = SystemdOperator(machine)
    server = (PYTHON, "-m", "aiosmtpd", "--nosetuid", "--listen", f"127.0.0.1:{PORT}")
    machine.run("systemd-run", "--unit=mail-server", *server, "-c", "aiosmtpd.handlers.Mailbox", MAILDIR)
    file = machine.path("/var/www/host.yaml")
    before = file.read_text()
    file.write_text(before + SETTINGS)
    done(operator, "host", "init")
    yield provisioned(operator, "courrier")
    file.write_text(before)
    done(operator, "purge", "courrier", "--yes")
    done(operator, "host", "init")
    assert machine.attempt("systemctl", "is-active", "tenantry-mail.timer").returncode != 0
    machine.run("systemctl", "stop", "mail-server")


def letters(machine: Machine, recipient: str) -> list[EmailMessage]:
    """The letters about this client or to the operators: others' have been waiting for a mail server."""
    folder = machine.path(f"{MAILDIR}/new")
    files = folder.iterdir() if folder.is_dir() else ()
    found = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    ours = (one for one in found if recipient == OPS or "//courrier." in one.get_content())
    return [one for one in ours if one["To"] == recipient]


def post(client: Client, path: str, body: dict[str, Any], token: str = "") -> Any:
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    answer = ask(client.operator, client.host, path, send=body, headers=bearer)
    assert answer.status in (200, 201), answer.text
    return answer.json()


def test_the_timer_sends_what_a_client_without_a_network_puts_out(machine: Machine, courrier: Client) -> None:
    wait_until(lambda: len(letters(machine, "maitre@dupont.example")) == 1)
    admin = courrier.told["admin"]
    token = post(courrier, "/api/auth/login", admin)["access_token"]
    wanted = {"email": "jean@dupont.example", "role": "member", "link": True}
    assert post(courrier, "/api/users", wanted, token)["link"]["mailed"] is True
    wait_until(lambda: len(letters(machine, "jean@dupont.example")) == 1, seconds=150)
    outbox = machine.path("/var/www/client-courrier/data/outbox")
    assert (outbox.stat().st_mode & 0o777, list(outbox.iterdir())) == (0o700, [])
    assert machine.show("tenantry-mail.service", "Result") == {"Result": "success"}


def test_behind_its_walls_it_looks_for_what_is_wrong_and_tells_it(machine: Machine, courrier: Client) -> None:
    done(courrier.operator, "stop", courrier.id)
    # Nobody has backed it up since it was made, which was long ago.
    aged = "UPDATE tenants SET created_at = '2026-01-01 00:00:00' WHERE id = 'courrier'"
    change = (
        f'import sqlite3; s = sqlite3.connect("/var/www/registry.sqlite3"); s.execute("{aged}"); s.commit()'
    )
    machine.run(PYTHON, "-c", change)
    machine.run("systemctl", "start", "tenantry-alerts.service")
    wait_until(lambda: any("courrier: It has never" in one["Subject"] for one in letters(machine, OPS)))
    assert machine.show("tenantry-alerts.service", "Result") == {"Result": "success"}
    assert machine.show("tenantry-alerts.timer", "ActiveState") == {"ActiveState": "active"}
