"""What is owed and paid: terms, charges, invoices, payments; each call is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provisioner.clock import Clock
from provisioner.errors import Refused, UnknownTenant
from provisioner.invoicing.agreements import Notice, Term
from provisioner.invoicing.invoice import ClockSetBack, Invoice, Numbering, number_of
from provisioner.invoicing.lines import Charge
from provisioner.invoicing.months import Month, civil_day
from provisioner.registry import terms
from provisioner.registry.billing_models import (
    BilledChargeRow,
    ChargeRow,
    InvoiceRow,
    KeptUsageRow,
    PaymentRow,
)
from provisioner.registry.database import Database


class UnknownInvoice(Refused):
    """There is no invoice of that number."""

    code = "unknown-invoice"

    def __init__(self, number: str) -> None:
        super().__init__(
            f"There is no invoice {number!r}.", "`provision invoice list` shows those there are."
        )


@dataclass(frozen=True, slots=True)
class Files:
    """The SHA-256 of an invoice's two files."""

    pdf_sha256: str
    xml_sha256: str


@dataclass(frozen=True, slots=True)
class Payment:
    """Money received; negative for what was taken back."""

    on: date
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """An invoice, its files, and which contract's month it closes (None: a credit note)."""

    invoice: Invoice
    files: Files
    recorded_at: datetime
    contract: int | None = None


@dataclass(frozen=True, slots=True)
class KeptUsage:
    """A usage record as it stood in its file, for a month of a contract."""

    month: str
    sha256: str
    content: str


Make = Callable[[Numbering], tuple[Invoice, Files]]
"""Makes an invoice once its number is known; what it raises leaves the number free."""


