"""The usage file is the ledger's word: whole at every moment, soon up to date, and mended when damaged."""

import json
import os
import stat
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import delete

from tenant_app.accounts.activity import note_activity
from tenant_app.accounts.actor import Actor
from tenant_app.accounts.models import User
from tenant_app.billing import export as export_module
from tenant_app.billing.export import read_usage
from tenant_app.billing.ledger import Ledger
from tenant_app.data_directory import replace_file
from tenant_app.database import Database
from tenant_app.errors import QuotaExceeded
from tenant_app.passages import Document
from tenant_app.settings import Settings
from tests.tenant_app.billing.conftest import BuildBilling
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.waiting import wait_until


@pytest.fixture
def folder(data_dir: Path) -> Path:
    """Return the folder of the usage files."""
    return data_dir / "usage"


def requests_in(path: Path) -> int | None:
    kept = read_usage(path)
    return kept.requests_used if kept else None


def test_it_holds_exactly_the_promised_fields(
    billing: BuildBilling, anna: Actor, folder: Path, database: Database, clock: FixedClock
) -> None:
    tenant = billing(max_requests_monthly="")
    reservation = tenant.ledger.reserve(anna)
    tenant.ledger.settle(reservation, mode="llm", tokens_in=10, tokens_out=4, cost=Decimal("1.239"))
    with database.write() as session:
        session.add(_document(clock.now()))

    tenant.export.write("2025-01")

    assert json.loads((folder / "2025-01.json").read_bytes()) == {
        "client_id": "dupont",
        "month": "2025-01",
        "analyses_used": 0,
        "analyses_limit": 500,
        "users_active": 1,
        "users_limit": 10,
        "overage_fees": 0.0,
        "total_due": 299.0,
        "requests_used": 1,
        "requests_limit": None,
        "tokens_in": 10,
        "tokens_out": 4,
        "llm_cost": 1.24,
        "documents": 1,
        "storage_bytes": 1234,
        "updated_at": "2025-01-15T10:00:00Z",
        "last_activity_at": "2025-01-15T10:00:00Z",
        "model_change": None,
        "overage_request_price": None,
        "overage_analysis_price": None,
    }


def test_units_beyond_the_plan_are_served_and_counted_where_they_have_a_price(
    billing: BuildBilling, anna: Actor
) -> None:
    tenant = billing(max_requests_monthly="1", overage_request_price="0.05")
    for _ in range(4):
        tenant.ledger.settle(tenant.ledger.reserve(anna), mode="local")
    tenant.ledger.give_back(tenant.ledger.reserve(anna))

    record = tenant.export.write("2025-01")

    assert (record.requests_used, record.requests_limit) == (4, 1)
    assert (record.overage_fees, record.total_due) == (Decimal("0.15"), Decimal("299.15"))


def test_analyses_without_a_price_of_their_own_are_refused_all_the_same(
    billing: BuildBilling, anna: Actor
) -> None:
    tenant = billing(max_requests_monthly="1", max_analysis_monthly="1", overage_request_price="0.05")
    tenant.ledger.reserve(anna, "analysis")

    with pytest.raises(QuotaExceeded):
        tenant.ledger.reserve(anna, "analysis")


def test_what_the_end_of_a_month_kept_out_of_its_file_is_in_the_fees_at_the_prices_of_then(
    billing: BuildBilling,
    anna: Actor,
    folder: Path,
    clock: FixedClock,
    database: Database,
    settings: Settings,
) -> None:
    then = {"max_requests_monthly": "1", "overage_request_price": "0.05"}
    billing(**then).export.write("2025-01")
    # Ended between the ledger's lines and the file.
    priced = settings.model_copy(update={"max_requests_monthly": 1, "overage_request_price": Decimal("0.05")})
    ledger = Ledger(database, priced, clock, changed=lambda _: None)
    for _ in range(3):
        ledger.settle(ledger.reserve(anna), mode="local")

    clock.set(datetime(2025, 2, 1, 0, 5, tzinfo=UTC))
    billing(price_cents="59900", overage_request_price="9.99", max_requests_monthly="2").start()

    january = read_usage(folder / "2025-01.json")
    assert january is not None
    assert (january.requests_used, january.overage_fees) == (3, Decimal("0.10"))
    assert january.total_due == Decimal("299.10")


def test_the_last_activity_is_what_people_did_not_what_was_counted_anew(
    billing: BuildBilling, anna: Actor, clock: FixedClock
) -> None:
    nobody_yet = billing().export.write("2025-01")
    asked = clock.now() + timedelta(hours=1)
    clock.set(asked)
    tenant = billing()
    tenant.ledger.give_back(tenant.ledger.reserve(anna))
    clock.set(asked + timedelta(days=2))

    counted_anew = billing(max_users="11").export.write("2025-01")

    assert nobody_yet.last_activity_at is None or nobody_yet.last_activity_at < asked
    assert counted_anew.updated_at == clock.now()
    assert counted_anew.last_activity_at == asked


