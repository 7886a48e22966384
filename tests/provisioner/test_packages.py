"""Packages: made with a key of their own, replaced, listed, cleaned away, archived, erased."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import stat
import tarfile
import zipfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
from dotenv import dotenv_values
from pydantic import SecretStr

from provisioner.backups.age_streams import opened
from provisioner.backups.sealing import Keys, is_sealed
from provisioner.service.package_folder import PackageFolder, Record
from tests.provisioner.local_root import LocalRoot

ID = "paquetier"


@pytest.fixture(scope="module")
def paquetier(host: LocalRoot) -> LocalRoot:
    """A host with a client whose plan allows two keys; it has both, and no package yet."""
    created = host.new(ID, "--set", "max_api_keys=2")
    assert created.code == 0, created.said
    created = host.provision("key", "new", ID, "site")
    assert created.code == 0, created.said
    return host


def folder(root: LocalRoot) -> Path:
    return root.path / "packages" / ID


def left(root: LocalRoot) -> list[str]:
    """What is in the client's folder of packages."""
    return sorted(path.name for path in folder(root).iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def settings(package: Path) -> dict[str, str | None]:
    """The `.env` in a package."""
    with zipfile.ZipFile(package) as archive:
        text = archive.read(f"assistant-{ID}/.env").decode()
    return dict(dotenv_values(stream=io.StringIO(text), interpolate=False))


def status_with(root: LocalRoot, package: Path) -> int:
    """What the client's API answers to the key of a package, through nginx."""
    headers = {"Host": f"{ID}.localhost", "X-API-Key": settings(package)["API_KEY"] or ""}
    with closing(http.client.HTTPConnection("127.0.0.1", root.http_port, timeout=60)) as connection:
        connection.request("GET", "/api/billing/usage", headers=headers)
        return connection.getresponse().status


def keys(root: LocalRoot) -> list[dict[str, Any]]:
    return list(root.provision("key", "list", ID).document)


def package(root: LocalRoot, *words: str) -> Path:
    """Make a package and return where it is."""
    made = root.provision("package", ID, *words)
    assert made.code == 0, made.said
    return Path(made.document["file"])


def test_a_full_plan_is_refused_until_a_key_gives_way(paquetier: LocalRoot, tmp_path: Path) -> None:
    before = keys(paquetier)
    refused = paquetier.provision("package", ID)
    assert refused.code == 2
    assert "--replace` ends the last package's key" in refused.document["error"]["mend"]
    unclear = paquetier.provision("package", ID, "--replace")
    assert unclear.code == 2
    assert "2 keys: which of them ends is not clear" in unclear.document["error"]["message"]
    assert paquetier.provision("package", ID, "--to", str(tmp_path / "none")).code == 2
    assert keys(paquetier) == before
    assert paquetier.provision("packages", ID).document == []
    assert paquetier.provision("key", "revoke", ID, str(before[0]["id"])).code == 0


def test_it_has_a_key_of_its_own_and_is_the_operators_alone(paquetier: LocalRoot, tmp_path: Path) -> None:
    made = paquetier.provision("package", ID, "--to", str(tmp_path))
    assert made.code == 0, made.said
    file = Path(made.document["file"])
    assert [key["name"] for key in keys(paquetier)] == ["site", made.document["key_name"]]
    assert status_with(paquetier, file) == 200
    copy = tmp_path / file.name
    assert copy.read_bytes() == file.read_bytes()
    assert [mode(path) for path in (copy, file)] == [0o600, 0o600]
    assert [mode(path) for path in (file.parent, file.parent.parent)] == [0o700, 0o700]
    told = file.with_name(f"{file.name}.sha256").read_text().split()
    assert told == [hashlib.sha256(file.read_bytes()).hexdigest(), file.name]
    secret = settings(file)["API_KEY"] or ""
    assert secret.startswith(made.document["key_hint"])
    kept = "".join(path.read_text() for path in folder(paquetier).glob("*.json"))
    assert secret not in json.dumps(made.document) + made.said + kept


def test_the_next_one_ends_the_key_of_the_one_before(paquetier: LocalRoot) -> None:
    (before,) = (Path(row["file"]) for row in paquetier.provision("packages", ID).document)
    assert status_with(paquetier, before) == 200
    after = package(paquetier, "--replace", "--key-name", "Accueil")
    assert (status_with(paquetier, before), status_with(paquetier, after)) == (403, 200)
    rows = paquetier.provision("packages", ID).document
    assert [Path(row["file"]) for row in rows] == [before, after]
    assert [bool(row["replaced_at"]) for row in rows] == [True, False]
    assert [key["name"] for key in keys(paquetier)] == ["site", "Accueil"]
    (events,) = (one for one in paquetier.provision("events", ID, "-n", "1").document)
    assert (events["command"], events["outcome"]) == (f"package {ID}", "done")


def test_of_two_made_in_one_second_the_later_one_is_the_last(tmp_path: Path) -> None:
    made = PackageFolder(tmp_path / ID)
    made.make()
    moment = datetime(2026, 11, 26, 14, 0, 2, tzinfo=UTC)
    names = []
    for key_id in (1, 2):
        names.append(made.new_name(ID, moment))
        later = moment + timedelta(milliseconds=key_id)
        made.keep(
            Record(client_id=ID, file=names[-1], made_at=later, key_id=key_id, key_name="-", key_hint="-")
        )
    assert names == [f"{ID}-20261126T140002Z.zip", f"{ID}-20261126T140002Z-1.zip"]
    assert [record.file for record in made.records()] == names


def test_one_that_fails_leaves_no_file_and_no_key(paquetier: LocalRoot) -> None:
    before = (keys(paquetier), left(paquetier))
    # The folder is synced as what is begun is written down, then as the package appears.
    failed = paquetier.injected(
        "fsync:error=EIO:when=2", "package", ID, "--replace", within=folder(paquetier)
    )
    assert failed.returncode == 1, failed.stderr
    assert (keys(paquetier), left(paquetier)) == before


@pytest.mark.parametrize(("moment", "whole"), [(2, False), (4, True)])
def test_one_that_is_killed_is_finished_or_taken_back_by_the_next(
    paquetier: LocalRoot, moment: int, whole: bool
) -> None:
    before, files = keys(paquetier), len(left(paquetier))
    fault = f"fsync:signal=KILL:when={moment}"
    killed = paquetier.injected(fault, "package", ID, "--replace", within=folder(paquetier))
    assert killed.returncode != 0
    assert len(keys(paquetier)) == len(before) + 1
    made = package(paquetier, "--replace")
    assert len(keys(paquetier)) == len(before)
    assert len(left(paquetier)) == files + (6 if whole else 3)
    assert status_with(paquetier, made) == 200


def test_old_ones_are_cleaned_away_and_their_keys_go_on(paquetier: LocalRoot, tmp_path: Path) -> None:
    assert paquetier.provision("packages", "--clean-older-than", "30d").document == {"removed": []}
    assert paquetier.provision("packages", "--clean-older-than", "month").code == 2
    last = package(paquetier, "--replace", "--to", str(tmp_path))
    removed = paquetier.provision("packages", ID, "--clean-older-than", "0d").document["removed"]
    assert str(last) in removed
    assert paquetier.provision("packages", ID).document == []
    assert [name for name in left(paquetier) if not name.endswith(".zip.json")] == []
    assert status_with(paquetier, tmp_path / last.name) == 200
    again = package(paquetier, "--replace")
    assert status_with(paquetier, tmp_path / last.name) == 403
    assert status_with(paquetier, again) == 200


def test_all_of_them_go_into_one_archive(paquetier: LocalRoot, tmp_path: Path) -> None:
    plain, sealed = tmp_path / "packages.tar.gz", tmp_path / "packages.tar.gz.age"
    assert paquetier.provision("packages", ID, "--backup", str(plain)).code == 2
    assert paquetier.provision("packages", "--recipient", "age1").code == 2
    taken = paquetier.provision("packages", "--backup", str(plain))
    assert taken.code == 0, taken.said
    assert mode(plain) == 0o600
    with tarfile.open(plain) as archive:
        names = {f"packages/{ID}/{name}" for name in left(paquetier)}
        assert names <= set(archive.getnames())
    assert paquetier.provision("packages", "--backup", str(plain)).code == 2
    identity = pyrage.x25519.Identity.generate()
    words = ("--backup", str(sealed), "--recipient", str(identity.to_public()))
    assert paquetier.provision("packages", *words).code == 0
    assert is_sealed(sealed.read_bytes()[:64])
    with (
        opened(sealed, Keys((SecretStr(str(identity)),))) as stream,
        tarfile.open(fileobj=stream, mode="r|gz") as tar,
    ):
        assert names <= set(tar.getnames())


def test_doctor_tells_of_packages_that_others_could_read(paquetier: LocalRoot) -> None:
    top = paquetier.path / "packages"
    top.chmod(0o755)
    found = [one["problem"] for one in paquetier.provision("doctor").document]
    assert any(problem.startswith(f"{top}, where the keys") for problem in found)
    top.chmod(0o700)
    found = [one["problem"] for one in paquetier.provision("doctor").document]
    assert not any(problem.startswith(f"{top}, ") for problem in found)


def test_purge_erases_them_and_says_so(paquetier: LocalRoot) -> None:
    package(paquetier, "--replace")
    count = len(left(paquetier))
    purged = paquetier.provision("purge", ID, "--yes")
    assert not folder(paquetier).exists()
    text = Path(purged.document["certificate"]).read_text()
    assert f"- les paquets d'installation faits pour lui : {count} fichiers, " in text
