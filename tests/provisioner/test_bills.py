"""Terms are recorded with what changes them; invoices are numbered without a gap; nothing changes later."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from provisioner.errors import InvalidConfiguration, ProvisionError, WrongState
from provisioner.invoicing.agreements import Notice, contract_end
from provisioner.invoicing.invoice import ClockSetBack, Corrected, Invoice, Numbering
from provisioner.invoicing.lines import Charge, Source
from provisioner.invoicing.months import Month
from provisioner.registry.bills import Bills, Files, KeptUsage, Make, Payment, UnknownInvoice
from provisioner.registry.database import BILLS, Database, RegistryFailed, adopt_bills
from provisioner.registry.models import State
from provisioner.registry.registry import Registry
from provisioner.spec import AskedOption
from tests.provisioner.billing_root import as_version_1
from tests.provisioner.clock import FixedClock
from tests.provisioner.samples import request, spec
from tests.provisioner_pure.invoice_samples import invoice, plan_line

FILES = Files("a" * 64, "b" * 64)
JANUARY = Month(2026, 1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "registry.sqlite3"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def registry(file: Path, clock: FixedClock) -> Registry:
    return Registry(Database.open(file), clock)


@pytest.fixture
def bills(file: Path, clock: FixedClock, registry: Registry) -> Bills:
    return Bills(Database.open(file), clock)


def an_invoice(charge: int | None = None, **more: object) -> Make:
    def make(numbering: Numbering) -> tuple[Invoice, Files]:
        made = invoice(plan_line(source=Source(charge=charge)), number=numbering.number)
        return made.model_copy(update={"issued_on": numbering.issued_on, **more}), FILES

    return make


def at(clock: FixedClock, *when: int) -> None:
    clock.moment = datetime(*when, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_every_command_that_changes_terms_leaves_a_row(
    registry: Registry, bills: Bills, clock: FixedClock
) -> None:
    at(clock, 2026, 1, 5)
    registry.book(request(), spec())
    registry.set_state("dupont", State.RUNNING)
    at(clock, 2026, 1, 6)
    registry.set_state("dupont", State.STOPPED)
    registry.set_state("dupont", State.SUSPENDED)
    registry.change(request(), spec())
    at(clock, 2026, 1, 9)
    registry.change(request(overrides={"price": "250"}), spec(overrides={"price": "250"}))
    registry.change(request(plan="enterprise"), spec(plan="enterprise"))
    at(clock, 2026, 1, 20)
    registry.archive("dupont", Path("/archive/dupont.tar.gz"))
    registry.forget("dupont")
    told = [
        (term.since.day, term.agreement.plan, term.agreement.price_cents, term.agreement.billed)
        for term in bills.contract_of("dupont")
    ]
    assert told == [
        (5, "professional", 29_900, False),
        (5, "professional", 29_900, True),
        (9, "professional", 25_000, True),
        (9, "enterprise", 59_900, True),
        (20, "enterprise", 59_900, False),
    ]


def test_an_id_given_again_is_another_contract(registry: Registry, bills: Bills) -> None:
    for _ in range(2):
        registry.book(request(), spec())
        registry.set_state("dupont", State.RUNNING)
        registry.forget("dupont")
    first, second = bills.contracts("dupont")
    assert {term.contract for term in first} == {1}
    assert {term.contract for term in second} == {2}
    assert bills.contract_of("dupont") == second


def test_options_and_their_keys_are_part_of_the_terms(registry: Registry, bills: Bills) -> None:
    options = {
        "extra-key": AskedOption(quantity=2),
        "on-site": AskedOption(title="Visite mensuelle", price="120"),
    }
    wanted = spec(options=options)
    registry.book(request(options=options), wanted)
    keys, visits = bills.contract_of("dupont")[-1].agreement.options
    assert (keys.price_cents, keys.quantity, visits.price_cents) == (5_000, 2, 12_000)
    assert wanted.terms.max_api_keys == 5


def test_a_commitment_changed_in_plans_yaml_binds_nobody_who_is_there(
    registry: Registry, bills: Bills
) -> None:
    free = {"commitment_months": "0"}
    registry.book(request(overrides=free), spec(overrides=free))
    registry.change(request(), spec())
    assert bills.contract_of("dupont")[-1].agreement.commitment_months == 0
    registry.change(request(plan="enterprise"), spec(plan="enterprise"))
    assert bills.contract_of("dupont")[-1].agreement.commitment_months == 12
    registry.change(
        request(overrides={"commitment_months": "24"}), spec(overrides={"commitment_months": "24"})
    )
    assert bills.contract_of("dupont")[-1].agreement.commitment_months == 24


def test_a_notice_stays_through_later_changes_and_can_be_taken_back(registry: Registry, bills: Bills) -> None:
    free = {"commitment_months": "0"}
    registry.book(request(overrides=free), spec(overrides=free))
    registry.set_state("dupont", State.RUNNING)
    bills.give_notice("dupont", Notice(given_on=date(2026, 2, 1)))
    registry.change(request(overrides={**free, "price": "1"}), spec(overrides={**free, "price": "1"}))
    assert contract_end(bills.contract_of("dupont")) == date(2026, 3, 3)
    bills.give_notice("dupont", None)
    assert contract_end(bills.contract_of("dupont")) is None


def test_clients_of_an_older_registry_get_their_terms_from_their_entries(
    registry: Registry, file: Path, clock: FixedClock
) -> None:
    at(clock, 2025, 3, 1)
    registry.book(request(siret="98765432101234"), spec(siret="98765432101234"))
    registry.set_state("dupont", State.RUNNING)
    registry.book(request("martin"), spec("martin", 5002))
    registry.book(request("gone"), spec("gone", 5003))
    at(clock, 2025, 8, 2)
    registry.archive("gone", Path("/archive/gone.tar.gz"))
    as_version_1(file)
    assert Bills(Database.open_to_read(file, BILLS), clock).contracts() == []
    migrated = Bills(Database.open(file), clock)
    told = {
        client: [(term.day, term.agreement.price_cents, term.agreement.billed) for term in contract]
        for client in ("dupont", "martin", "gone")
        for contract in migrated.contracts(client)
    }
    assert told == {
        "dupont": [(date(2025, 3, 1), 29_900, True)],
        "martin": [(date(2025, 3, 1), 29_900, False)],
        "gone": [(date(2025, 3, 1), 29_900, True), (date(2025, 8, 2), 29_900, False)],
    }
    assert migrated.contract_of("dupont")[0].agreement.customer.siret == "98765432101234"
    again = Registry(Database.open(file), clock)
    assert [entry.id for entry in again.all()] == ["dupont", "gone", "martin"]
    assert len(migrated.contracts()) == 3


def test_a_migration_that_is_cut_off_is_none(registry: Registry, file: Path) -> None:
    registry.book(request(), spec())
    as_version_1(file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE tenants SET request = 'damaged'")
    with pytest.raises(ValueError, match="Expecting value"):
        Database.open(file)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert "invoices" not in tables


def test_numbers_follow_each_other_and_begin_anew_with_the_year_in_paris(
    bills: Bills, clock: FixedClock
) -> None:
    at(clock, 2026, 12, 31, 22, 59)
    for contract in (1, 2):
        bills.issue(an_invoice(month="2026-11"), contract=contract)
    at(clock, 2026, 12, 31, 23, 0)
    bills.issue(an_invoice(month="2026-11"), contract=3)
    bills.issue(an_invoice())
    assert [one.invoice.number for one in bills.invoices()] == [
        "2026-00001", "2026-00002", "2027-00001", "2027-00002",
    ]  # fmt: skip
    assert bills.invoice("2027-00001").invoice.issued_on == date(2027, 1, 1)


def test_what_cannot_be_made_leaves_no_gap(bills: Bills) -> None:
    def refuse(_numbering: Numbering) -> tuple[Invoice, Files]:
        raise ProvisionError("It cannot be made.")

    bills.issue(an_invoice(), contract=1)
    with pytest.raises(ProvisionError, match="cannot be made"):
        bills.issue(refuse, contract=2)
    bills.issue(an_invoice(), contract=2)
    assert [one.invoice.number for one in bills.invoices()] == ["2026-00001", "2026-00002"]


def test_a_month_of_a_contract_is_closed_once(bills: Bills) -> None:
    bills.issue(an_invoice(), contract=1)
    assert bills.closed(1, JANUARY) == "2026-00001"
    assert bills.closed(2, JANUARY) is None
    with pytest.raises(Exception, match="stay"):
        bills.issue(an_invoice(), contract=1)
    assert len(bills.invoices()) == 1


def test_threads_that_issue_at_once_leave_no_gap_and_no_double(file: Path, registry: Registry) -> None:
    def issue(contract: int) -> None:
        Bills(Database.open(file), FixedClock()).issue(an_invoice(), contract=contract)

    threads = [threading.Thread(target=issue, args=(contract,)) for contract in range(1, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    issued = Bills(Database.open(file), FixedClock()).invoices()
    assert [one.invoice.number for one in issued] == [f"2026-{number:05d}" for number in range(1, 13)]
    assert {one.contract for one in issued} == set(range(1, 13))


def test_a_clock_set_back_issues_nothing(bills: Bills, clock: FixedClock) -> None:
    bills.issue(an_invoice(), contract=1)
    at(clock, 2026, 1, 30, 12)
    with pytest.raises(ClockSetBack, match="2026-00001 was issued on 2026-01-31"):
        bills.issue(an_invoice(), contract=2)


def test_a_charge_is_billed_once(bills: Bills) -> None:
    charge = bills.add_charge(Charge(0, "dupont", 1, date(2026, 1, 9), "ingestion", "Ajout", "", 3, 15_000))
    later = bills.add_charge(Charge(0, "dupont", 1, date(2026, 2, 1), "ingestion", "Ajout", "", 1, 15_000))
    assert bills.open_charges(1, JANUARY.end) == [charge]
    bills.issue(an_invoice(charge=charge.id), contract=1)
    assert bills.open_charges(1, date(2026, 3, 1)) == [later]
    with pytest.raises(Exception, match="stay"):
        bills.issue(an_invoice(charge=charge.id, month="2026-02"), contract=1)
    assert len(bills.invoices()) == 1


def test_credit_notes_and_payments_are_found_by_their_invoice(bills: Bills) -> None:
    bills.issue(an_invoice(), contract=1)
    corrected = Corrected(number="2026-00001", issued_on=date(2026, 1, 31), reason="Erreur")
    bills.issue(an_invoice(kind="credit-note", corrects=corrected))
    assert [one.number for one in bills.credits("2026-00001")] == ["2026-00002"]
    bills.pay("2026-00001", Payment(date(2026, 2, 9), 10_000))
    bills.pay("2026-00001", Payment(date(2026, 2, 5), 5_000))
    assert bills.payments() == {
        "2026-00001": [Payment(date(2026, 2, 5), 5_000), Payment(date(2026, 2, 9), 10_000)]
    }
    with pytest.raises(UnknownInvoice):
        bills.invoice("2026-00009")


def test_usage_of_who_is_gone_is_kept_as_it_was_last(bills: Bills) -> None:
    records = [KeptUsage("2026-01", "1" * 64, "{}"), KeptUsage("2026-02", "2" * 64, "{}")]
    bills.keep_usage("dupont", 1, records)
    bills.keep_usage("dupont", 1, [*records, KeptUsage("2026-01", "3" * 64, '{"later": true}')])
    kept = bills.kept_usage(1, JANUARY)
    assert kept == KeptUsage("2026-01", "3" * 64, '{"later": true}')
    assert bills.kept_usage(2, JANUARY) is None


CHANGES = (
    "DELETE FROM {}",
    "UPDATE {} SET rowid = rowid + 100",
    "INSERT OR REPLACE INTO {0} SELECT * FROM {0} LIMIT 1",
)


@pytest.mark.parametrize(
    "table", ["terms", "charges", "invoices", "billed_charges", "payments", "kept_usage"]
)
def test_the_database_itself_refuses_to_change_what_was_recorded(
    registry: Registry, bills: Bills, file: Path, table: str
) -> None:
    registry.book(request(), spec())
    charge = bills.add_charge(Charge(0, "dupont", 1, date(2026, 1, 9), "x", "X", "", 1, 1))
    bills.issue(an_invoice(charge=charge.id), contract=1)
    bills.pay("2026-00001", Payment(date(2026, 2, 5), 5_000))
    bills.keep_usage("dupont", 1, [KeptUsage("2026-01", "1" * 64, "{}")])
    with closing(sqlite3.connect(file)) as connection, connection:
        for change in CHANGES:
            with pytest.raises(sqlite3.IntegrityError, match="stay"):
                connection.execute(change.format(table))
        left = connection.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - a name of ours
        assert left.fetchone() == (1,)


def test_a_number_that_is_not_the_next_is_refused_by_the_database(bills: Bills, file: Path) -> None:
    bills.issue(an_invoice(), contract=1)
    with closing(sqlite3.connect(file)) as connection, connection:
        row = list(connection.execute("SELECT * FROM invoices").fetchone())
        columns = [one[1] for one in connection.execute("PRAGMA table_info(invoices)")]
        for sequence in (1, 3):
            row[columns.index("number")], row[columns.index("sequence")] = f"2026-x{sequence}", sequence
            row[columns.index("contract")] = 9
            marks = ",".join("?" * len(row))
            with pytest.raises(sqlite3.IntegrityError, match="without a gap"):
                connection.execute(f"INSERT OR REPLACE INTO invoices VALUES ({marks})", row)  # noqa: S608


def test_who_only_reads_bills_changes_nothing(bills: Bills, file: Path) -> None:
    reader = Bills(Database.open_to_read(file, BILLS), FixedClock())
    assert reader.invoices() == []
    with pytest.raises(RegistryFailed):
        reader.issue(an_invoice(), contract=1)


def test_a_host_built_anew_goes_on_with_numbers_and_contracts(
    registry: Registry, bills: Bills, file: Path, clock: FixedClock, tmp_path: Path
) -> None:
    registry.book(request(), spec())
    registry.set_state("dupont", State.RUNNING)
    bills.issue(an_invoice(), contract=1)
    bills.pay("2026-00001", Payment(date(2026, 1, 31), 5_000))
    anew = tmp_path / "anew.sqlite3"
    restored = Registry(Database.open(anew), clock)
    adopt_bills(anew, file)
    at(clock, 2026, 2, 3)
    for attempt in range(2):
        restored.book(request(), spec())
        if not attempt:
            restored.forget("dupont")
    restored.set_state("dupont", State.RUNNING)
    there = Bills(Database.open(anew), clock)
    assert there.contract_of("dupont") == bills.contract_of("dupont")
    assert there.payments() == bills.payments()
    assert there.issue(an_invoice(), contract=2).invoice.number == "2026-00002"
    with pytest.raises(WrongState, match="already"):
        adopt_bills(anew, file)


def test_only_a_registry_of_this_version_is_taken_over(
    registry: Registry, file: Path, tmp_path: Path
) -> None:
    anew = tmp_path / "anew.sqlite3"
    Database.open(anew)
    other = tmp_path / "other"
    other.write_bytes(b"this is no database" * 100)
    with pytest.raises(InvalidConfiguration, match="cannot be read"):
        adopt_bills(anew, other)
    as_version_1(file)
    with pytest.raises(InvalidConfiguration, match="another version"):
        adopt_bills(anew, file)


def test_hosts_of_one_vendor_have_series_of_their_own(bills: Bills) -> None:
    assert bills.issue(an_invoice(), series="A-", contract=1).invoice.number == "A-2026-00001"
    assert bills.issue(an_invoice(), series="A-", contract=2).invoice.number == "A-2026-00002"
