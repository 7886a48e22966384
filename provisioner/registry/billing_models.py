"""The registry's tables of what is owed and paid. Rows are only ever added; triggers see to it.

None hangs on `tenants`: what was billed outlives the client's entry (code de commerce, article L123-22: ten
years).
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from provisioner.registry.models import Base, Moment


class TermRow(Base):
    """What was agreed with a client from a moment on: an Agreement as JSON. See invoicing.agreements.Term."""

    __tablename__ = "terms"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(index=True)
    contract: Mapped[int]
    since: Mapped[datetime] = mapped_column(Moment)
    agreement: Mapped[str]


class ChargeRow(Base):
    """Something charged once; before tax."""

    __tablename__ = "charges"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[str]
    contract: Mapped[int]
    on: Mapped[date]
    code: Mapped[str]
    title: Mapped[str]
    detail: Mapped[str]
    quantity: Mapped[int]
    unit_cents: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(Moment)


class InvoiceRow(Base):
    """An invoice or credit note: the whole of it as canonical JSON, and the SHA-256 of both its files.

    `contract` and `closes` are of an invoice only: a contract's month is closed once. `corrects` is the
    number of the invoice that a credit note is about.
    """

    __tablename__ = "invoices"
    __table_args__ = (UniqueConstraint("year", "sequence"), UniqueConstraint("contract", "closes"))

    number: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int]
    sequence: Mapped[int]
    tenant_id: Mapped[str]
    contract: Mapped[int | None]
    closes: Mapped[str | None]
    corrects: Mapped[str | None]
    content: Mapped[str]
    pdf_sha256: Mapped[str]
    xml_sha256: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(Moment)


class BilledChargeRow(Base):
    """On which invoice a charge is; the key keeps it from being on two."""

    __tablename__ = "billed_charges"

    charge_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str]


class PaymentRow(Base):
    """Money received for an invoice."""

    __tablename__ = "payments"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(index=True)
    on: Mapped[date]
    amount_cents: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(Moment)


class KeptUsageRow(Base):
    """A month's usage record of a client whose files were archived or erased before the month was closed."""

    __tablename__ = "kept_usage"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(index=True)
    contract: Mapped[int]
    month: Mapped[str]
    sha256: Mapped[str]
    content: Mapped[str]


APPEND_ONLY = (TermRow, ChargeRow, InvoiceRow, BilledChargeRow, PaymentRow, KeptUsageRow)
