"""A billing command that was killed once it had recorded, typed again, goes on: it bills nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from provisioner.apply.journal import Journal
from provisioner.invoicing.months import Month
from provisioner.service import contracts, invoices
from provisioner.service.closing import close
from tests.provisioner.billing_root import BillingRoot

NUMBER = "2026-00001"


@pytest.fixture
def root(tmp_path: Path) -> BillingRoot:
    """A root with one client and one invoice, over 299 € before tax."""
    root = BillingRoot(tmp_path / "r")
    root.at(2025, 12, 1, 9)
    root.add("dupont")
    root.used("dupont", "2026-01")
    root.at(2026, 2, 1, 9)
    close(root.context, Month(2026, 1), None)
    return root


def twice(root: BillingRoot, command: str, run: Callable[[], object]) -> None:
    """Run a command that is killed when all is done but its journal's end; then type it again, later."""
    journal = Journal.begin(root.path / "journal", command, "dupont", root.clock)
    journal.close()
    left = journal.path.read_bytes()
    journal.path.unlink()
    run()
    journal.path.write_bytes(left)
    root.clock.moment += timedelta(hours=20)
    run()
    assert not journal.path.exists()
    root.clock.moment += timedelta(hours=20)


def test_a_charge_is_billed_once(root: BillingRoot) -> None:
    def charge(on: date | None = None) -> None:
        contracts.charge_amount(root.context, "dupont", "Formation", Decimal(400), on)

    twice(root, "charge dupont quote", charge)
    assert len(root.context.bills.open_charges(1, date(2027, 1, 1))) == 1
    twice(root, "charge dupont quote", lambda: charge(date(2026, 1, 20)))
    assert len(root.context.bills.open_charges(1, date(2027, 1, 1))) == 2
    charge()
    assert len(root.context.bills.open_charges(1, date(2027, 1, 1))) == 3


@pytest.mark.parametrize(("amount", "received"), [(None, 35_880), (10_000, 10_000)])
def test_a_payment_is_received_once(root: BillingRoot, amount: int | None, received: int) -> None:
    twice(root, f"invoice pay {NUMBER}", lambda: invoices.pay(root.context, NUMBER, None, amount))
    assert sum(one.amount_cents for one in root.context.bills.payments()[NUMBER]) == received


@pytest.mark.parametrize("amount", [None, 10_000])
def test_a_credit_note_is_numbered_once_and_has_its_files(root: BillingRoot, amount: int | None) -> None:
    def credit() -> None:
        noted = invoices.add_credit(root.context, NUMBER, amount, "Erreur")
        assert noted.files.pdf.exists()
        noted.files.pdf.unlink()

    twice(root, f"invoice credit {NUMBER}", credit)
    assert len(root.context.bills.credits(NUMBER)) == 1


def test_another_amount_is_another_payment(root: BillingRoot) -> None:
    amounts = iter((10_000, 5_000))
    twice(root, f"invoice pay {NUMBER}", lambda: invoices.pay(root.context, NUMBER, None, next(amounts)))
    assert [one.amount_cents for one in root.context.bills.payments()[NUMBER]] == [10_000, 5_000]
