"""The vendor's legal texts reach each client's site in its own name, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provisioner import legal_texts
from provisioner.errors import InvalidConfiguration
from provisioner.layout import Layout
from provisioner.render import Surroundings, env_text, environment
from tests.provisioner_pure.environment_file import parse_environment_file
from tests.provisioner_pure.samples import SECRETS, host, spec


def write(root: Path, name: str, text: str) -> Layout:
    (root / "legal").mkdir(exist_ok=True)
    (root / "legal" / name).write_text(text)
    return Layout(root)


def shown(layout: Layout, **client: object) -> dict[str, dict[str, str]]:
    """Return what the client's settings hold, read back from its file as systemd reads it."""
    surroundings = Surroundings(Path("/d"), Path("/run/e.sock"), legal=legal_texts.read(layout))
    text = env_text(environment(spec(**client), host(), surroundings, SECRETS))
    found: dict[str, dict[str, str]] = json.loads(parse_environment_file(text)["LEGAL_TEXTS"])
    return found


def test_a_text_is_in_the_clients_name(tmp_path: Path) -> None:
    layout = write(tmp_path, "cgv.fr.md", "# Conditions\n\nEntre {vendor} et {client}.\n")
    assert shown(layout, name="Cabinet *Dupont*") == {
        "cgv": {"fr": "# Conditions\n\nEntre  et Cabinet \\*Dupont\\*.\n"}
    }


def test_what_other_readers_would_expand_comes_through(tmp_path: Path) -> None:
    text = 'Costs $5, not ${client}: "quoted" \\ # é\n'
    layout = write(tmp_path, "confidentialite.en.md", text)
    found = shown(layout, name="{x}")["confidentialite"]["en"]
    assert found == 'Costs $5, not ${x}: "quoted" \\ # é\n'


def test_without_texts_there_are_none(tmp_path: Path) -> None:
    assert shown(Layout(tmp_path)) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Entre {vendeur} et vous", "{vendeur}"),
        ("x" * 100_001, "100000"),
        ("a\x00b", "control"),
        ("a\tb", "tab"),
    ],
)
def test_a_text_that_cannot_be_shown_is_refused_with_its_file(tmp_path: Path, text: str, told: str) -> None:
    layout = write(tmp_path, "cgv.fr.md", text)
    with pytest.raises(InvalidConfiguration, match=r"cgv\.fr\.md") as refused:
        legal_texts.read(layout)
    assert told in refused.value.message
