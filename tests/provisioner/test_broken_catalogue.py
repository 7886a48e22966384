"""A mistake in plans.yaml stops what needs the plans, and nothing else; it never stays unsaid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.resources import plans_file
from tests.provisioner.local_root import LocalRoot

ID = "lyre"
BROKEN = {
    "no YAML at all": "plans: [",
    "an unknown key in a plan nobody has": plans_file()
    .read_text("utf-8")
    .replace("  enterprise:\n", "  enterprise:\n    colour: red\n", 1),
}


@pytest.fixture(scope="module")
def lima(host: LocalRoot) -> Iterator[LocalRoot]:
    created = host.new(ID)
    assert created.code == 0, created.said
    yield host
    assert host.provision("purge", ID, "--yes").code == 0


@pytest.fixture(params=BROKEN, ids=str)
def plans(request: pytest.FixtureRequest, lima: LocalRoot) -> Iterator[Path]:
    own = lima.path / "plans.yaml"
    own.write_text(BROKEN[request.param])
    yield own
    own.unlink()


def test_clients_are_still_stopped_started_and_operated(lima: LocalRoot, plans: Path) -> None:
    assert plans.is_file()
    for words in (
        ("stop", ID), ("user", "list", ID), ("key", "list", ID), ("start", ID), ("restart", ID),
        ("user", "reset-password", ID, "a@example.fr"), ("logs", ID), ("usage", ID), ("show", ID),
        ("status",), ("list",), ("host", "init"),
    ):  # fmt: skip
        done = lima.provision(*words)
        assert done.code == 0, (words, done.said)
    assert lima.get(ID) == 200


def test_what_needs_the_plans_says_where_they_are_wrong(lima: LocalRoot, plans: Path) -> None:
    for words in (
        ("set", ID, "phone=0102030405"), ("apply", ID), ("apply",), ("diff", ID), ("diff",),
        ("new", "mike", "--plan", "starter"), ("new", "mike", "--plan", "starter", "--dry-run"),
    ):  # fmt: skip
        refused = lima.provision(*words)
        assert refused.code == 2, words
        assert str(plans) in refused.document["error"]["message"]
    assert any(str(plans) in one["problem"] for one in lima.provision("doctor").document)
    assert "mike" not in lima.rows()


def test_a_client_is_removed_and_erased(lima: LocalRoot) -> None:
    assert lima.new("cassis").code == 0
    own = lima.path / "plans.yaml"
    own.write_text("plans: [")
    try:
        assert lima.provision("remove", "cassis").code == 0
        assert lima.provision("purge", "cassis", "--yes").code == 0
    finally:
        own.unlink()


def test_even_without_a_client_a_wrong_catalogue_is_found(tmp_path: Path) -> None:
    empty = LocalRoot.begin(tmp_path / "r")
    (empty.path / "plans.yaml").write_text("plans: {}\n")
    for words in (("diff",), ("apply",)):
        assert empty.provision(*words).code == 2, words
    assert not (empty.path / "lock").exists()
    assert any("plans.yaml" in one["problem"] for one in empty.provision("doctor").document)
