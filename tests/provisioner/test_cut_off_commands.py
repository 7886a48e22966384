"""The same command, run again, settles what was cut off of itself, and bills nothing twice.

The journals are those that a kill leaves: between a command's last effect and its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from provisioner.apply.journal import Journal
from provisioner.invoicing.months import Month
from provisioner.registry.models import State
from provisioner.service import contracts, doctor, invoices
from provisioner.service.closing import Ending, close
from provisioner.service.host_backup import backup_host
from provisioner.service.packages import clean
from tests.provisioner.billing_root import BillingRoot

JANUARY = Month(2026, 1)
NUMBER = "2026-00001"


@pytest.fixture
def root(tmp_path: Path) -> BillingRoot:
    """A root with one client that is billed for January; it is the first of February."""
    root = BillingRoot(tmp_path / "r")
    root.at(2026, 1, 1, 9)
    root.add("dupont")
    root.used("dupont", "2026-01")
    root.at(2026, 2, 1, 9)
    return root


def leave(root: BillingRoot, command: str, tenant_id: str = "", *, begins: bool = False) -> Path:
    """Leave the journal of a command that began now and was killed; the next one begins a second later."""
    journal = Journal.begin(root.path / "journal", command, tenant_id, root.clock, begins=begins)
    journal.close()
    root.clock.moment += timedelta(seconds=1)
    return journal.path


@contextmanager
def killed_at_its_end(root: BillingRoot, command: str, tenant_id: str) -> Iterator[None]:
    """Have what the block does done by a command that is killed before its journal ends."""
    journal = leave(root, command, tenant_id)
    begun = journal.read_bytes()
    journal.unlink()
    yield
    journal.write_bytes(begun)
    root.clock.moment += timedelta(seconds=1)


def left(root: BillingRoot) -> list[Path]:
    return list((root.path / "journal").iterdir())


def told_by_doctor(root: BillingRoot) -> list[str]:
    return [one.problem for one in doctor.examine(root.context) if "was cut off" in one.problem]


def test_a_host_command_that_ends_well_settles_what_was_cut_off_of_itself(root: BillingRoot) -> None:
    close(root.context, JANUARY, None)
    leave(root, "backup --host")
    other = leave(root, "prove-isolation")
    assert len(told_by_doctor(root)) == 2
    backup_host(root.context)
    assert left(root) == [other]
    leave(root, "packages --clean-older-than")
    clean(root.context, None, timedelta(days=1))
    assert left(root) == [other]


def test_what_was_cut_off_on_a_client_is_settled_on_the_host_by_no_command_of_that_name(
    root: BillingRoot,
) -> None:
    close(root.context, JANUARY, None)
    theirs = leave(root, "packages --clean-older-than", "dupont")
    clean(root.context, None, timedelta(days=1))
    assert left(root) == [theirs]


def test_a_close_that_had_done_all_is_settled_by_closing_again(root: BillingRoot) -> None:
    close(root.context, JANUARY, None)
    leave(root, "invoice close 2026-01 dupont", "dupont")
    leave(root, "invoice close")
    assert len(told_by_doctor(root)) == 2
    (again,) = close(root.context, JANUARY, None)
    assert (again.ending, again.number) == (Ending.ALREADY, NUMBER)
    assert left(root) == []
    assert len(root.context.bills.invoices()) == 1
    root.said.clear()
    close(root.context, JANUARY, None)
    assert root.said == []


def test_a_close_of_what_owes_nothing_any_more_is_settled_too(root: BillingRoot) -> None:
    close(root.context, JANUARY, None)
    leave(root, "invoice close 2025-12 dupont", "dupont")
    (again,) = close(root.context, Month(2025, 12), None)
    assert again.ending == Ending.NOTHING_DUE
    assert left(root) == []


def test_a_close_names_the_command_an_operator_can_type(root: BillingRoot) -> None:
    close(root.context, JANUARY, None)
    invoices.show(root.context, NUMBER).row.files.pdf.unlink()
    close(root.context, JANUARY, None)
    last = root.context.registry.events("", 1)[0]
    assert (last.command, last.outcome, last.detail) == ("invoice close", "done", NUMBER)


@pytest.mark.parametrize("amount", [None, 35_880, 10_000])
def test_a_payment_that_was_recorded_before_the_kill_is_not_recorded_twice(
    root: BillingRoot, amount: int | None
) -> None:
    close(root.context, JANUARY, None)
    with killed_at_its_end(root, f"invoice pay {NUMBER}", "dupont"):
        paid = invoices.pay(root.context, NUMBER, None, amount)
    assert len(told_by_doctor(root)) == 1
    assert invoices.pay(root.context, NUMBER, None, amount) == paid
    assert len(root.context.bills.payments()[NUMBER]) == 1
    assert left(root) == []
    if amount == 10_000:
        assert invoices.pay(root.context, NUMBER, None, amount).standing.paid == 20_000


def test_a_payment_that_was_not_recorded_before_the_kill_is_recorded_by_the_same_command(
    root: BillingRoot,
) -> None:
    close(root.context, JANUARY, None)
    invoices.pay(root.context, NUMBER, None, 10_000)
    root.clock.moment += timedelta(milliseconds=1)
    leave(root, f"invoice pay {NUMBER}", "dupont")
    assert invoices.pay(root.context, NUMBER, None, 10_000).standing.paid == 20_000
    assert left(root) == []


def test_money_taken_back_before_the_kill_is_not_taken_back_twice(root: BillingRoot) -> None:
    close(root.context, JANUARY, None)
    invoices.pay(root.context, NUMBER, None, None)
    with killed_at_its_end(root, f"invoice pay {NUMBER}", "dupont"):
        invoices.pay(root.context, NUMBER, None, -35_880)
    assert invoices.pay(root.context, NUMBER, None, -35_880).standing.paid == 0
    assert left(root) == []


@pytest.mark.parametrize("amount", [None, 29_900, 5_000])
def test_a_credit_note_that_was_numbered_before_the_kill_is_the_one_that_is_told(
    root: BillingRoot, amount: int | None
) -> None:
    close(root.context, JANUARY, None)
    with killed_at_its_end(root, f"invoice credit {NUMBER}", "dupont"):
        note = invoices.add_credit(root.context, NUMBER, amount, "Erreur")
        note.files.pdf.unlink()
    assert invoices.add_credit(root.context, NUMBER, amount, "Erreur") == note
    assert invoices.show(root.context, note.invoice.number).whole
    assert invoices.show(root.context, NUMBER).credit_notes == [note.invoice.number]
    assert left(root) == []
    if amount == 5_000:
        other = invoices.add_credit(root.context, NUMBER, amount, "Erreur")
        assert other.invoice.number == "2026-00003"


def test_what_was_charged_before_the_kill_is_charged_once(root: BillingRoot) -> None:
    def charge(on: date | None = None) -> None:
        contracts.charge_amount(root.context, "dupont", "Formation", Decimal(400), on)

    def charged() -> int:
        return len(root.context.bills.open_charges(1, date(2027, 1, 1)))

    for count, day in ((1, None), (2, date(2026, 1, 20))):
        with killed_at_its_end(root, "charge dupont quote", "dupont"):
            charge(day)
        root.clock.moment += timedelta(hours=20)
        charge(day)
        assert (charged(), left(root)) == (count, [])
    charge()
    assert charged() == 3


@pytest.mark.parametrize("command", ["new", "import", "restore"])
def test_what_begins_a_client_has_ended_once_the_client_is_there(root: BillingRoot, command: str) -> None:
    close(root.context, JANUARY, None)
    leave(root, f"{command} dupont", "dupont", begins=True)
    assert told_by_doctor(root) == []
    backup_host(root.context)
    assert left(root) == []
    assert f"`provision {command} dupont`" in root.said[-1]
    assert "nothing of it is left to do" in root.said[-1]
    assert "reset-password dupont EMAIL" in root.said[-1]


def test_what_begins_a_client_that_is_half_made_is_told_until_it_ends(root: BillingRoot) -> None:
    close(root.context, JANUARY, None)
    root.registry.set_state("dupont", State.CREATING)
    journal = leave(root, "new dupont", "dupont", begins=True)
    backup_host(root.context)
    assert left(root) == [journal]
    assert len(told_by_doctor(root)) == 1


def test_a_restore_in_place_that_was_cut_off_is_told_though_the_client_is_there(root: BillingRoot) -> None:
    close(root.context, JANUARY, None)
    journal = leave(root, "restore dupont", "dupont")
    backup_host(root.context)
    assert left(root) == [journal]
    assert len(told_by_doctor(root)) == 1
