"""`export` and `import`: a client moves from one host to another, and is the same client there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest
import yaml
from dotenv import dotenv_values

from provisioner.backups.reading import read_manifest
from provisioner.backups.writing import write_backup
from provisioner.resources import plans_file
from tests.provisioner.local_root import LocalRoot, wait_until
from tests.provisioner.restored_client import LEAVE, QUESTION, ServedClient, rows, unpacked
from tests.provisioner.test_restoring import tree

ID = "offmove"
DOMAIN = "assistant.offmove.example"


@pytest.fixture(scope="module")
def client(host: LocalRoot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedClient]:
    """A client with figures, a domain, a person, a document and a conversation of its own."""
    created = host.new(ID, "--set", "max_cases=7", "--domain", DOMAIN, "--name", "Étude Offmove")
    assert created.code == 0, created.said
    client = ServedClient(host, ID, created.document["api_key"])
    client.ingest(tmp_path_factory.mktemp("documents"), conges=LEAVE)
    assert client.ask("POST", "/api/chat", json={"question": QUESTION}).status_code == 200
    wait_until(lambda: has_its_vectors(client))
    yield client
    assert host.provision("purge", ID, "--yes").code == 0


def has_its_vectors(client: ServedClient) -> bool:
    """Say whether nothing is computed any more that would change a row of its documents."""
    found = rows(client.directory / "data" / "tenant.sqlite3")
    return bool(found["chunks"]) and all(row["embedding_model"] for row in found["chunks"])


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRoot]:
    """Another host, with programs of its own."""
    root = LocalRoot.begin(tmp_path_factory.mktemp("o") / "r")
    begun = root.provision("host", "init")
    assert begun.code == 0, begun.said
    yield root
    assert root.provision("host", "stop").code == 0


@pytest.fixture(scope="module")
def exported(client: ServedClient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What it was exported into while it went on serving."""
    file = tmp_path_factory.mktemp("usb") / "offmove.tar.gz"
    done = client.host.provision("export", ID, str(file))
    assert done.code == 0, done.said
    assert (done.document["file"], done.document["suspended"]) == (str(file), False)
    assert client.host.rows()[ID]["state"] == "running"
    return file


def test_it_is_the_same_client_on_the_other_host(
    client: ServedClient, elsewhere: LocalRoot, exported: Path, tmp_path: Path
) -> None:
    person = client.host.provision("user", "add", ID, "b@example.fr", "--role", "member").document
    login = {"email": "b@example.fr", "password": person["password"]}
    signed_in = client.ask("POST", "/api/auth/login", json=login).json()
    file = tmp_path / "final.tar.gz"
    assert client.host.provision("export", ID, str(file), "--final").code == 0
    assert client.host.rows()[ID]["state"] == "suspended"
    assert client.host.get(ID) == 503

    done = elsewhere.provision("import", str(file))
    assert done.code == 0, done.said
    assert done.document["differing_terms"] == {}
    assert "api_key" not in done.document
    moved = ServedClient(elsewhere, ID, client.api_key)
    answer = moved.ask("POST", "/api/chat", json={"question": QUESTION})
    assert answer.status_code == 200, answer.text
    assert "vingt-cinq" in answer.json()["answer"]
    assert moved.ask("POST", "/api/auth/login", json=login).status_code == 200
    refresh = {"refresh_token": signed_in["refresh_token"]}
    assert moved.ask("POST", "/api/auth/refresh", json=refresh).status_code == 401

    was = rows(unpacked(file, tmp_path / "kept") / "tenant.sqlite3")
    there = rows(moved.directory / "data" / "tenant.sqlite3")
    for table, lines in was.items():
        assert [row for row in lines if row not in there[table]] == [], table
    shown, before = (root.provision("show", ID).document for root in (elsewhere, client.host))
    for key in ("name", "plan", "hostname", "domains"):
        assert shown[key] == before[key], key
    one, other = (dotenv_values(at.directory / ".env", interpolate=False) for at in (client, moved))
    assert one["MAX_CASES"] == other["MAX_CASES"] == "7"
    assert {key for key in one if one[key] != other[key]} >= {"PORT", "SECRET_KEY", "OPERATOR_KEY"}
    everything = b"".join(path.read_bytes() for path in (tmp_path / "kept").rglob("*") if path.is_file())
    for secret in (one["SECRET_KEY"], one["OPERATOR_KEY"], client.api_key, person["password"]):
        assert secret
        assert secret.encode() not in everything
    assert client.host.provision("events", ID).document[-1]["command"] == f"export {ID}"
    assert elsewhere.provision("events", ID).document[-1]["command"] == f"import {ID}"
    assert elsewhere.provision("diff", ID).code == 0

    again = elsewhere.provision("import", str(exported))
    assert (again.code, again.document["error"]["code"]) == (2, "wrong-state")
    assert client.host.provision("resume", ID).code == 0
    assert elsewhere.provision("purge", ID, "--yes").code == 0


