"""`provision status` and `show` say how far a change of the embedding model is."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from provisioner.cli.main import main
from provisioner.registry.models import State
from tests.dashboard.conftest import AddClient, usage_of

Tell = Callable[..., str]


@pytest.fixture
def tell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tell:
    """Run a command that succeeds and return what it shows."""

    def run(*words: str) -> str:
        assert main(["--root", str(tmp_path), *words]) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture
def changing(add_client: AddClient) -> None:
    """Have one client whose vectors are being computed anew, one as ever and one with a strange file."""
    export(add_client("dupont", "Dupont", state=State.SUSPENDED), "dupont", {"done": 340, "total": 812})
    export(add_client("martin", "Martin", state=State.SUSPENDED), "martin", None)
    export(add_client("simon", "Simon", state=State.SUSPENDED), "simon", {"done": -1, "total": "\x1b[2J"})


def export(file: Path, client_id: str, change: dict[str, Any] | None) -> None:
    month = f"{datetime.now(UTC):%Y-%m}"
    record = usage_of(client_id, month=month, model_change=change)
    file.with_name(f"{month}.json").write_text(json.dumps(record))


@pytest.mark.usefixtures("changing")
def test_as_json_it_is_two_figures_for_whoever_is_changing(tell: Tell) -> None:
    rows = {row["id"]: row for row in json.loads(tell("--json", "status"))}
    assert rows["dupont"]["model_change"] == {"done": 340, "total": 812}
    assert (rows["martin"]["model_change"], rows["simon"]["model_change"]) == (None, None)
    for command in ("status", "show"):
        assert json.loads(tell("--json", command, "dupont"))["model_change"] == {"done": 340, "total": 812}


@pytest.mark.usefixtures("changing")
def test_people_read_it_in_words(tell: Tell) -> None:
    assert "MODEL_CHANGE" in tell("status")
    for words in (("status",), ("status", "dupont"), ("show", "dupont")):
        assert "340 of 812 passages" in tell(*words)
    assert "model change" not in tell("status", "martin")


def test_without_a_change_there_is_no_column(tell: Tell, add_client: AddClient) -> None:
    export(add_client("martin", "Martin", state=State.SUSPENDED), "martin", None)
    assert "MODEL_CHANGE" not in tell("status")