class Bills:
    """The bills of this host."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def contracts(self, tenant_id: str | None = None) -> list[list[Term]]:
        """Return the terms of each contract, oldest first."""
        with self._database.read() as session:
            return terms.history(session, tenant_id)

    def contract_of(self, tenant_id: str) -> list[Term]:
        """Return the terms of an id's present or last contract; raises UnknownTenant."""
        found = self.contracts(tenant_id)
        if not found:
            raise UnknownTenant(tenant_id)
        return found[-1]

    def give_notice(self, tenant_id: str, notice: Notice | None) -> None:
        """Record that a client leaves, or (None) that it stays after all."""
        with self._database.write() as session:
            terms.give_notice(session, tenant_id, notice, self._clock.now())

    def add_charge(self, charge: Charge) -> Charge:
        """Record something to be billed once, and return it with its id."""
        with self._database.write() as session:
            row = ChargeRow(
                tenant_id=charge.client_id,
                contract=charge.contract,
                on=charge.on,
                code=charge.code,
                title=charge.title,
                detail=charge.detail,
                quantity=charge.quantity,
                unit_cents=charge.unit_cents,
                recorded_at=self._clock.now(),
            )
            session.add(row)
            session.flush()
            return _charge(row)

    def charge_since(self, charge: Charge, since: datetime, *, any_day: bool) -> Charge | None:
        """Return a charge like this one, recorded at a moment or later: of its own day, or of `any_day`."""
        of_client = ChargeRow.tenant_id == charge.client_id
        query = select(ChargeRow).where(of_client, ChargeRow.recorded_at >= since)
        with self._database.read() as session:
            found = [_charge(row) for row in session.scalars(query)]
        alike = (one for one in found if replace(one, id=charge.id, on=charge.on) == charge)
        return next((one for one in alike if any_day or one.on == charge.on), None)

    def open_charges(self, contract: int, before: date) -> list[Charge]:
        """Return a contract's charges of days before one that are on no invoice yet."""
        billed = select(BilledChargeRow.charge_id)
        query = select(ChargeRow).where(
            ChargeRow.contract == contract, ChargeRow.on < before, ChargeRow.id.not_in(billed)
        )
        with self._database.read() as session:
            return [_charge(row) for row in session.scalars(query.order_by(ChargeRow.on, ChargeRow.id))]

    def closed(self, contract: int, month: Month) -> str | None:
        """Return the number of the invoice that closes a contract's month."""
        query = select(InvoiceRow.number).where(
            InvoiceRow.contract == contract, InvoiceRow.closes == str(month)
        )
        with self._database.read() as session:
            return session.scalar(query)

    def issue(self, make: Make, series: str = "", contract: int | None = None) -> Recorded:
        """Give the next number and record what is made of it, whole, or nothing; raises ClockSetBack.

        The number begins with `series`. With a `contract`, it closes the invoice's month for that.
        """
        with self._database.write() as session:
            numbering, sequence = _next(session, series, civil_day(self._clock.now()))
            invoice, files = make(numbering)
            row = InvoiceRow(
                number=invoice.number,
                year=numbering.issued_on.year,
                sequence=sequence,
                tenant_id=invoice.client_id,
                contract=contract,
                closes=invoice.month if contract is not None else None,
                corrects=invoice.corrects.number if invoice.corrects else None,
                content=invoice.canonical(),
                pdf_sha256=files.pdf_sha256,
                xml_sha256=files.xml_sha256,
                recorded_at=self._clock.now(),
            )
            session.add(row)
            if contract is not None:
                _bill_charges(session, invoice)
            session.flush()
            return _recorded(row)

    def invoice(self, number: str) -> Recorded:
        """Return an invoice; raises UnknownInvoice."""
        with self._database.read() as session:
            row = session.get(InvoiceRow, number)
            if row is None:
                raise UnknownInvoice(number)
            return _recorded(row)

    def invoices(self, tenant_id: str | None = None) -> list[Recorded]:
        """Return the invoices and credit notes by number, of one client or of all."""
        query = select(InvoiceRow).order_by(InvoiceRow.year, InvoiceRow.sequence)
        if tenant_id is not None:
            query = query.where(InvoiceRow.tenant_id == tenant_id)
        with self._database.read() as session:
            return [_recorded(row) for row in session.scalars(query)]

    def credits(self, number: str) -> list[Invoice]:
        """Return the credit notes on an invoice."""
        query = select(InvoiceRow).where(InvoiceRow.corrects == number).order_by(InvoiceRow.sequence)
        with self._database.read() as session:
            return [_recorded(row).invoice for row in session.scalars(query)]

    def pay(self, number: str, payment: Payment) -> None:
        """Record money received for an invoice."""
        with self._database.write() as session:
            session.add(
                PaymentRow(
                    number=number,
                    on=payment.on,
                    amount_cents=payment.amount_cents,
                    recorded_at=self._clock.now(),
                )
            )

    def payments(self) -> dict[str, list[Payment]]:
        """Return what was received, by invoice number, oldest first."""
        received: dict[str, list[Payment]] = {}
        with self._database.read() as session:
            for row in session.scalars(select(PaymentRow).order_by(PaymentRow.on, PaymentRow.id)):
                received.setdefault(row.number, []).append(Payment(row.on, row.amount_cents))
        return received

    def payments_since(self, number: str, moment: datetime) -> list[Payment]:
        """Return what was recorded of an invoice from a moment on, as it was recorded."""
        query = select(PaymentRow).where(PaymentRow.number == number, PaymentRow.recorded_at >= moment)
        with self._database.read() as session:
            return [Payment(row.on, row.amount_cents) for row in session.scalars(query)]

    def keep_usage(self, tenant_id: str, contract: int, records: Sequence[KeptUsage]) -> None:
        """Keep usage records whose files are about to go; what is the same already is not kept twice."""
        with self._database.write() as session:
            known = select(KeptUsageRow.sha256).where(KeptUsageRow.contract == contract)
            there = set(session.scalars(known))
            session.add_all(
                KeptUsageRow(
                    tenant_id=tenant_id,
                    contract=contract,
                    month=one.month,
                    sha256=one.sha256,
                    content=one.content,
                )
                for one in records
                if one.sha256 not in there
            )

    def kept_usage(self, contract: int, month: Month) -> KeptUsage | None:
        """Return the usage record that was kept last for a contract's month."""
        query = (
            select(KeptUsageRow)
            .where(KeptUsageRow.contract == contract, KeptUsageRow.month == str(month))
            .order_by(KeptUsageRow.id.desc())
        )
        with self._database.read() as session:
            row = session.scalars(query).first()
            return KeptUsage(row.month, row.sha256, row.content) if row else None


def _next(session: Session, series: str, today: date) -> tuple[Numbering, int]:
    last = session.scalars(
        select(InvoiceRow).order_by(InvoiceRow.year.desc(), InvoiceRow.sequence.desc()).limit(1)
    ).first()
    if last is not None:
        issued_on = Invoice.model_validate_json(last.content).issued_on
        if today < issued_on:
            raise ClockSetBack(
                f"Today is {today}, and invoice {last.number} was issued on {issued_on}.",
                "Set the clock of this machine right.",
            )
    newest = session.scalar(select(func.max(InvoiceRow.sequence)).where(InvoiceRow.year == today.year))
    sequence = (newest or 0) + 1
    return Numbering(number_of(series, today.year, sequence), today), sequence


def _bill_charges(session: Session, invoice: Invoice) -> None:
    billed = [line.source.charge for line in invoice.lines if line.source.charge is not None]
    session.add_all(BilledChargeRow(charge_id=one, number=invoice.number) for one in billed)


def _charge(row: ChargeRow) -> Charge:
    return Charge(
        row.id,
        row.tenant_id,
        row.contract,
        row.on,
        row.code,
        row.title,
        row.detail,
        row.quantity,
        row.unit_cents,
    )


def _recorded(row: InvoiceRow) -> Recorded:
    return Recorded(
        invoice=Invoice.model_validate_json(row.content),
        files=Files(row.pdf_sha256, row.xml_sha256),
        recorded_at=row.recorded_at,
        contract=row.contract,
    )
