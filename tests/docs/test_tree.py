"""What may not be in the repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[2]
# Written in pieces, so that this file does not find itself.
_MACHINE_PATHS = re.compile(r"/(?:wor" + r"k|far" + r"m|roo" + r"t/\.pyenv)/[a-z.]")
_FETCHED = re.compile(r"""(?:src|href)=["'](?:https?:)?//|@import\s|url\(["']?(?:https?:)?//""")


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=CLONE, capture_output=True, text=True, check=True
    )
    return [path for name in listed.stdout.split("\0") if (path := CLONE / name).is_file()]


def texts(*patterns: str) -> list[tuple[Path, str]]:
    return [(path, path.read_text(encoding="utf-8", errors="replace")) for path in tracked(*patterns)]


def test_no_path_of_one_machine_is_in_the_tree() -> None:
    found = [str(path.relative_to(CLONE)) for path, text in texts() if _MACHINE_PATHS.search(text)]

    assert found == []


def test_pages_fetch_nothing_from_elsewhere() -> None:
    found = [
        str(path.relative_to(CLONE))
        for path, text in texts("*.html", "*.css", "*.j2")
        if _FETCHED.search(text)
    ]

    assert found == []


def test_no_module_has_grown_beyond_reading() -> None:
    long = {str(path.relative_to(CLONE)): len(text.splitlines()) for path, text in texts("*.py")}

    assert {name: lines for name, lines in long.items() if lines > 480} == {}


@pytest.mark.parametrize("script", ["scripts/demo", "scripts/test", "scripts/setup", ".ci/run"])
def test_scripts_can_be_run_as_they_are(script: str) -> None:
    path = CLONE / script

    assert path.stat().st_mode & 0o111
    assert path.read_text().startswith("#!/usr/bin/env bash\n")
    subprocess.run(["bash", "-n", str(path)], check=True)


def test_ci_runs_the_gate_and_nothing_else() -> None:
    commands = [
        line for line in (CLONE / ".ci/run").read_text().splitlines() if line and not line.startswith("#")
    ]

    assert commands == ["set -euo pipefail", 'exec "$(dirname "$0")/../scripts/test"']
