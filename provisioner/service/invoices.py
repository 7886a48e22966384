"""`invoice list`, `show`, `export`, `credit`, `pay` and `reminders`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from provisioner import fields
from provisioner.errors import InvalidRequest
from provisioner.invoicing import accounting, validation
from provisioner.invoicing.amounts import plain
from provisioner.invoicing.invoice import Invoice, Numbering, credit
from provisioner.invoicing.months import Month, civil_day
from provisioner.invoicing.standing import Reminder, Standing, Status, reminder, standing
from provisioner.registry.bills import Bills, Files, Payment, Recorded
from provisioner.registry.database import adopt_bills
from provisioner.service import invoice_files
from provisioner.service.context import Context
from provisioner.service.transaction import changing

_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Row:
    """An invoice or credit note, where it stands today and where its files are."""

    recorded: Recorded
    standing: Standing
    files: invoice_files.Places

    @property
    def invoice(self) -> Invoice:
        """The invoice itself."""
        return self.recorded.invoice


@dataclass(frozen=True, slots=True)
class Shown:
    """One invoice with everything known of it; `whole`: both files are as they were recorded."""

    row: Row
    payments: list[Payment]
    credit_notes: list[str]
    whole: bool


def rows(context: Context, tenant_id: str | None = None, month: Month | None = None) -> list[Row]:
    """Return the invoices and credit notes by number, of one client or month, or all."""
    found = list(_rows(context, context.bills, tenant_id))
    return [one for one in found if month is None or one.invoice.month == str(month)]


def show(context: Context, number: str) -> Shown:
    """Return one invoice; raises UnknownInvoice."""
    bills = context.bills
    recorded = bills.invoice(number)
    row = next(
        one for one in _rows(context, bills, recorded.invoice.client_id) if one.invoice.number == number
    )
    notes = [one.number for one in bills.credits(number)]
    return Shown(row, bills.payments().get(number, []), notes, invoice_files.are_whole(context, recorded))


def add_credit(context: Context, number: str, amount: int | None, reason: str) -> Row:
    """Issue a credit note over `amount` cents before tax, or over all that is left of an invoice.

    One that a killed run of the same command has numbered is returned, with its files, and no other issued.
    Raises UnknownInvoice and InvalidRequest before anything is numbered.
    """
    fields.check_line("--reason", reason, _LONGEST_REASON)
    client_id = context.bills.invoice(number).invoice.client_id
    validation.load()
    command = f"invoice credit {number}"
    with changing(context, command, client_id, settles=False) as transaction:
        bills, since = context.writable_bills, transaction.sight.cut_off_since(command)
        original = bills.invoice(number).invoice
        note = _numbered(context, bills, original, since, amount) if since else None
        note = note or _issue(context, bills, original, amount, reason)
        transaction.detail = note.invoice.number
        return _row(context, bills, note, [])


def _issue(context: Context, bills: Bills, original: Invoice, amount: int | None, reason: str) -> Recorded:
    earlier = bills.credits(original.number)
    written: list[invoice_files.Written] = []

    def make(numbering: Numbering) -> tuple[Invoice, Files]:
        note = credit(numbering, original, earlier, amount, reason)
        written.append(invoice_files.made_of(note))
        return note, written[-1].files

    recorded = bills.issue(make, context.host.vendor.invoice_series)
    invoice_files.write(context, recorded.invoice.number, written[-1])
    return recorded


def _numbered(
    context: Context, bills: Bills, original: Invoice, since: datetime, amount: int | None
) -> Recorded | None:
    """Return, with its files, the credit note that a killed command has issued, over `amount` or all."""
    every = bills.invoices(original.client_id)
    notes = [one for one in every if one.invoice.corrects and one.invoice.corrects.number == original.number]
    all_credited = sum(one.invoice.net_cents for one in notes) == original.net_cents
    for note in reversed(notes):
        wanted = all_credited if amount is None else note.invoice.net_cents == amount
        if wanted and note.recorded_at >= since:
            for one in invoice_files.missing(context, [note]):
                invoice_files.write_again(context, one)
            context.say(f"The command that was cut off has issued {note.invoice.number}: no other is issued.")
            return note
    return None


def pay(context: Context, number: str, on: date | None, amount: int | None) -> Row:
    """Record money received for an invoice: by default all that is left, today.

    A negative amount takes back what was recorded, or was charged back. What a killed run of the same command
    has recorded is not recorded again. Raises InvalidRequest for more than is left to pay, or less than was
    paid, and for a day that has not come.
    """
    client_id = context.bills.invoice(number).invoice.client_id
    today = civil_day(context.clock.now())
    on = on or today
    if on > today:
        raise InvalidRequest("--on", f"{on} has not come yet.", "Give the day on which the money came.")
    command = f"invoice pay {number}"
    with changing(context, command, client_id, settles=False) as transaction:
        bills, since = context.writable_bills, transaction.sight.cut_off_since(command)
        payment = _received(context, bills, number, since, amount) if since else None
        payment = payment or _receive(context, bills, number, on, amount)
        transaction.detail = f"{plain(payment.amount_cents)} €"
        return _row(context, bills, bills.invoice(number), bills.payments()[number])


def _receive(context: Context, bills: Bills, number: str, on: date, amount: int | None) -> Payment:
    row = _row(context, bills, bills.invoice(number), bills.payments().get(number, []))
    payment = Payment(on, row.standing.balance if amount is None else amount)
    _require_payable(row.invoice, row.standing, payment.amount_cents)
    bills.pay(number, payment)
    return payment


def _received(
    context: Context, bills: Bills, number: str, since: datetime, amount: int | None
) -> Payment | None:
    """Return the payment that a killed command has recorded: of `amount`, or the one that left nothing."""
    row = _row(context, bills, bills.invoice(number), bills.payments().get(number, []))
    for payment in reversed(bills.payments_since(number, since)):
        if row.standing.balance == 0 if amount is None else payment.amount_cents == amount:
            told = f"{plain(payment.amount_cents)} €"
            context.say(f"The command that was cut off has recorded {told}: they are not recorded again.")
            return payment
    return None


def reminders(context: Context) -> list[Reminder]:
    """Return the reminders that are due today, the oldest debt first."""
    today = civil_day(context.clock.now())
    found = (reminder(row.invoice, row.standing, today) for row in rows(context))
    return sorted((one for one in found if one), key=lambda one: (one.due_on, one.number))


def adopt(context: Context, registry: Path) -> int:
    """Take over the bills of a lost host from its registry, and return how many invoices there are now.

    The numbers go on from there, and a client that is restored goes on with its contract. The files are put
    back by hand, or written again by the next close. Raises WrongState when this host has clients or bills.
    """
    with changing(context, "invoice adopt", settles=False):
        _ = context.writable_registry
        adopt_bills(context.layout.registry, registry)
        return len(context.writable_bills.invoices())


_COLUMNS = (
    "numero", "type", "date", "echeance", "mois", "client", "nom", "siren", "total_ht", "taux_tva", "tva",
    "total_ttc", "paye", "reste_du", "etat", "facture_d_origine", "pdf", "pdf_sha256",
)  # fmt: skip


_STATUS = {
    Status.OPEN: "à payer",
    Status.OVERDUE: "en retard",
    Status.PAID: "payée",
    Status.CREDITED: "annulée par avoir",
}


def as_csv(found: list[Row]) -> str:
    """Return the accountant's table; a credit note's amounts are negative in it."""
    return accounting.table(_COLUMNS, map(_cells, found))


def _cells(row: Row) -> tuple[str | int, ...]:
    invoice, now = row.invoice, row.standing
    sign = -1 if invoice.corrects else 1
    return (
        invoice.number,
        "avoir" if invoice.corrects else "facture",
        invoice.issued_on.isoformat(),
        invoice.due_on.isoformat(),
        invoice.month,
        invoice.client_id,
        invoice.buyer.name,
        invoice.buyer.siren,
        sign * invoice.net_cents,
        f"{invoice.vat_rate:.2f}".replace(".", ","),
        sign * invoice.vat_cents,
        sign * invoice.gross_cents,
        now.paid,
        now.balance,
        _STATUS[now.status] if now.status else "",
        invoice.corrects.number if invoice.corrects else "",
        str(row.files.pdf),
        row.recorded.files.pdf_sha256,
    )


def _rows(context: Context, bills: Bills, tenant_id: str | None) -> Iterator[Row]:
    recorded, payments = bills.invoices(tenant_id), bills.payments()
    credited: dict[str, int] = {}
    for one in recorded:
        if one.invoice.corrects:
            number = one.invoice.corrects.number
            credited[number] = credited.get(number, 0) + one.invoice.gross_cents
    for one in recorded:
        number = one.invoice.number
        yield _stands(context, one, credited.get(number, 0), payments.get(number, []))


def _row(context: Context, bills: Bills, recorded: Recorded, payments: list[Payment]) -> Row:
    credited = sum(note.gross_cents for note in bills.credits(recorded.invoice.number))
    return _stands(context, recorded, credited, payments)


def _stands(context: Context, recorded: Recorded, credited: int, payments: list[Payment]) -> Row:
    paid = sum(payment.amount_cents for payment in payments)
    today = civil_day(context.clock.now())
    return Row(
        recorded,
        standing(recorded.invoice, credited, paid, today),
        invoice_files.places(context, recorded.invoice.number),
    )


def _require_payable(invoice: Invoice, now: Standing, amount: int) -> None:
    if invoice.corrects:
        raise InvalidRequest(
            "NUMBER", f"{invoice.number} is a credit note.", "Name the invoice that is paid."
        )
    if amount == 0 or amount > max(now.balance, 0) or now.paid + amount < 0:
        raise InvalidRequest(
            "--amount",
            f"{plain(amount)} € cannot be: {plain(now.balance)} € are left of {invoice.number}, "
            f"{plain(now.paid)} € were paid.",
            "Record at most what is left; a negative amount takes back at most what was paid.",
        )
