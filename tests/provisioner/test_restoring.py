"""`restore`, `clone` and `verify-backup` on a real host."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command as alembic
from dotenv import dotenv_values

from provisioner.backups.reading import read_manifest
from provisioner.backups.writing import checksum_file, write_backup
from tenant_app.database import Database
from tenant_app.migrations.upgrade import configuration
from tests.provisioner.local_root import LocalRoot, wait_until
from tests.provisioner.restored_client import BADGE, LEAVE, QUESTION, ServedClient, rows, unpacked

ID = "mirabelle"


@pytest.fixture(scope="module")
def mirabelle(host: LocalRoot, tmp_path_factory: pytest.TempPathFactory) -> ServedClient:
    """A client with a document."""
    client = ServedClient.begin(host, ID)
    client.ingest(tmp_path_factory.mktemp("documents"), conges=LEAVE)
    assert client.ask("POST", "/api/chat", json={"question": QUESTION}).status_code == 200
    return client


@pytest.fixture(scope="module")
def archive(mirabelle: ServedClient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it, taken while documents come and go."""
    with mirabelle.written_to():
        done = mirabelle.host.provision("backup", ID, "--to", str(tmp_path_factory.mktemp("backups")))
    assert done.code == 0, done.said
    return Path(done.document["file"])


@pytest.fixture
def purged(host: LocalRoot) -> Iterator[None]:
    """Purges the new clients of a test."""
    before = set(host.rows())
    yield
    for tenant_id in set(host.rows()) - before:
        assert host.provision("purge", tenant_id, "--yes").code == 0


def altered(archive: Path, folder: Path, change: str = "", *, without_originals: bool = False) -> Path:
    """A whole backup of other data: a statement was executed in its database, or its originals are gone."""
    copy = unpacked(archive, folder / "copy")
    about = read_manifest(archive).model_copy(update={"members": (), "taken_at": datetime.now(UTC)})
    (copy / "manifest.json").unlink()
    if change:
        with closing(sqlite3.connect(copy / "tenant.sqlite3")) as database, database:
            database.execute(change)
    if without_originals:
        shutil.rmtree(copy / "originals")
    target = folder / "altered.tar.gz"
    write_backup(copy, target, about)
    return target


def tree(folder: Path) -> set[Path]:
    """Every path below a folder but what a running instance makes and removes by itself."""
    passing = ("-wal", "-shm", ".log", "-journal", "lock")
    own = {"chroma", "tmp"}
    below = (path.relative_to(folder) for path in folder.rglob("*"))
    return {path for path in below if not path.name.endswith(passing) and own.isdisjoint(path.parts)}


@pytest.mark.usefixtures("purged")
def test_as_a_new_client_it_has_the_same_data_and_answers_from_them(
    mirabelle: ServedClient, archive: Path, tmp_path: Path
) -> None:
    host = mirabelle.host
    done = host.provision("restore", str(archive), "--as", "mirabelle-copy")
    assert done.code == 0, done.said
    assert done.document["from"] == ID
    assert done.document["hostname"] == "mirabelle-copy.localhost"
    assert done.document["port"] != host.rows()[ID]["port"]
    copy = ServedClient(host, "mirabelle-copy", done.document["api_key"])
    kept = unpacked(archive, tmp_path / "kept")
    there, was = rows(copy.directory / "data" / "tenant.sqlite3"), rows(kept / "tenant.sqlite3")
    for one in (there, was):  # the first admin has a new password
        one["users"] = [{**row, "password_hash": ""} for row in one["users"]]
    assert "conges.txt" in {row["name"] for row in was["documents"]}
    for table, lines in was.items():
        assert [row for row in lines if row not in there[table]] == [], table
    assert all(
        was[table] for table in ("users", "documents", "document_texts", "chunks", "conversations", "turns")
    )
    originals = {path.name for path in (kept / "originals").iterdir()}
    assert originals <= {path.name for path in (copy.directory / "data" / "originals").iterdir()}
    answer = copy.ask("POST", "/api/chat", json={"question": QUESTION})
    assert answer.status_code == 200, answer.text
    assert "vingt-cinq" in answer.json()["answer"]
    # The index of the copy is built at the first question whose vector was there in time.
    wait_until(
        lambda: copy.knows(LEAVE) and any((copy.directory / "data" / "chroma").rglob("chroma.sqlite3"))
    )
    assert mirabelle.knows(LEAVE)


