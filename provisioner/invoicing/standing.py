"""Where an invoice stands: what is left to pay, since when, and whether its client is due a reminder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from provisioner.invoicing.invoice import Invoice

REMIND_AFTER_DAYS: Final = (5, 20, 40)
"""Days after the due day from which a first, second and last reminder is due."""


class Status(StrEnum):
    """How far an invoice is; a credit note has none."""

    OPEN = "open"
    OVERDUE = "overdue"
    PAID = "paid"
    CREDITED = "credited"
    """Credit notes have left nothing to pay, and nothing was paid."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Cents with tax. A `balance` below zero is owed to the client."""

    credited: int
    paid: int
    balance: int
    status: Status | None


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder that is due; `level` from 1 to 3."""

    number: str
    client_id: str
    name: str
    email: str
    due_on: date
    days_late: int
    balance: int
    level: int


def standing(invoice: Invoice, credited: int, paid: int, today: date) -> Standing:
    """Return where an invoice stands on a day: `credited` and `paid` are the sums so far."""
    if invoice.corrects:
        return Standing(0, 0, 0, None)
    balance = invoice.gross_cents - credited - paid
    if balance <= 0:
        status = Status.PAID if paid else Status.CREDITED
    else:
        status = Status.OVERDUE if today > invoice.due_on else Status.OPEN
    return Standing(credited, paid, balance, status)


def reminder(invoice: Invoice, now: Standing, today: date) -> Reminder | None:
    """Return the reminder that is due for an invoice on a day; None when none is."""
    days_late = (today - invoice.due_on).days
    level = sum(days_late >= days for days in REMIND_AFTER_DAYS)
    if now.status != Status.OVERDUE or not level:
        return None
    return Reminder(
        invoice.number,
        invoice.client_id,
        invoice.buyer.name,
        invoice.buyer.email,
        invoice.due_on,
        days_late,
        now.balance,
        level,
    )
