"""What a killed command leaves behind says what it was doing."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.apply.journal import Journal, cut_off, unbegun
from tests.provisioner.clock import FixedClock


def test_a_command_that_ends_leaves_no_journal(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path, "new dupont", "dupont", FixedClock())
    assert len(list(tmp_path.iterdir())) == 1
    journal.end()
    assert cut_off(tmp_path) == []


def test_a_cut_off_command_is_found_with_the_step_it_was_in(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path, "new dupont", "dupont", FixedClock())
    journal.intend(1, "make directory /srv", shared=True)
    journal.done(1)
    journal.intend(2, "write /srv/.env", shared=False)
    journal.close()
    (found,) = cut_off(tmp_path)
    assert (found.command, found.tenant_id, found.step) == ("new dupont", "dupont", "write /srv/.env")
    assert not found.shared
    assert str(found) == (
        "`provision new dupont`, begun 2026-01-31T09:05:07Z, was cut off while it was about to "
        "write /srv/.env."
    )


def test_a_command_cut_off_between_steps_names_none(tmp_path: Path) -> None:
    Journal.begin(tmp_path, "apply", "", FixedClock()).close()
    (found,) = cut_off(tmp_path)
    assert str(found) == "`provision apply`, begun 2026-01-31T09:05:07Z, was cut off."


def test_a_command_cut_off_at_the_shared_parts_is_known_as_such(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path, "new dupont", "dupont", FixedClock())
    journal.intend(1, "make directory /srv", shared=True)
    journal.done(1)
    journal.close()
    assert cut_off(tmp_path)[0].shared


def test_a_line_cut_off_with_the_command_is_passed_over(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path, "new dupont", "dupont", FixedClock())
    journal.close()
    with journal.path.open("ab") as stream:
        stream.write(b'[1]\n{"intend": 1, "st')
    assert cut_off(tmp_path)[0].command == "new dupont"


@pytest.mark.parametrize("written", [b"", b'{"begin": "remove dup'])
def test_a_command_killed_before_its_first_line_had_begun_nothing(tmp_path: Path, written: bytes) -> None:
    journal = tmp_path / "1-1.jsonl"
    journal.write_bytes(written)
    assert cut_off(tmp_path) == []
    assert unbegun(tmp_path) == [journal]


def test_a_journal_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    begun = '{"begin": "new dupont", "tenant": "dupont", "at": "2026-01-31T09:05:07Z", "pid": 7}\n'
    (tmp_path / "20260131T090507000000-7.jsonl").write_text(begun)
    (found,) = cut_off(tmp_path)
    assert (found.since, found.begins) == (FixedClock().now(), False)
    assert str(found) == "`provision new dupont`, begun 2026-01-31T09:05:07Z, was cut off."
