"""`upgrade`: another version beside this one takes the clients over, and gives them back when it fails."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioner import __version__, installation
from tenant_app.schema_revision import newest_revision, revision_of
from tests.provisioner import newer_version
from tests.provisioner.local_root import LocalRoot, Outcome
from tests.provisioner.restored_client import LEAVE, ServedClient

ID, SECOND = "vendredi", "samedi"


@pytest.fixture(scope="module")
def versions() -> Iterator[Path]:
    """A folder that clients' users may pass through, as /opt is."""
    folder = Path(tempfile.mkdtemp(prefix="versions-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def root(versions: Path) -> Iterator[LocalRoot]:
    root = LocalRoot.begin(versions / "r")
    yield root
    root.provision("host", "stop")


@pytest.fixture(scope="module")
def vendredi(root: LocalRoot, tmp_path_factory: pytest.TempPathFactory) -> ServedClient:
    """Two clients of this version, the first with a document; the second pays more."""
    client = ServedClient.begin(root, ID)
    client.ingest(tmp_path_factory.mktemp("documents"), conges=LEAVE)
    second = root.provision("new", SECOND, "--plan", "professional", "--admin-email", "a@example.fr")
    assert second.code == 0, second.said
    return client


def database(root: LocalRoot, tenant_id: str) -> Path:
    return root.path / f"client-{tenant_id}" / "data" / "tenant.sqlite3"


def provision(root: LocalRoot, code: Path, *words: str) -> Outcome:
    """Run a command of the version at `code`."""
    finished = subprocess.run(
        newer_version.command(code, "--root", str(root.path), "--json", *words),
        env=root.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    document = json.loads(finished.stdout) if finished.stdout else None
    return Outcome(finished.returncode, document, finished.stderr)


def outcomes(outcome: Outcome) -> dict[str, Any]:
    return {one["id"]: one["outcome"] for one in outcome.document}


def findings(root: LocalRoot, code: Path) -> list[str]:
    """The clients `doctor` finds something about."""
    found = provision(root, code, "doctor").document
    return [one["subject"] for one in found if one["subject"] in (ID, SECOND)]


def release(root: LocalRoot, tenant_id: str) -> str:
    return str(json.loads((root.path / f"client-{tenant_id}" / "release.json").read_text())["version"])


def test_a_client_is_shown_with_the_version_it_runs(root: LocalRoot, vendredi: ServedClient) -> None:
    shown = root.provision("show", ID).document
    assert shown["version"] == f"{__version__} at {installation.CODE}"
    assert root.provision("upgrade").document == []


def test_data_that_do_not_work_with_the_new_version_are_found_before_anything_is_touched(
    root: LocalRoot, vendredi: ServedClient, versions: Path
) -> None:
    code = newer_version.install(versions / "a", "7.1.0", migration=newer_version.FAILS)
    upgraded = provision(root, code, "upgrade")
    assert upgraded.code == 1
    assert outcomes(upgraded) == {ID: "refused", SECOND: "not-begun"}
    assert "absent" in upgraded.document[0]["error"]["message"]
    assert revision_of(database(root, ID)) == newest_revision()
    assert (root.get(ID), release(root, ID)) == (200, __version__)


def test_a_version_that_does_not_answer_gives_the_client_and_its_data_back(
    root: LocalRoot, vendredi: ServedClient, versions: Path
) -> None:
    code = newer_version.install(versions / "b", "7.2.0", serves=False)
    upgraded = provision(root, code, "upgrade", ID)
    assert upgraded.code == 1
    assert outcomes(upgraded) == {ID: "failed"}
    assert "did not answer" in upgraded.document[0]["error"]["message"]
    assert (root.get(ID), release(root, ID)) == (200, __version__)
    assert revision_of(database(root, ID)) == newest_revision()
    assert vendredi.finds("jours de congés")
    assert findings(root, installation.CODE) == []


def test_a_stopped_client_whose_data_cannot_be_migrated_now_is_taken_over_later(
    root: LocalRoot, vendredi: ServedClient, versions: Path
) -> None:
    third = "dimanche"
    assert root.new(third).code == 0
    assert root.provision("stop", third).code == 0
    full = root.path / f"client-{third}" / "no-room"
    # Not in the rehearsal, which is of a copy under another name.
    own = f'"client-{third}/" in op.get_bind().exec_driver_sql("PRAGMA database_list").fetchone()[2]'
    check = f'if {own} and __import__("pathlib").Path("{full}").exists(): raise OSError("no room")'
    code = newer_version.install(versions / "e", "7.2.1", migration=f"{check}\n    {newer_version.WORKS}")
    full.touch()
    upgraded = provision(root, code, "upgrade", third)
    assert outcomes(upgraded) == {third: "refused"}
    assert "no room" in upgraded.document[0]["error"]["message"]
    assert release(root, third) == __version__
    assert root.provision("diff", third).document == []
    full.unlink()
    upgraded = provision(root, code, "upgrade", third)
    assert outcomes(upgraded) == {third: "done"}
    assert release(root, third) == "7.2.1"
    assert revision_of(database(root, third)) == newer_version.REVISION
    assert provision(root, code, "diff", third).document == []
    assert provision(root, code, "purge", third, "--yes").code == 0


def test_all_clients_are_taken_over_with_their_data_and_each_has_a_backup_from_before(
    root: LocalRoot, vendredi: ServedClient, versions: Path
) -> None:
    code = newer_version.install(versions / "c", "7.3.0")
    asked = provision(root, code, "set", ID, "phone=0102030405")
    assert asked.code == 2
    assert f"`provision upgrade {ID}`" in asked.document["error"]["mend"]
    assert findings(root, code) == [SECOND, ID]
    upgraded = provision(root, code, "upgrade", "--watch", "0.5")
    assert upgraded.code == 0, upgraded.said
    assert outcomes(upgraded) == {ID: "done", SECOND: "done"}
    for one in upgraded.document:
        assert Path(one["backup"]).is_file()
        assert revision_of(database(root, one["id"])) == newer_version.REVISION
        assert not (database(root, one["id"]).parent / "before-migration").exists()
        assert (root.get(one["id"]), release(root, one["id"])) == (200, "7.3.0")
    assert vendredi.finds("jours de congés")
    assert findings(root, code) == []
    assert provision(root, code, "upgrade").document == []
    event = provision(root, code, "events", ID).document[-1]
    assert event["command"] == f"upgrade {ID}"
    assert "7.3.0" in event["detail"]


def test_an_older_version_refuses_data_it_does_not_know(root: LocalRoot, vendredi: ServedClient) -> None:
    upgraded = provision(root, installation.CODE, "upgrade", ID)
    assert upgraded.code == 1
    assert outcomes(upgraded) == {ID: "refused"}
    assert root.get(ID) == 200


def test_stopped_and_suspended_clients_are_upgraded_and_stay_so(
    root: LocalRoot, vendredi: ServedClient, versions: Path
) -> None:
    assert provision(root, versions / "c", "stop", ID).code == 0
    assert provision(root, versions / "c", "suspend", SECOND).code == 0
    code = versions / "d"
    shutil.copytree(versions / "c", code)
    upgraded = provision(root, code, "upgrade", "--watch", "0")
    assert outcomes(upgraded) == {ID: "done", SECOND: "done"}, upgraded.said
    rows = {row["id"]: row["state"] for row in provision(root, code, "list").document}
    assert rows == {ID: "stopped", SECOND: "suspended"}
    assert provision(root, code, "start", ID).code == 0
    assert provision(root, code, "resume", SECOND).code == 0
    assert (root.get(ID), root.get(SECOND)) == (200, 200)
    assert sys.executable in json.loads((root.path / f"client-{ID}" / "release.json").read_text())["python"]
