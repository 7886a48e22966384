"""`provision usage`: figures as numbers, and one client's damaged file hides nobody else's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from provisioner.cli.main import main
from provisioner.registry.models import State
from tests.dashboard.conftest import MONTH, AddClient, usage_of


@pytest.fixture
def usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `provision usage` with more words; return its code, its JSON and what it said beside it."""

    def run(*words: str) -> tuple[int, Any, str]:
        code = main(["--root", str(tmp_path), "--json", "usage", *words])
        shown = capsys.readouterr()
        return code, json.loads(shown.out), shown.err

    return run


def test_money_is_numbers_as_the_contract_says(usage: Any, add_client: AddClient) -> None:
    add_client("dupont", "Dupont", state=State.SUSPENDED, usage={})

    assert usage("--month", MONTH) == (0, [usage_of("dupont")], "")


@pytest.mark.parametrize("state", [State.SUSPENDED, State.RUNNING])
def test_a_link_in_place_of_one_client_s_folder_hides_nobody_else(
    usage: Any, add_client: AddClient, tmp_path: Path, state: State
) -> None:
    add_client("dupont", "Dupont", state=State.SUSPENDED, usage={})
    folder = add_client("martin", "Martin", state=state).parent
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved")

    code, found, said = usage("--month", MONTH)

    assert (code, [one["client_id"] for one in found]) == (1, ["dupont"])
    assert str(folder) in said


@pytest.mark.parametrize("month", ["../x", "2026-13", "2026", "2026-01\n", ""])
def test_a_month_that_is_none_is_refused(usage: Any, month: str) -> None:
    code, told, _ = usage("--month", month)

    assert code == 2
    assert "--month" in told["error"]["message"]
