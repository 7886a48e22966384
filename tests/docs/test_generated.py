"""What the documentation takes from the code is up to date."""

from __future__ import annotations

from pathlib import Path

from scripts.write_docs import CLONE, generated


def test_generated_pages_are_fresh() -> None:
    stale = [_name(path) for path, text in generated().items() if path.read_text(encoding="utf-8") != text]

    assert stale == [], "run python -m scripts.write_docs"


def _name(path: Path) -> str:
    return str(path.relative_to(CLONE))