def test_only_its_owner_writes_it_and_only_its_group_reads_it(billing: BuildBilling, folder: Path) -> None:
    before = os.umask(0)
    try:
        billing().export.write("2025-01")
    finally:
        os.umask(before)

    assert stat.S_IMODE((folder / "2025-01.json").stat().st_mode) == 0o640


def test_whoever_was_answered_finds_their_request_in_the_file_already(
    billing: BuildBilling, anna: Actor, folder: Path
) -> None:
    tenant = billing(max_requests_per_minute="1000")
    missing: list[int] = []

    def ask() -> None:
        for _ in range(5):
            reservation = tenant.ledger.reserve(anna)
            tenant.ledger.settle(reservation, mode="local", tokens_in=1)
            kept = read_usage(folder / "2025-01.json")
            if kept is None or kept.tokens_in < 1:
                missing.append(reservation.id)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert missing == []
    kept = read_usage(folder / "2025-01.json")
    assert kept is not None
    assert (kept.requests_used, kept.tokens_in) == (40, 40)


def test_callers_that_come_together_share_one_write(
    billing: BuildBilling, anna: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = billing()
    together, entered, gate = threading.Barrier(21), threading.Event(), threading.Event()
    writes: list[str] = []

    def slow(path: Path, content: bytes, mode: int) -> None:
        writes.append(path.name)
        entered.set()
        gate.wait()
        replace_file(path, content, mode)

    monkeypatch.setattr(export_module, "replace_file", slow)
    first = threading.Thread(target=tenant.export.publish)
    first.start()
    entered.wait()

    def publish() -> None:
        together.wait()
        tenant.export.publish()

    others = [threading.Thread(target=publish) for _ in range(20)]
    for thread in others:
        thread.start()
    together.wait()
    tenant.ledger.reserve(anna)
    gate.set()
    for thread in (first, *others):
        thread.join()

    assert 1 <= len(writes) <= 3


def test_a_unit_given_back_leaves_the_file_too(billing: BuildBilling, anna: Actor, folder: Path) -> None:
    tenant = billing()
    reservation = tenant.ledger.reserve(anna)
    tenant.export.publish()
    assert requests_in(folder / "2025-01.json") == 1

    tenant.ledger.give_back(reservation)

    assert requests_in(folder / "2025-01.json") == 0


def test_at_the_turn_of_the_month_both_files_are_right(
    billing: BuildBilling, anna: Actor, folder: Path, clock: FixedClock
) -> None:
    tenant = billing()
    clock.set(datetime(2025, 1, 31, 23, 59, 59, tzinfo=UTC))
    tenant.start()
    reservation = tenant.ledger.reserve(anna)
    clock.advance(seconds=2)

    tenant.ledger.settle(reservation, mode="local", tokens_in=3, tokens_out=1)
    tenant.ledger.settle(tenant.ledger.reserve(anna), mode="local")
    tenant.stop()

    january, february = read_usage(folder / "2025-01.json"), read_usage(folder / "2025-02.json")
    assert january is not None
    assert february is not None
    assert (january.requests_used, january.tokens_in) == (1, 3)
    assert (february.requests_used, february.tokens_in) == (1, 0)


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\0" * 400,
        b'{"client_id": "dupont", "month"',
        b'{"requests_used": 0}',
        b"[]",
        b" " * 70_000,
        b"\xff\xfe",
    ],
    ids=["empty", "NUL-filled", "truncated", "incomplete", "not an object", "too large", "not text"],
)
@pytest.mark.parametrize("month", ["2024-12", "2025-01"])
def test_a_damaged_file_is_written_again_from_the_ledger_at_the_next_start(
    billing: BuildBilling, anna: Actor, folder: Path, clock: FixedClock, damage: bytes, month: str
) -> None:
    first = billing()
    clock.set(datetime(2024, 12, 15, tzinfo=UTC))
    first.ledger.settle(first.ledger.reserve(anna), mode="local")
    clock.set(datetime(2025, 1, 15, tzinfo=UTC))
    first.ledger.settle(first.ledger.reserve(anna), mode="local")
    (folder / f"{month}.json").write_bytes(damage)

    billing().start()

    assert requests_in(folder / f"{month}.json") == 1


def test_what_a_sudden_end_kept_out_of_a_file_is_in_it_after_a_start_next_month(
    billing: BuildBilling,
    anna: Actor,
    folder: Path,
    clock: FixedClock,
    database: Database,
    settings: Settings,
) -> None:
    billing(price_cents="9900").start()
    # Ended between the ledger's line and the file.
    ledger = Ledger(database, settings, clock, changed=lambda _: None)
    ledger.settle(ledger.reserve(anna), mode="llm", tokens_in=1000, tokens_out=100)

    clock.set(datetime(2025, 2, 1, 0, 5, tzinfo=UTC))
    billing(price_cents="29900").start()

    january = read_usage(folder / "2025-01.json")
    assert january is not None
    assert (january.requests_used, january.tokens_in, january.users_active) == (1, 1000, 1)
    assert january.total_due == Decimal("99.00")


