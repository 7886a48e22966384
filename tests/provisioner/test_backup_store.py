"""Backups in an S3-compatible store: sent in parts, read back, listed, fetched and erased there."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from provisioner.backups.object_store import ObjectStore, StoreFailed
from provisioner.backups.reading import verify
from tests.provisioner.local_root import LocalRoot, Outcome
from tests.provisioner.object_server import (
    BUCKET,
    SECRET,
    ObjectServer,
    credentials,
    object_server,
    spoiling_proxy,
)
from tests.provisioner.restored_client import LEAVE, QUESTION, ServedClient

ID = "offstore"
ADDRESS = f"s3://{BUCKET}/tenantry/{ID}"
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    with object_server(tmp_path_factory.mktemp("s3") / "log") as running:
        yield running


@pytest.fixture(scope="module")
def client(host: LocalRoot, tmp_path_factory: pytest.TempPathFactory) -> ServedClient:
    """A client with a document."""
    client = ServedClient.begin(host, ID)
    client.ingest(tmp_path_factory.mktemp("documents"), conges=LEAVE)
    return client


@pytest.fixture(autouse=True)
def target(server: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host's backups go to the store."""
    monkeypatch.setenv("TENANTRY_BACKUP_TARGET", f"s3://{BUCKET}/tenantry")
    monkeypatch.setenv("TENANTRY_S3_ENDPOINT", server.endpoint)
    monkeypatch.setenv("TENANTRY_S3_REGION", "fr-par")
    monkeypatch.setenv("TENANTRY_S3_CREDENTIALS_FILE", str(credentials(tmp_path / "keys")))


def taken(host: LocalRoot, *more: str) -> Outcome:
    outcome = host.provision("backup", ID, *more)
    assert outcome.code == 0, outcome.said
    return outcome


def key_of(address: str) -> str:
    return address.removeprefix(f"s3://{BUCKET}/")


def waiting(host: LocalRoot) -> list[Path]:
    """The archives that are on this host."""
    return sorted((host.path / "backups" / ID).glob("*.tar.gz"))


def test_it_is_in_the_store_byte_for_byte_and_no_longer_here(
    client: ServedClient, server: ObjectServer
) -> None:
    host = client.host
    taken(host)
    address = taken(host, "--keep", "1").document["file"]
    assert address.startswith(f"{ADDRESS}/{ID}-")
    sha256, name = server.get(f"{key_of(address)}.sha256").decode().split()
    assert address.endswith(f"/{name}")
    assert hashlib.sha256(server.get(key_of(address))).hexdigest() == sha256
    assert sorted(server.names()) == [key_of(address), f"{key_of(address)}.sha256"]
    assert waiting(host) == []
    (listed,) = host.provision("backups", ID).document
    assert (listed["file"], listed["verified"]) == (address, True)
    assert listed["taken_at"]
    assert host.provision("backups", ID, "--quick").document[0]["verified"] is None
    assert ID in {one["id"] for one in host.provision("backups").document}


def test_it_is_verified_and_restored_from_there(client: ServedClient) -> None:
    host = client.host
    address = taken(host).document["file"]
    assert host.provision("verify-backup", address).code == 0
    done = host.provision("restore", address, "--as", "offstore-copy")
    assert done.code == 0, done.said
    copy = ServedClient(host, "offstore-copy", done.document["api_key"])
    assert "vingt-cinq" in copy.ask("POST", "/api/chat", json={"question": QUESTION}).json()["answer"]
    assert host.provision("restore", address).code == 0
    assert client.knows(LEAVE)
    assert not list(host.path.glob("passing-*"))
    assert host.provision("clone", ID, "offstore-clone").code == 0
    assert waiting(host) == []
    for one in ("offstore-copy", "offstore-clone"):
        assert host.provision("purge", one, "--yes").code == 0


