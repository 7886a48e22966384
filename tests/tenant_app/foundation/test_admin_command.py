"""``python -m tenant_app admin``: JSON in, JSON out, while the instance is stopped."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.tenant_app.conftest import PASSWORD
from tests.tenant_app.instance import ADMIN, ADMIN_PASSWORD, API_KEY, Instance, make_instance


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return make_instance(tmp_path)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """Return an initialised instance, for the tests that change nothing."""
    instance = make_instance(tmp_path_factory.mktemp("ready"))
    instance.init()
    return instance


def test_init_makes_an_instance_ready(instance: Instance) -> None:
    instance.init()
    _, listed = instance.admin("user-list")
    assert [(user["email"], user["role"], user["active"]) for user in listed["users"]] == [
        (ADMIN, "admin", True)
    ]
    _, keys = instance.admin("key-list")
    assert [key["name"] for key in keys["keys"]] == ["initial"]
    assert {path.name for path in instance.data_dir.iterdir()} >= {"originals", "chroma", "usage", "tmp"}


def test_the_first_password_is_hashed_as_dearly_as_owasp_asks(ready: Instance) -> None:
    """19 MiB, two passes, one lane: the first choice of its cheat sheet on password storage."""
    with closing(sqlite3.connect(ready.data_dir / "tenant.sqlite3")) as database:
        (stored,) = database.execute("SELECT password_hash FROM users").fetchone()
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_init_again_replaces_both_secrets(instance: Instance) -> None:
    """A resume of ``provision new`` comes with fresh secrets; those of the killed run must be dead."""
    instance.init()
    payload = {
        "admin_email": ADMIN.upper(),
        "admin_password": "the second password",
        "api_key": API_KEY[:-1] + "2",
    }
    assert instance.admin("init", payload)[0] == 0
    _, listed = instance.admin("user-list")
    assert len(listed["users"]) == 1
    with closing(sqlite3.connect(instance.data_dir / "tenant.sqlite3")) as database:
        live = database.execute("SELECT count(*) FROM api_keys WHERE revoked_at IS NULL").fetchone()
        revoked = database.execute("SELECT count(*) FROM api_keys WHERE revoked_at IS NOT NULL").fetchone()
    assert (live, revoked) == ((1,), (1,))


def test_users_and_keys_are_looked_after(instance: Instance) -> None:
    instance.init()
    status, user = instance.admin("user-add", {"email": "marie@dupont.test", "role": "member"})
    assert status == 0
    assert user["password"]
    status, chosen = instance.admin(
        "user-reset-password", {"email": "marie@dupont.test", "password": PASSWORD}
    )
    assert (status, chosen["password"]) == (0, None)
    status, key = instance.admin("key-new", {"name": "intranet"})
    assert key["key"].startswith("sk_professional_")
    assert instance.admin("key-revoke", {"id": key["id"]})[0] == 0
    assert instance.admin("user-remove", {"email": "marie@dupont.test"})[0] == 0
    assert instance.admin("migrate") == (0, {})


@pytest.mark.parametrize(
    ("name", "sent", "code", "said"),
    [
        ("user-remove", '{"email": "nobody@dupont.test"}', "not-found", "No user has the address"),
        ("user-remove", f'{{"email": "{ADMIN}"}}', "last-administrator", "administrator"),
        ("user-add", '{"email": "x"}', "invalid-input", "[role: Field required]"),
        ("user-add", '{"email": "x", "role": "member"}', "invalid-email", "address"),
        ("key-revoke", '{"id": 99}', "not-found", "does not exist"),
        ("drop-everything", "{}", "unknown-operation", "operation does not exist"),
        ("user-list", "[]", "failed", "one JSON object"),
        ("user-list", "{", "failed", "Expecting"),
    ],
)
def test_a_refusal_is_said_in_json_and_english(
    ready: Instance, name: str, sent: str, code: str, said: str
) -> None:
    status, answer = ready.admin(name, text=sent)
    assert status == 1
    assert answer["error"]["code"] == code
    assert said in answer["error"]["message"]


def test_a_running_instance_is_left_alone(ready: Instance) -> None:
    with ready.serving():
        status, answer = ready.admin("user-list")
    assert (status, answer["error"]["code"]) == (1, "in-use")
    assert "stop this instance first" in answer["error"]["message"]


def test_no_secret_is_stored_and_nothing_is_readable_by_others(ready: Instance) -> None:
    stored = b"".join(path.read_bytes() for path in ready.data_dir.rglob("*") if path.is_file())
    assert ADMIN_PASSWORD.encode() not in stored
    assert API_KEY.encode() not in stored
    for path in ready.data_dir.rglob("*"):
        assert path.stat().st_mode & 0o007 == 0, path


@pytest.mark.parametrize("left", [None, b"", b"not a database, but long enough to be read as one" * 50])
def test_no_command_puts_an_empty_database_beside_the_documents_of_a_lost_one(
    instance: Instance, left: bytes | None
) -> None:
    instance.init()
    database, original = instance.data_dir / "tenant.sqlite3", instance.data_dir / "originals" / ("0" * 64)
    original.write_bytes(b"Le bail.")
    database.unlink()
    if left is not None:
        database.write_bytes(left)
    for command in ("migrate", "user-list"):
        status, answer = instance.admin(command)
        assert (status, answer["error"]["code"]) == (1, "database-lost")
        assert "restore the database from a backup" in answer["error"]["message"]
    status, message = instance.refused()
    assert status == 78
    assert "restore the database from a backup" in message
    assert (database.read_bytes() if database.exists() else None) == left
    assert original.read_bytes() == b"Le bail."
