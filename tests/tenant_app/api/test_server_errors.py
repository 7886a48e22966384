"""What an instance could not answer is counted by route, for the vendor, without a word of who asked."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from tenant_app.errors import Unavailable
from tenant_app.operations import perform
from tenant_app.server_errors import KEPT_FOR, MOST_KINDS, MOST_LAST, ServerErrors
from tenant_app.services import Services
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.waiting import wait_until

NUMBER = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def file(data_dir: Path) -> Path:
    return data_dir / "usage" / "errors.json"


@pytest.fixture
def counted(file: Path, clock: FixedClock) -> ServerErrors:
    return ServerErrors("dupont", file.parent, clock)


def told(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(file.read_bytes())
    return document


def written(counted: ServerErrors, file: Path) -> dict[str, Any]:
    """Return what the file says once the instance has ended, as it does at every restart."""
    counted.stop()
    return told(file)


def test_errors_are_told_by_route_and_request_and_nothing_else_of_them(
    app: Flask, client: FlaskClient, services: Services, file: Path
) -> None:
    def fail(name: str) -> Response:
        raise ZeroDivisionError(name) if name.startswith("bug") else Unavailable("Occupé", retry_after=1)

    app.add_url_rule("/api/fail/<name>", "fail", fail, methods=["GET", "POST"])
    services.server_errors.start()
    client.post("/api/fail/bug-confidentiel?question=confidentiel", headers={"X-Request-ID": NUMBER})
    for name in ("confidentiel-1", "confidentiel-2"):
        client.get(f"/api/fail/{name}")
    client.get("/api/nothing/confidentiel")  # nobody's error but who asked's
    client.get("/readyz")  # not ready: it is asked for its health, which is counted elsewhere

    document = written(services.server_errors, file)

    assert "confidentiel" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    kinds = [
        {"route": "POST /api/fail/<name>", "status": 500, "count": 1},
        {"route": "GET /api/fail/<name>", "status": 503, "count": 2},
    ]
    assert document["days"] == [{"day": "2025-01-15", "kinds": kinds}]
    assert (document["client_id"], document["since"]) == ("dupont", "2025-01-15T10:00:00Z")
    first = {"at": "2025-01-15T10:00:00Z", "route": "POST /api/fail/<name>", "status": 500}
    assert document["last"][0] == {**first, "request_id": NUMBER}
    assert len(document["last"]) == 3


def test_the_file_is_there_from_the_start_and_an_error_in_it_at_once(
    counted: ServerErrors, file: Path
) -> None:
    counted.start()
    wait_until(file.exists, "the file of an instance that has just started")
    assert told(file)["days"] == []
    counted.note("GET /x", 500, NUMBER)
    wait_until(lambda: bool(told(file)["days"]), "the error in the file while the instance serves")
    counted.stop()


def test_a_restart_goes_on_and_what_is_old_is_forgotten(
    counted: ServerErrors, file: Path, clock: FixedClock
) -> None:
    counted.start()
    counted.note("GET /old", 500, NUMBER)
    counted.stop()
    clock.set(clock.now() + KEPT_FOR - KEPT_FOR / 30)
    again = ServerErrors("dupont", file.parent, clock)
    again.start()
    again.note("GET /new", 503, NUMBER)
    assert [one["day"] for one in written(again, file)["days"]] == ["2025-01-15", "2025-02-13"]

    clock.advance(days=1)
    later = ServerErrors("dupont", file.parent, clock)
    later.start()
    later.note("GET /new", 503, NUMBER)
    document = written(later, file)

    assert [one["day"] for one in document["days"]] == ["2025-02-13", "2025-02-14"]
    assert {one["route"] for one in document["last"]} == {"GET /new"}
    assert document["since"] == "2025-01-15T10:00:00Z"


@pytest.mark.parametrize("content", ["", "{", '{"client_id": "martin", "since": "2025-01-01T00:00:00Z"}'])
def test_a_file_that_is_damaged_or_another_clients_is_begun_anew(
    counted: ServerErrors, file: Path, content: str
) -> None:
    file.write_text(content)
    counted.start()
    document = written(counted, file)
    assert (document["client_id"], document["since"]) == ("dupont", "2025-01-15T10:00:00Z")


def test_a_storm_of_errors_keeps_the_file_small(counted: ServerErrors, file: Path) -> None:
    counted.start()
    for number in range(100):
        for _ in range(number % 3 + 1):
            counted.note(f"GET /route/{number}", 500, NUMBER)
    document = written(counted, file)
    (day,) = document["days"]
    assert sum(one["count"] for one in day["kinds"]) == 199
    assert len(day["kinds"]) == MOST_KINDS + 1
    assert day["kinds"][-1]["route"] is None
    assert len(document["last"]) == MOST_LAST


def test_a_file_that_cannot_be_written_fails_nobody_and_is_written_later(
    counted: ServerErrors, file: Path
) -> None:
    """The disk may be full: a folder in the way of the new file stands for it, whoever runs the tests."""
    in_the_way = file.with_name(".errors.json.new")
    in_the_way.mkdir()
    counted.start()
    counted.note("GET /x", 500, NUMBER)
    in_the_way.rmdir()
    assert written(counted, file)["days"][0]["kinds"][0]["count"] == 1


def test_a_backup_takes_the_usage_and_leaves_the_errors(services: Services, data_dir: Path) -> None:
    """They are of the process that gave those answers; an archive's list of files knows months only."""
    for name in ("2025-01.json", "errors.json"):
        (data_dir / "usage" / name).write_text("{}")
    perform("snapshot", services, {}, running=True)
    assert [path.name for path in (data_dir / "snapshot" / "usage").iterdir()] == ["2025-01.json"]