def test_a_flipped_byte_there_is_told_and_refused(client: ServedClient, server: ObjectServer) -> None:
    host = client.host
    address = taken(host, "--keep", "1").document["file"]
    whole = server.get(key_of(address))
    server.put(key_of(address), whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
    assert [one["verified"] for one in host.provision("backups", ID).document] == [False]
    for words in (("verify-backup",), ("restore",), ("restore", "--as", "offstore-other")):
        refused = host.provision(*words, address)
        assert (refused.code, refused.document["error"]["code"]) == (2, "archive-refused")
        assert address in refused.document["error"]["message"]
    assert client.knows(LEAVE)
    assert not list(host.path.glob("passing-*"))
    assert host.provision("restore", f"{address}.none").code == 1
    assert host.provision("restore", "s3://somewhere/else.tar.gz").code == 2


def test_while_the_store_is_away_they_wait_here_and_the_next_one_takes_them_along(
    client: ServedClient, server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = client.host
    monkeypatch.setenv("TENANTRY_S3_ENDPOINT", NOWHERE)
    failed = host.provision("backup", ID, "--keep", "1")
    assert failed.code == 1
    (file,) = waiting(host)
    message = failed.document["error"]["message"]
    assert "it does not answer" in message
    assert f"stays here: {file}" in message
    assert verify(file).client_id == ID
    assert host.provision("backups", ID).code == 1
    monkeypatch.setenv("TENANTRY_S3_ENDPOINT", server.endpoint)
    found = [one for one in host.provision("doctor").document if one["subject"] == ID]
    assert any(str(file) in one["problem"] for one in found)
    assert len(host.provision("backups", ID).document) == 2
    taken(host)
    assert waiting(host) == []
    assert any(key.endswith(f"/{file.name}") for key in server.names())
    sending = [one for one in host.provision("events", ID).document if one["command"] == f"send {ID}"]
    assert [one["outcome"] for one in sending[-2:]] == ["failed", "done"]


def test_what_arrives_otherwise_than_it_was_sent_does_not_count(
    client: ServedClient, server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with spoiling_proxy(server) as proxy:
        monkeypatch.setenv("TENANTRY_S3_ENDPOINT", proxy.endpoint)
        failed = client.host.provision("backup", ID)
    assert failed.code == 1
    assert "not what was put there" in failed.document["error"]["message"]
    assert len(waiting(client.host)) == 1


def test_the_stores_own_words_are_told_and_no_secret(
    client: ServedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENANTRY_BACKUP_TARGET", "s3://no-such-bucket/tenantry")
    failed = client.host.provision("backup", ID)
    assert failed.code == 1
    assert "NoSuchBucket" in failed.document["error"]["message"]
    assert SECRET not in failed.said + str(failed.document)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("S3_ENDPOINT", "http://s3.example.org"),
        ("BACKUP_TARGET", "s3://Bucket"),
        ("BACKUP_TARGET", "s3://bucket/../other"),
        ("BACKUP_TARGET", "relative/folder"),
        ("S3_CREDENTIALS_FILE", "/nowhere/keys"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    client: ServedClient, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"TENANTRY_{name}", value)
    refused = client.host.provision("backup", ID)
    assert (refused.code, refused.document["error"]["code"]) == (2, "invalid-configuration")


def test_keys_that_others_can_read_are_refused(client: ServedClient, tmp_path: Path) -> None:
    (tmp_path / "keys").chmod(0o644)
    refused = client.host.provision("backup", ID)
    assert (refused.code, refused.document["error"]["code"]) == (2, "invalid-configuration")
    (tmp_path / "keys").chmod(0o600)
    (tmp_path / "keys").write_text(f"aws_secret_access_key = {SECRET}\n")
    refused = client.host.provision("backup", ID)
    assert refused.code == 2
    assert SECRET not in refused.said + str(refused.document)


def test_the_hosts_own_files_go_there_too(
    client: ServedClient, server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENANTRY_S3_ENDPOINT", NOWHERE)
    assert client.host.provision("backup", "--host").code == 1
    monkeypatch.setenv("TENANTRY_S3_ENDPOINT", server.endpoint)
    done = client.host.provision("backup", "--host")
    assert done.code == 0, done.said
    assert done.document["file"].startswith(f"s3://{BUCKET}/tenantry/host/host-")
    assert len(server.get(key_of(done.document["file"]))) == done.document["size"]
    assert not list((client.host.path / "backups-host").glob("*.tar.gz"))
    sending = [one for one in client.host.provision("events").document if one["command"] == "send --host"]
    assert [one["outcome"] for one in sending[-2:]] == ["failed", "done"]


def test_purged_it_is_gone_there_too_and_the_certificate_says_so(
    client: ServedClient, server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = client.host
    taken(host)
    monkeypatch.setenv("TENANTRY_S3_ENDPOINT", NOWHERE)
    assert host.provision("purge", ID, "--yes").code == 1
    assert ID in host.rows()
    monkeypatch.setenv("TENANTRY_S3_ENDPOINT", server.endpoint)
    done = host.provision("purge", ID, "--yes")
    assert done.code == 0, done.said
    assert not [key for key in server.names() if f"/{ID}/" in key]
    certificate = next((host.path / "erasures").glob(f"{ID}-*.json")).read_text()
    assert ADDRESS in certificate


def test_a_folder_of_host_yaml_is_used_like_the_own_one(
    host: LocalRoot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "nas"
    monkeypatch.setenv("TENANTRY_BACKUP_TARGET", str(folder))
    assert host.new("offnas").code == 0
    missing = host.provision("backup", "offnas")
    assert missing.code == 1
    assert str(folder) in missing.document["error"]["message"]
    folder.mkdir()
    for _ in range(2):
        done = host.provision("backup", "offnas", "--keep", "1")
        assert done.code == 0, done.said
    assert Path(done.document["file"]).parent == folder / "offnas"
    assert [one["file"] for one in host.provision("backups", "offnas").document] == [done.document["file"]]
    assert Path(host.provision("backup", "--host").document["file"]).parent == folder / "host"
    assert host.provision("purge", "offnas", "--yes").code == 0
    assert not (folder / "offnas").exists()


def test_a_large_file_goes_in_parts(server: ObjectServer, tmp_path: Path) -> None:
    store = ObjectStore(BUCKET, "", server.endpoint, "fr-par", SecretStr("ours"), SecretStr(SECRET))
    large = tmp_path / "large"
    large.write_bytes(b"0123456789abcdef" * 1_250_000)
    store.put(large, "large/file")
    assert server.tag("large/file").endswith("-3")
    with (tmp_path / "back").open("wb") as back:
        store.fetch("large/file", back)
    assert (tmp_path / "back").read_bytes() == large.read_bytes()
    store.erase("large/file")
    with pytest.raises(StoreFailed, match="could not read"):
        store.sha256("large/file")


def test_who_has_no_store_does_not_pay_for_it() -> None:
    program = (
        "import sys, provisioner.cli.backups, provisioner.service.removal; print('obstore' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "False"
