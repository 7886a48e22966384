"""Encrypted backups on a real host: taken without holding their key, opened with it only."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from provisioner.backups.writing import checksum_file
from tests.provisioner.local_root import LocalRoot, Outcome
from tests.provisioner.restored_client import LEAVE, QUESTION, ServedClient
from tests.provisioner.test_restoring import tree

ID = "offseal"
KEY = pyrage.x25519.Identity.generate()
PASSPHRASE = "onze pluviers au bord de l'eau"


@pytest.fixture(scope="module")
def client(host: LocalRoot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedClient]:
    """A client with a document; its backups go with it."""
    client = ServedClient.begin(host, ID)
    client.ingest(tmp_path_factory.mktemp("documents"), conges=LEAVE)
    yield client
    assert host.provision("purge", ID, "--yes").code == 0


@pytest.fixture(autouse=True)
def recipients(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host's backups are encrypted to one public key."""
    monkeypatch.setenv("TENANTRY_BACKUP_RECIPIENTS", str(KEY.to_public()))


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    """The file of the key that opens them, as `age-keygen` writes it."""
    return identity_file(tmp_path / "backups.key", KEY)


def identity_file(path: Path, key: pyrage.x25519.Identity) -> Path:
    path.write_text(f"# created: 2026-01-31T09:05:07Z\n# public key: {key.to_public()}\n{key}\n")
    path.chmod(0o600)
    return path


def taken(host: LocalRoot, *more: str) -> Path:
    outcome = host.provision("backup", ID, *more)
    assert outcome.code == 0, outcome.said
    assert outcome.document["encrypted"]
    return Path(outcome.document["file"])