@pytest.mark.usefixtures("purged")
def test_what_opens_one_client_does_not_open_its_copy(mirabelle: ServedClient) -> None:
    host = mirabelle.host
    cloned = host.provision("clone", ID, "mirabelle-clone")
    assert cloned.code == 0, cloned.said
    copy = ServedClient(host, "mirabelle-clone", cloned.document["api_key"])
    assert copy.knows(LEAVE)
    assert (
        ServedClient(host, "mirabelle-clone", mirabelle.api_key).ask("GET", "/api/documents").status_code
        == 403
    )
    assert ServedClient(host, ID, copy.api_key).ask("GET", "/api/documents").status_code == 403
    one, other = (dotenv_values(client.directory / ".env", interpolate=False) for client in (mirabelle, copy))
    differing = {key for key in one if one[key] != other[key]}
    assert differing >= {"CLIENT_ID", "INSTANCE_NAME", "DATA_DIR", "PORT", "SECRET_KEY", "OPERATOR_KEY"}
    signed_in = copy.ask(
        "POST",
        "/api/auth/login",
        json={"email": "a@example.fr", "password": cloned.document["admin"]["password"]},
    )
    assert signed_in.status_code == 200, signed_in.text
    assert not list((host.path / "backups").glob(f"{ID}/*"))
    assert host.provision("diff", "mirabelle-clone").code == 0
    assert host.provision("clone", ID, "mirabelle-clone").code == 2
    assert host.provision("clone", ID, "Mike").code == 2


def test_in_place_the_data_are_the_backups_and_the_old_ones_are_kept_aside(
    mirabelle: ServedClient, archive: Path, tmp_path: Path
) -> None:
    host = mirabelle.host
    reset = host.provision("user", "reset-password", ID, "a@example.fr")
    login = {"email": "a@example.fr", "password": reset.document["password"]}
    token = mirabelle.ask("POST", "/api/auth/login", json=login).json()["refresh_token"]
    mirabelle.ingest(tmp_path, badges=BADGE)
    assert mirabelle.knows(BADGE)
    done = host.provision("restore", str(archive))
    assert done.code == 0, done.said
    assert mirabelle.knows(LEAVE)
    assert not mirabelle.knows(BADGE)
    assert mirabelle.ask("POST", "/api/auth/refresh", json={"refresh_token": token}).status_code == 401
    aside = Path(done.document["set_aside"])
    assert (aside / "tenant.sqlite3").is_file()
    assert aside.parent == mirabelle.directory
    assert not (mirabelle.directory / "restoring").exists()
    assert not list((host.path / "journal").iterdir())
    assert host.provision("diff", ID).code == 0
    again = host.provision("restore", str(archive), "--as", ID)
    assert again.code == 0, again.said
    assert list(mirabelle.directory.glob("data-before-restore-*")) == [Path(again.document["set_aside"])]


def test_a_stopped_client_is_restored_and_stays_stopped(mirabelle: ServedClient, archive: Path) -> None:
    host = mirabelle.host
    assert host.provision("stop", ID).code == 0
    assert host.provision("restore", str(archive)).code == 0
    assert host.rows()[ID]["state"] == "stopped"
    assert host.get(ID) == 503
    assert host.provision("start", ID).code == 0
    assert mirabelle.knows(LEAVE)


