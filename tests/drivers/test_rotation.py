"""Fresh keys for a client while it is used, on a host of each driver."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.drivers.conftest import EMAIL, Client, provisioned
from tests.drivers.operators import Operator, SystemdOperator, ask, done, provision


@pytest.fixture(scope="module")
def clef(operator: Operator) -> Client:
    return provisioned(operator, "clef", "starter")


def token(client: Client) -> dict[str, str]:
    credentials = {"email": EMAIL, "password": client.told["admin"]["password"]}
    answer = ask(client.operator, client.host, "/api/auth/login", send=credentials)
    assert answer.status == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def me(client: Client, headers: dict[str, str]) -> int:
    return ask(client.operator, client.host, "/api/me", headers=headers).status


def keys(client: Client) -> dict[str, str]:
    env = client.operator.path(Path(client.operator.root, f"client-{client.id}", ".env")).read_text()
    pairs = (line.split("=", 1) for line in env.splitlines() if "=" in line)
    return {name: value for name, value in pairs if name.endswith("_KEY")}


@contextmanager
def asked_all_the_while(client: Client, headers: dict[str, str]) -> Iterator[list[int]]:
    """Ask one request after the other for the length of a `with` block; yields what they were answered."""
    over, statuses = threading.Event(), list[int]()

    def go_on() -> None:
        while not over.is_set():
            statuses.append(me(client, headers))

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield statuses
    finally:
        over.set()
        thread.join()


def test_who_is_signed_in_stays_so_and_the_keys_are_others(clef: Client) -> None:
    signed_in, program = token(clef), {"X-API-Key": clef.told["api_key"]}
    before = keys(clef)
    told = done(clef.operator, "rotate", "clef")
    assert told["former_key_until"].endswith("Z")
    after = keys(clef)
    assert {name for name in before if before[name] != after[name]} == {"SECRET_KEY", "OPERATOR_KEY"}
    assert [me(clef, one) for one in (signed_in, program, token(clef))] == [200, 200, 200]
    assert done(clef.operator, "user", "list", "clef")
    assert provision(clef.operator, "diff", "clef").status == 0


def test_no_request_fails_where_the_port_stays_open(clef: Client) -> None:
    """Under the local driver the process is away for a moment, and nginx says so with `Retry-After`."""
    allowed = {200} if isinstance(clef.operator, SystemdOperator) else {200, 503}
    signed_in = token(clef)
    with asked_all_the_while(clef, signed_in) as statuses:
        done(clef.operator, "rotate", "clef")
    assert len(statuses) > 3
    assert set(statuses) <= allowed
    assert statuses[-1] == 200


def test_at_once_nothing_signed_before_opens_anything(clef: Client) -> None:
    signed_in = token(clef)
    assert done(clef.operator, "rotate", "clef", "--at-once")["former_key_until"] is None
    assert me(clef, signed_in) == 401
    assert me(clef, {"X-API-Key": clef.told["api_key"]}) == 200


def test_a_suspended_client_gets_its_keys_and_stays_suspended(clef: Client) -> None:
    done(clef.operator, "suspend", "clef")
    before = keys(clef)
    done(clef.operator, "rotate", "clef")
    assert keys(clef) != before
    assert done(clef.operator, "status", "clef")["state"] == "suspended"
    done(clef.operator, "resume", "clef")
    assert me(clef, token(clef)) == 200


def test_an_edited_settings_file_is_not_rotated(clef: Client) -> None:
    env = clef.operator.path(Path(clef.operator.root, "client-clef", ".env"))
    written = env.read_text()
    env.write_text(written + "# mine\n")
    try:
        refused = provision(clef.operator, "rotate", "clef")
        assert refused.status == 2
        assert "edited by hand" in refused.messages
    finally:
        env.write_text(written)
    assert provision(clef.operator, "rotate", "nobody").status == 2
