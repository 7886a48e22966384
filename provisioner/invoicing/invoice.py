"""An invoice as one value: everything its PDF and its XML are made from, and nothing else is asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from provisioner.errors import InvalidRequest, ProvisionError
from provisioner.invoicing.amounts import plain, vat
from provisioner.invoicing.lines import CountedUsage, Line, Source
from provisioner.invoicing.months import Month
from provisioner.invoicing.parties import Buyer, Seller


class ClockSetBack(ProvisionError):
    """Today is before the day of the last invoice: numbers and dates must rise together."""

    code = "clock-set-back"


class UsageExport(BaseModel):
    """Which export of the client's ledger was read, and what it counted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    month: str
    sha256: str
    updated_at: datetime
    requests_used: int
    requests_limit: int | None
    analyses_used: int
    analyses_limit: int | None
    users_active: int

    @classmethod
    def of(cls, usage: CountedUsage) -> Self:
        """Keep of a usage record what the invoice rests on."""
        kept = usage.record.model_dump(include=cls.model_fields.keys() - {"sha256"})
        return cls(sha256=usage.sha256, **kept)


class Corrected(BaseModel):
    """The invoice a credit note is about, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str
    issued_on: date
    reason: str


class Invoice(BaseModel):
    """An invoice, or with `corrects` a credit note; amounts in cents, positive in both.

    `last_day` is in the period. The totals are stored as they were computed, and a value in which they are
    not the sum of its lines is none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str
    kind: Literal["invoice", "credit-note"]
    issued_on: date
    due_on: date
    client_id: str
    month: str
    first_day: date
    last_day: date
    seller: Seller
    buyer: Buyer
    lines: tuple[Line, ...] = Field(min_length=1)
    net_cents: int
    vat_rate: Decimal
    vat_cents: int
    corrects: Corrected | None = None
    usage: UsageExport | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.net_cents != sum(line.net_cents for line in self.lines):
            raise ValueError("the lines do not add up to the sum before tax")
        if abs(self.vat_cents - vat(self.net_cents, self.vat_rate)) > (1 if self.corrects else 0):
            raise ValueError("the tax is not that of the sum")
        if (self.corrects is not None) != (self.kind == "credit-note"):
            raise ValueError("a credit note corrects an invoice, and an invoice none")
        return self

    @property
    def gross_cents(self) -> int:
        """What is to be paid, or with a credit note given back."""
        return self.net_cents + self.vat_cents

    def canonical(self) -> str:
        """Return it as JSON that is always written the same way."""
        return json.dumps(
            self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )


@dataclass(frozen=True, slots=True)
class Numbering:
    """The number an invoice gets and the day it is issued."""

    number: str
    issued_on: date


def number_of(series: str, year: int, sequence: int) -> str:
    """Write a number: one series a year for invoices and credit notes together."""
    return f"{series}{year}-{sequence:05d}"


def draw_up(
    numbering: Numbering,
    client_id: str,
    month: Month,
    parties: tuple[Seller, Buyer],
    lines: Sequence[Line],
    usage: CountedUsage | None,
) -> Invoice:
    """Return the invoice of a client's month; there is at least one line."""
    seller, buyer = parties
    return _with_totals(
        number=numbering.number,
        kind="invoice",
        issued_on=numbering.issued_on,
        due_on=numbering.issued_on + timedelta(days=seller.payment_days),
        client_id=client_id,
        month=str(month),
        first_day=min(month.first, *(line.first_day for line in lines)),
        last_day=max(line.last_day for line in lines),
        seller=seller,
        buyer=buyer,
        lines=tuple(lines),
        usage=UsageExport.of(usage) if usage else None,
    )


def credit(
    numbering: Numbering, original: Invoice, earlier: Sequence[Invoice], amount: int | None, reason: str
) -> Invoice:
    """Return the credit note over `amount` cents before tax, or over all that is left of an invoice.

    `earlier` are the credit notes on it so far. The last of several takes the tax that is left, so that an
    invoice wholly credited comes to nothing. Raises InvalidRequest when there is not so much left.
    """
    if original.corrects:
        raise InvalidRequest("NUMBER", f"{original.number} is a credit note itself.", "Name an invoice.")
    left = original.net_cents - sum(one.net_cents for one in earlier)
    wanted = left if amount is None else amount
    if not 0 < wanted <= left:
        raise InvalidRequest(
            "--amount",
            f"{plain(wanted)} € cannot be credited: {plain(left)} € of {original.number} are left.",
            "Give less, or `--whole` for what is left.",
        )
    whole = wanted == original.net_cents
    lines = original.lines if whole else (_part_of(original, wanted, reason),)
    left_vat = original.vat_cents - sum(one.vat_cents for one in earlier)
    return _with_totals(
        number=numbering.number,
        kind="credit-note",
        issued_on=numbering.issued_on,
        due_on=numbering.issued_on,
        client_id=original.client_id,
        month=original.month,
        first_day=original.first_day,
        last_day=original.last_day,
        seller=original.seller,
        buyer=original.buyer,
        lines=lines,
        vat_cents=left_vat if wanted == left else None,
        corrects=Corrected(number=original.number, issued_on=original.issued_on, reason=reason),
    )


def _part_of(original: Invoice, amount: int, reason: str) -> Line:
    return Line(
        code="credit",
        title=f"Avoir sur la facture {original.number}",
        detail=reason,
        quantity=1,
        unit="piece",
        unit_cents=amount,
        first_day=original.first_day,
        last_day=original.last_day,
        source=Source(),
    )


def _with_totals(
    *, seller: Seller, lines: tuple[Line, ...], vat_cents: int | None = None, **more: Any
) -> Invoice:
    net = sum(line.net_cents for line in lines)
    tax = vat(net, seller.vat_rate) if vat_cents is None else vat_cents
    return Invoice(seller=seller, lines=lines, net_cents=net, vat_rate=seller.vat_rate, vat_cents=tax, **more)