def with_stdin(monkeypatch: pytest.MonkeyPatch, text: str) -> str:
    """Put a line on the standard input of the next command; return the option that reads it."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}\n"))
    return "--passphrase-stdin"


def refused(outcome: Outcome, code: str) -> str:
    assert (outcome.code, outcome.document["error"]["code"]) == (2, code), outcome.said
    return str(outcome.document["error"]["message"])


def test_the_host_takes_it_lists_it_and_cannot_open_it(client: ServedClient) -> None:
    host = client.host
    taken(host)
    archive = taken(host, "--keep", "1")
    assert archive.name.endswith(".tar.gz.age")
    assert LEAVE.encode() not in archive.read_bytes()
    (listed,) = host.provision("backups", ID).document
    assert (listed["file"], listed["verified"], listed["encrypted"]) == (str(archive), True, True)
    assert f"{ID}-{listed['taken_at'][:4]}" in archive.name
    before = tree(host.path)
    assert "age recipients" in refused(host.provision("restore", str(archive)), "locked")
    refused(host.provision("verify-backup", str(archive)), "locked")
    assert tree(host.path) == before
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert [one["verified"] for one in host.provision("backups", ID).document] == [False]
    archive.write_bytes(whole)


def test_its_key_restores_it_as_a_client_that_answers(client: ServedClient, identity: Path) -> None:
    host = client.host
    archive = taken(host)
    verified = host.provision("verify-backup", str(archive), "--identity", str(identity))
    assert verified.code == 0, verified.said
    assert verified.document["asked"] == verified.document["found"] > 0
    done = host.provision("restore", str(archive), "--as", "offseal-copy", "--identity", str(identity))
    assert done.code == 0, done.said
    copy = ServedClient(host, "offseal-copy", done.document["api_key"])
    answer = copy.ask("POST", "/api/chat", json={"question": QUESTION})
    assert "vingt-cinq" in answer.json()["answer"]
    in_place = host.provision("restore", str(archive), "--identity", str(identity))
    assert in_place.code == 0, in_place.said
    assert client.knows(LEAVE)
    assert host.provision("purge", "offseal-copy", "--yes").code == 0


def test_a_key_that_does_not_open_it_or_lies_open_or_beside_is_refused(
    client: ServedClient, identity: Path, tmp_path: Path
) -> None:
    host = client.host
    archive = taken(host)

    def restored(key: Path) -> Outcome:
        return host.provision("restore", str(archive), "--as", "offseal-other", "--identity", str(key))

    before = tree(host.path)
    stranger = identity_file(tmp_path / "stranger.key", pyrage.x25519.Identity.generate())
    assert "no key that was given" in refused(restored(stranger), "locked")
    identity.chmod(0o640)
    assert "others than you" in refused(restored(identity), "invalid-request")
    for text in ("", "# nothing\n", f"{KEY.to_public()}\n", "AGE-SECRET-KEY-1\n"):
        stranger.write_text(text)
        assert "identity" in refused(restored(stranger), "invalid-request")
    refused(restored(tmp_path / "none"), "invalid-request")
    assert tree(host.path) == before
    beside = identity_file(archive.parent / "backups.key", KEY)
    assert "beside the backups" in refused(restored(beside), "invalid-request")
    found = host.provision("doctor")
    assert found.code == 3
    assert any(str(beside) in one["problem"] for one in found.document)
    beside.unlink()
    assert not any("opens backups" in one["problem"] for one in host.provision("doctor").document)


def test_one_flipped_byte_is_refused_before_anything_is_written(client: ServedClient, identity: Path) -> None:
    host = client.host
    archive = taken(host)
    checksum_file(archive).unlink()
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    archive.write_bytes(content)
    before = tree(host.path)
    for words in (("restore",), ("verify-backup",), ("restore", "--as", "offseal-other")):
        outcome = host.provision(*words, str(archive), "--identity", str(identity))
        assert "damaged" in refused(outcome, "archive-refused")
    assert tree(host.path) == before
    assert client.knows(LEAVE)
    archive.unlink()


def test_a_clone_needs_no_key_and_leaves_nothing_between(client: ServedClient) -> None:
    host = client.host
    before = sorted((host.path / "backups" / ID).iterdir())
    cloned = host.provision("clone", ID, "offseal-clone")
    assert cloned.code == 0, cloned.said
    assert ServedClient(host, "offseal-clone", cloned.document["api_key"]).knows(LEAVE)
    assert sorted((host.path / "backups" / ID).iterdir()) == before
    assert not list(host.path.glob("passing-*"))
    assert host.provision("clone", "nobody", "offseal-none").code == 2
    assert host.provision("purge", "offseal-clone", "--yes").code == 0


def test_a_passphrase_on_standard_input_or_in_a_private_file(
    client: ServedClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = client.host
    archive = taken(host, with_stdin(monkeypatch, PASSPHRASE))
    option = with_stdin(monkeypatch, "another one")
    assert "does not open it" in refused(host.provision("verify-backup", str(archive), option), "locked")
    option = with_stdin(monkeypatch, PASSPHRASE)
    assert host.provision("verify-backup", str(archive), option).code == 0
    monkeypatch.delenv("TENANTRY_BACKUP_RECIPIENTS")
    file = tmp_path / "passphrase"
    monkeypatch.setenv("TENANTRY_BACKUP_PASSPHRASE_FILE", str(file))
    for text, mode in (("", 0o600), ("two\nlines\n", 0o600), (PASSPHRASE, 0o644)):
        file.write_text(text)
        file.chmod(mode)
        refused(host.provision("backup", ID), "invalid-configuration")
    file.chmod(0o600)
    assert host.provision("verify-backup", str(archive)).code == 0
    assert host.provision("restore", str(taken(host))).code == 0
    assert "beside the backups" in refused(
        host.provision("backup", ID, "--to", str(tmp_path)), "invalid-configuration"
    )
    everything = archive.read_bytes() + b"".join(path.read_bytes() for path in archive.parent.iterdir())
    assert PASSPHRASE.encode() not in everything


def test_the_hosts_own_files_are_encrypted_too(client: ServedClient) -> None:
    done = client.host.provision("backup", "--host")
    assert done.code == 0, done.said
    archive = Path(done.document["file"])
    assert archive.name.endswith(".tar.gz.age")
    assert b"registry.sqlite3" in gzip.decompress(pyrage.decrypt(archive.read_bytes(), [KEY]))
    assert str(KEY).encode() not in archive.read_bytes()


def test_what_is_no_public_key_is_refused(client: ServedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no age public key" in refused(
        client.host.provision("backup", ID, "--recipient", "age1other"), "invalid-request"
    )
    monkeypatch.setenv("TENANTRY_BACKUP_RECIPIENTS", str(KEY))
    said = refused(client.host.provision("backup", ID), "invalid-configuration")
    assert "secret half" in said
    assert str(KEY) not in said


def test_a_disk_that_fails_leaves_nothing(client: ServedClient) -> None:
    folder = client.host.path / "backups" / ID
    before = sorted(folder.iterdir())
    failed = client.host.injected(
        "fsync:error=EIO:when=5+", "backup", ID, "--recipient", str(KEY.to_public())
    )
    assert failed.returncode == 1, failed.stderr
    assert "Traceback" not in failed.stderr
    assert sorted(folder.iterdir()) == before
    assert not list(client.host.path.rglob(".tenantry-*"))