@pytest.mark.parametrize("words", [(), ("--as", "mirabelle-other")])
def test_a_flipped_byte_is_refused_before_anything_is_written(
    mirabelle: ServedClient, archive: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    spoilt = tmp_path / archive.name
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    spoilt.write_bytes(content)
    # Its sum goes with it: some bits of a packed file can be turned without a change to what is in it.
    shutil.copy(checksum_file(archive), checksum_file(spoilt))
    before = tree(mirabelle.host.path)
    for name in ("restore", "verify-backup"):
        refused = mirabelle.host.provision(name, str(spoilt), *(words if name == "restore" else ()))
        assert (refused.code, refused.document["error"]["code"]) == (2, "archive-refused")
    assert tree(mirabelle.host.path) == before
    assert mirabelle.knows(LEAVE)


def test_what_cannot_be_is_refused(mirabelle: ServedClient, archive: Path) -> None:
    host = mirabelle.host
    assert host.new("mirabelle-second").code == 0
    for words in (("--as", "mirabelle-second"), ("--as", "Mike"), ("--port", "5001")):
        assert host.provision("restore", str(archive), *words).code == 2
    assert host.provision("restore", str(archive) + ".none").code == 2
    assert host.provision("remove", "mirabelle-second").code == 0
    assert host.provision("restore", str(archive), "--as", "mirabelle-second").code == 2
    assert host.provision("purge", "mirabelle-second", "--yes").code == 0


def test_data_of_a_newer_version_are_refused_and_the_old_ones_serve_on(
    mirabelle: ServedClient, archive: Path, tmp_path: Path
) -> None:
    future = altered(archive, tmp_path, "UPDATE alembic_version SET version_num = '9999_future'")
    before = tree(mirabelle.directory)
    failed = mirabelle.host.provision("restore", str(future))
    assert failed.code == 1
    assert "9999_future" in failed.said
    wait_until(lambda: mirabelle.host.get(ID) == 200)
    assert mirabelle.knows(LEAVE)
    assert tree(mirabelle.directory) == before
    assert not list((mirabelle.host.path / "journal").iterdir())
    as_new = mirabelle.host.provision("restore", str(future), "--as", "mirabelle-future")
    assert as_new.code == 1
    assert "mirabelle-future" not in mirabelle.host.rows()
    assert not list(mirabelle.host.path.rglob("*mirabelle-future*"))


@pytest.mark.usefixtures("purged")
def test_data_of_an_older_version_are_brought_up_to_date(
    mirabelle: ServedClient, archive: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "old"
    (copy / "originals").mkdir(parents=True)
    database = Database(copy / "tenant.sqlite3")
    with database.engine.connect() as connection, connection.begin():
        alembic.upgrade(configuration(connection), "0004_conversations")
    database.close()
    about = read_manifest(archive).model_copy(update={"members": (), "schema_revision": "0004_conversations"})
    old = tmp_path / "old.tar.gz"
    write_backup(copy, old, about)
    done = mirabelle.host.provision("restore", str(old), "--as", "mirabelle-old")
    assert done.code == 0, done.said
    assert ServedClient(mirabelle.host, "mirabelle-old", done.document["api_key"]).finds("congés") == []


def test_a_client_that_is_gone_comes_back_under_its_own_name(host: LocalRoot, tmp_path: Path) -> None:
    lost = ServedClient.begin(host, "mirabelle-lost")
    lost.ingest(tmp_path / "documents", badges=BADGE)
    taken = host.provision("backup", "mirabelle-lost", "--to", str(tmp_path))
    assert taken.code == 0, taken.said
    assert host.provision("purge", "mirabelle-lost", "--yes").code == 0
    back = host.provision("restore", taken.document["file"])
    assert back.code == 0, back.said
    assert ServedClient(host, "mirabelle-lost", back.document["api_key"]).knows(BADGE)
    assert host.provision("purge", "mirabelle-lost", "--yes").code == 0


def test_a_backup_is_verified_by_a_client_nobody_sees(mirabelle: ServedClient, archive: Path) -> None:
    host = mirabelle.host
    before, listed = tree(host.path), set(host.rows())
    done = host.provision("verify-backup", str(archive))
    assert done.code == 0, done.said
    assert done.document["ok"]
    assert done.document["asked"] == done.document["found"] > 0
    assert tree(host.path) == before
    assert set(host.rows()) == listed
    assert "It can be restored." in host.tell("verify-backup", str(archive))[1]


def test_a_backup_whose_documents_are_not_all_there_does_not_pass(
    mirabelle: ServedClient, archive: Path, tmp_path: Path
) -> None:
    less = altered(archive, tmp_path, without_originals=True)
    found = mirabelle.host.provision("verify-backup", str(less))
    assert found.code == 1
    assert not found.document["ok"]
    assert "have no original" in found.document["problems"][0]
    assert not (mirabelle.host.path / "client-verify-backup").exists()