def test_a_month_whose_file_is_missing_gets_it_at_the_next_start(
    billing: BuildBilling, anna: Actor, folder: Path, clock: FixedClock
) -> None:
    first = billing()
    first.ledger.settle(first.ledger.reserve(anna), mode="local")
    (folder / "2025-01.json").unlink()

    clock.set(datetime(2025, 3, 1, tzinfo=UTC))
    billing().start()

    assert requests_in(folder / "2025-01.json") == 1


def test_a_user_erased_later_still_counts_for_a_month_that_is_over(
    billing: BuildBilling, anna: Actor, folder: Path, clock: FixedClock, database: Database
) -> None:
    tenant = billing()
    tenant.ledger.settle(tenant.ledger.reserve(anna), mode="local")
    clock.set(datetime(2025, 2, 1, tzinfo=UTC))
    with database.write() as session:
        session.execute(delete(User).where(User.id == anna.user_id))

    billing().start()

    january = read_usage(folder / "2025-01.json")
    assert january is not None
    assert january.users_active == 1


def test_a_sign_in_in_the_last_seconds_of_a_month_is_in_its_file(
    billing: BuildBilling, anna: Actor, folder: Path, clock: FixedClock, database: Database
) -> None:
    tenant = billing()
    tenant.start()
    assert anna.user_id is not None
    with database.write() as session:
        note_activity(session, anna.user_id, "2025-01")

    clock.set(datetime(2025, 2, 1, tzinfo=UTC))
    tenant.stop()

    january = read_usage(folder / "2025-01.json")
    assert january is not None
    assert january.users_active == 1


def test_a_damaged_file_changes_no_quota(billing: BuildBilling, anna: Actor, folder: Path) -> None:
    tenant = billing(max_requests_monthly="1")
    tenant.ledger.reserve(anna)
    (folder / "2025-01.json").write_bytes(b"")

    assert tenant.report.usage().requests_used == 1
    assert tenant.report.usage().requests_limit == 1


def test_a_past_month_that_is_sound_is_left_as_it_was_billed(
    billing: BuildBilling, folder: Path, clock: FixedClock
) -> None:
    billing(price_cents="9900").export.write("2024-12")
    billed = (folder / "2024-12.json").read_bytes()

    clock.advance(days=1)
    billing(price_cents="29900").start()

    assert (folder / "2024-12.json").read_bytes() == billed


def test_a_file_that_says_the_same_is_not_written_again(
    billing: BuildBilling, folder: Path, clock: FixedClock
) -> None:
    export = billing().export
    export.write("2025-01")
    written = (folder / "2025-01.json").stat()
    clock.advance(minutes=5)

    export.write("2025-01")

    assert (folder / "2025-01.json").stat().st_ino == written.st_ino


def test_a_reader_never_sees_half_a_file(folder: Path) -> None:
    path = folder / "2025-01.json"
    contents = [letter * 60_000 for letter in (b"a", b"b")]
    replace_file(path, contents[0], 0o640)
    stopped = threading.Event()
    seen: set[bytes] = set()

    def read() -> None:
        while not stopped.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(60):
        replace_file(path, contents[turn % 2], 0o640)
    stopped.set()
    reader.join()

    assert seen <= set(contents)


def test_what_a_killed_process_left_behind_stops_nobody(billing: BuildBilling, folder: Path) -> None:
    (folder / ".2025-01.json.new").write_bytes(b"half")

    billing().export.write("2025-01")

    assert [path.name for path in folder.iterdir()] == ["2025-01.json"]


def test_a_link_in_the_folder_is_not_followed(billing: BuildBilling, folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"untouched")
    (folder / ".2025-01.json.new").symlink_to(elsewhere)
    (folder / "2025-01.json").symlink_to(elsewhere)

    billing().export.write("2025-01")

    assert elsewhere.read_bytes() == b"untouched"
    assert not (folder / "2025-01.json").is_symlink()


def test_a_folder_that_is_gone_is_reported_and_the_file_comes_once_it_is_back(
    billing: BuildBilling,
    anna: Actor,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(export_module, "SECONDS_BETWEEN_REFRESHES", 0.02)
    tenant = billing()
    tenant.start()
    (folder / "2025-01.json").unlink()
    folder.rmdir()

    tenant.ledger.settle(tenant.ledger.reserve(anna), mode="local")
    tenant.export.publish()
    assert caplog.text.count("usage_not_exported") == 1
    folder.mkdir()

    wait_until(lambda: requests_in(folder / "2025-01.json") == 1, "the file is back")


def test_a_new_month_gets_its_file_though_nobody_asks_anything(
    billing: BuildBilling, folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_module, "SECONDS_BETWEEN_REFRESHES", 0.02)
    billing().start()

    clock.set(datetime(2025, 2, 1, tzinfo=UTC))

    wait_until(lambda: requests_in(folder / "2025-02.json") == 0, "the new month's file")


def _document(now: datetime) -> Document:
    return Document(
        name="note.txt",
        sha256="0" * 64,
        media_type="text/plain",
        size=1234,
        status="indexed",
        created_at=now,
        updated_at=now,
    )
