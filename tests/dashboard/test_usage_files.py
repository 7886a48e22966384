"""A tenant owns its usage file and may put anything there; the vendor believes only the promised shape."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from provisioner.usage_files import LARGEST_BYTES, UnreadableUsage, as_json, read_usage
from tests.dashboard.conftest import MONTH, make_pipe, usage_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where dupont's usage file of the month belongs; its folders are there."""
    path = tmp_path / "client-dupont" / "data" / "usage" / f"{MONTH}.json"
    path.parent.mkdir(parents=True)
    return path


def read(file: Path) -> Any:
    return read_usage(file.parents[2], "dupont", MONTH)


def test_a_whole_record_is_read_with_money_as_decimals(file: Path) -> None:
    file.write_text(json.dumps(usage_of("dupont", llm_cost=1.42, requests_limit=None)))

    record = read(file)

    assert record.requests_used == 412
    assert record.requests_limit is None
    assert record.llm_cost == Decimal("1.42")


def test_a_record_is_given_on_as_the_json_it_was(file: Path) -> None:
    file.write_text(json.dumps(usage_of("dupont")))

    assert as_json(read(file)) == usage_of("dupont")


def test_figures_a_later_version_adds_do_not_make_it_unreadable(file: Path) -> None:
    file.write_text(json.dumps(usage_of("dupont", forecast=12)))

    assert read(file).requests_used == 412


def test_no_file_yet_is_not_an_error(file: Path) -> None:
    assert read(file) is None


def test_no_folder_yet_is_not_an_error(tmp_path: Path) -> None:
    assert read_usage(tmp_path / "client-dupont", "dupont", MONTH) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 200,
        json.dumps(usage_of("dupont")).encode()[:-20],
        b"[]",
        b"null",
        b"[" * 60_000,
        b'{"requests_used": ' + b"9" * 5000 + b"}",
        b'{"total_due": 1e99999999999999999999}',
        "« pas du JSON »".encode("latin-1"),
    ],
    ids=[
        "empty",
        "nul-filled",
        "truncated",
        "a list",
        "null",
        "deeply nested",
        "huge integer",
        "huge exponent",
        "not UTF-8",
    ],
)
def test_damaged_content_is_unreadable_never_zero(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    with pytest.raises(UnreadableUsage, match="does not hold a usage record"):
        read(file)


@pytest.mark.parametrize(
    "change",
    [
        {"requests_used": -1},
        {"requests_used": "412"},
        {"requests_used": 1.5},
        {"requests_used": True},
        {"requests_used": None},
        {"requests_used": 2**60},
        {"requests_limit": "unlimited"},
        {"total_due": float("nan")},
        {"total_due": float("inf")},
        {"total_due": -299.0},
        {"total_due": 1e12},
        {"updated_at": "hier"},
        {"updated_at": "2026-11-21T08:12:00"},
        {"updated_at": "9999-12-31T23:59:59+00:00"},
        {"updated_at": "0001-01-01T00:00:00+23:00"},
        {"total_due": 1e-300},
    ],
    ids=str,
)
def test_figures_that_do_not_fit_make_it_unreadable(file: Path, change: dict[str, Any]) -> None:
    file.write_text(json.dumps(usage_of("dupont", **change)))

    with pytest.raises(UnreadableUsage):
        read(file)


@pytest.mark.parametrize("missing", sorted(usage_of("dupont").keys() - {"last_activity_at", "model_change"}))
def test_a_record_without_one_of_its_figures_is_unreadable(file: Path, missing: str) -> None:
    record = usage_of("dupont")
    del record[missing]
    file.write_text(json.dumps(record))

    with pytest.raises(UnreadableUsage):
        read(file)


@pytest.mark.parametrize("change", [{"client_id": "martin"}, {"month": "2026-10"}], ids=str)
def test_another_client_s_or_month_s_figures_are_refused(file: Path, change: dict[str, str]) -> None:
    file.write_text(json.dumps(usage_of("dupont") | change))

    with pytest.raises(UnreadableUsage, match="another client or month"):
        read(file)


def test_a_link_to_a_neighbour_s_file_is_refused(file: Path, tmp_path: Path) -> None:
    neighbour = tmp_path / "neighbour.json"
    neighbour.write_text(json.dumps(usage_of("dupont")))
    file.symlink_to(neighbour)

    with pytest.raises(UnreadableUsage, match="cannot be opened safely"):
        read(file)


@pytest.mark.parametrize("level", [0, 1], ids=["usage", "data"])
def test_a_link_in_place_of_a_folder_is_refused(file: Path, tmp_path: Path, level: int) -> None:
    file.write_text(json.dumps(usage_of("dupont")))
    folder = file.parents[level]
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved", target_is_directory=True)

    with pytest.raises(UnreadableUsage, match="cannot be opened safely"):
        read(file)


def test_a_pipe_nobody_writes_to_does_not_hang_the_reader(file: Path) -> None:
    make_pipe(file)

    with pytest.raises(UnreadableUsage, match="not a regular file"):
        read(file)


def test_a_directory_in_its_place_is_refused(file: Path) -> None:
    file.mkdir()

    with pytest.raises(UnreadableUsage, match="not a regular file"):
        read(file)


def test_more_than_64_kilobytes_are_not_read(file: Path) -> None:
    padded = json.dumps(usage_of("dupont", note=""))[:-2] + "x" * LARGEST_BYTES + '"}'
    file.write_text(padded)

    with pytest.raises(UnreadableUsage, match="larger than 64 KB"):
        read(file)


def test_a_refused_reading_leaves_no_file_open(file: Path) -> None:
    make_pipe(file)
    before = len(list(Path("/proc/self/fd").iterdir()))

    with pytest.raises(UnreadableUsage):
        read(file)

    assert len(list(Path("/proc/self/fd").iterdir())) == before
