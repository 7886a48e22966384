"""Acting on clients from the dashboard's JSON interface, on a host of each driver."""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.drivers.operators import LocalOperator, Operator, SystemdOperator, ask, done

DASHBOARD = "admin.localhost"
ID = "pilote"


@pytest.fixture(scope="module")
def headers(operator: Operator) -> dict[str, str]:
    """What a program with a token to act sends. The command runs by itself: it gives up the rights it has."""
    made = done(operator, "admin", "token", "new", "pilote", "--role", "operator", stdin="")
    deadline = time.monotonic() + 60
    while ask(operator, DASHBOARD, "/healthz").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return {"Authorization": f"Bearer {made['token']}"}


def acted(operator: Operator, headers: dict[str, str], path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask for an action and look at its job until it has ended."""
    begun = ask(operator, DASHBOARD, f"/admin/api/clients{path}", send=body, headers=headers)
    assert begun.status == 202, begun.text
    deadline = time.monotonic() + 150
    while (job := ask(operator, DASHBOARD, begun.headers["location"], headers=headers).json())[
        "state"
    ] == "running":
        assert time.monotonic() < deadline, job
        time.sleep(0.2)
    shown: dict[str, Any] = job
    return shown


def test_a_program_makes_a_client_suspends_it_and_takes_a_backup(
    operator: Operator, headers: dict[str, str]
) -> None:
    new = {"id": ID, "plan": "starter", "name": "Cabinet Pilote", "admin_email": "a@pilote.example"}
    made = acted(operator, headers, "", new)
    assert made["state"] == "done", made
    assert made["secrets"]["api_key"].startswith("sk_starter_")
    # No mail server is named: the welcome letter, with links in place of secrets, waits.
    assert (made["done"]["letter_sent"], made["done"]["letter_trouble"]) == (False, None)
    host = f"{ID}.localhost"
    assert ask(operator, host, "/readyz").status == 200

    for action, body, status in (
        ("suspend", {"reason": "impayé"}, 503),
        ("resume", {}, 200),
        ("rotate", {}, 200),
        ("plan", {"plan": "professional"}, 200),
    ):
        job = acted(operator, headers, f"/{ID}/{action}", body)
        assert job["state"] == "done", job
        assert ask(operator, host, "/readyz").status == status
    for action in ("backup", "package"):
        job = acted(operator, headers, f"/{ID}/{action}", {})
        assert job["state"] == "done", job
        assert job["done"]["size"] > 0

    events = done(operator, "events", ID)
    assert {event["operator"] for event in events} == {"token pilote"}
    assert [event["command"].split()[0] for event in events] == [
        *("new", "suspend", "resume", "rotate", "plan", "backup", "package")
    ]
    told = ask(operator, DASHBOARD, f"/admin/api/clients/{ID}/events", headers=headers).json()
    assert [event["command"] for event in told["events"]] == [event["command"] for event in events]
    errors = ask(operator, DASHBOARD, f"/admin/api/clients/{ID}/errors", headers=headers).json()
    assert errors["state"] == "known"  # the dashboard's walls let it read what the instance wrote
    refused = acted(operator, headers, f"/{ID}/resume", {"reason": "a" * 200})
    assert refused["state"] == "done"


def test_how_clients_answer_is_noted_by_the_dashboard_s_user(
    operator: Operator, headers: dict[str, str], tmp_path: Path
) -> None:
    database = operator.path(operator.root / "admin" / "admin.sqlite3")
    before = database.stat().st_uid
    if isinstance(operator, SystemdOperator):
        operator.machine.run("systemctl", "start", "tenantry-observation.service")
    else:
        done(operator, "admin", "observe", stdin="")
    copy = tmp_path / "admin.sqlite3"
    copy.write_bytes(database.read_bytes())
    with closing(sqlite3.connect(copy)) as noted:
        (asked, ready) = noted.execute(
            "SELECT sum(asked), sum(ready) FROM health_days WHERE client = ?", (ID,)
        ).fetchone()
    assert asked == ready >= 1
    assert database.stat().st_uid == before


def test_what_acts_is_another_process_than_what_is_reached_over_the_web(operator: Operator) -> None:
    """Where clients have users of their own, the web process is none that could do it itself."""
    if isinstance(operator, SystemdOperator):
        users = {
            unit: operator.machine.show(f"{unit}.service", "User")["User"]
            for unit in ("tenantry-admin", "tenantry-actions")
        }
        assert users == {"tenantry-admin": "tenantry-admin", "tenantry-actions": ""}
        told = operator.run("stat", "--format=%U %G %a", "/run/tenantry-actions.sock").stdout
        assert told.split() == [b"root", b"tenantry-admin", b"660"]
    else:
        assert isinstance(operator, LocalOperator)
        socket = operator.root / "run" / "actions" / "actions.sock"
        assert oct(socket.stat().st_mode & 0o777) == "0o660"
        assert socket.stat().st_uid == os.geteuid()