def test_a_plan_that_is_other_here_is_told_and_one_that_is_unknown_refused(
    elsewhere: LocalRoot, exported: Path
) -> None:
    catalogue = yaml.safe_load(plans_file().read_text())
    own = elsewhere.path / "plans.yaml"
    starter = catalogue["plans"]["starter"]
    there = starter["max_users"]
    starter["max_users"] = there + 1
    own.write_text(yaml.safe_dump(catalogue, allow_unicode=True))
    done = elsewhere.provision("import", str(exported), "--as", "offmove-new")
    assert done.code == 0, done.said
    assert done.document["differing_terms"] == {"max_users": {"there": there, "here": there + 1}}
    assert "max_users was" in done.said
    assert elsewhere.provision("purge", "offmove-new", "--yes").code == 0
    catalogue["plans"]["other"] = catalogue["plans"].pop("starter")
    own.write_text(yaml.safe_dump(catalogue, allow_unicode=True))
    before = tree(elsewhere.path)
    refused = elsewhere.provision("import", str(exported))
    own.unlink()
    assert refused.code == 2
    assert "starter" in refused.document["error"]["message"]
    assert tree(elsewhere.path) == before - {Path("plans.yaml")}
    assert ID not in elsewhere.rows()


def test_what_is_of_a_newer_version_is_refused(elsewhere: LocalRoot, exported: Path, tmp_path: Path) -> None:
    copy = unpacked(exported, tmp_path / "copy")
    about = read_manifest(exported).model_copy(update={"members": (), "product": "99.0.0"})
    (copy / "manifest.json").unlink()
    write_backup(copy, tmp_path / "newer.tar.gz", about)
    refused = elsewhere.provision("import", str(tmp_path / "newer.tar.gz"))
    assert (refused.code, refused.document["error"]["code"]) == (2, "archive-refused")
    assert "newer than" in refused.document["error"]["message"]
    assert ID not in elsewhere.rows()


def test_an_encrypted_one_travels_too_and_a_flipped_byte_does_not(
    client: ServedClient, elsewhere: LocalRoot, tmp_path: Path
) -> None:
    key = pyrage.x25519.Identity.generate()
    identity = tmp_path / "key"
    identity.write_text(f"{key}\n")
    identity.chmod(0o600)
    (tmp_path / "usb").mkdir()
    file = tmp_path / "usb" / "offmove.age"
    done = client.host.provision("export", ID, str(file), "--recipient", str(key.to_public()))
    assert done.code == 0, done.said
    assert elsewhere.provision("import", str(file)).code == 2
    done = elsewhere.provision("import", str(file), "--identity", str(identity), "--as", "offmove-two")
    assert done.code == 0, done.said
    assert ServedClient(elsewhere, "offmove-two", client.api_key).knows(LEAVE)
    assert elsewhere.provision("purge", "offmove-two", "--yes").code == 0
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert elsewhere.provision("import", str(file), "--identity", str(identity)).code == 2
    assert ID not in elsewhere.rows()


def test_a_name_that_is_taken_is_refused_and_a_failed_export_suspends_nobody(
    client: ServedClient, exported: Path, tmp_path: Path
) -> None:
    host = client.host
    kept = exported.read_bytes()
    assert host.provision("export", ID, str(exported), "--final").code == 2
    assert host.provision("export", ID, str(tmp_path / "none" / "file"), "--final").code == 2
    assert host.provision("export", "nobody", str(tmp_path / "file")).code == 2
    assert exported.read_bytes() == kept
    target = tmp_path / "full.tar.gz"
    failed = host.injected("fsync:error=EIO:when=1", "export", ID, str(target), "--final", within=tmp_path)
    assert failed.returncode == 1, failed.stderr
    assert host.rows()[ID]["state"] == "running"
    assert client.knows(LEAVE)
    assert list(tmp_path.iterdir()) == []


def test_an_import_that_was_cut_off_is_finished_by_itself_only(
    elsewhere: LocalRoot, client: ServedClient, exported: Path
) -> None:
    elsewhere.killed_at_step(8, "import", str(exported), "--as", "offmove-cut")
    assert elsewhere.rows()["offmove-cut"]["state"] == "creating"
    assert elsewhere.new("offmove-cut").code == 2
    done = elsewhere.provision("import", str(exported), "--as", "offmove-cut")
    assert done.code == 0, done.said
    assert done.document["resumed"]
    assert ServedClient(elsewhere, "offmove-cut", client.api_key).knows(LEAVE)
    assert elsewhere.provision("purge", "offmove-cut", "--yes").code == 0
