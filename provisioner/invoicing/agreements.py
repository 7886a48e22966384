"""What was agreed with a client, from a moment on: the registry's record, never changed, only followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from provisioner.invoicing.months import add_months, civil_day

Cents = Annotated[int, Field(ge=0)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Customer(_Value):
    """Who is billed, as the operator entered it; "" for what is not known."""

    name: str
    siret: str = ""
    address: str = ""
    email: str = ""


class BilledOption(_Value):
    """Something paid by the month beside the plan; `price_cents` for one."""

    code: str
    title: str
    price_cents: Cents
    quantity: Annotated[int, Field(ge=1)]


class Overage(_Value):
    """What a unit beyond the plan's limit costs; without it units beyond are refused."""

    request_cents: Cents
    analysis_cents: Cents


class Notice(_Value):
    """That the client leaves: when it said so, and the end if another than the contract's was agreed on."""

    given_on: date
    ends_on: date | None = None


class Agreement(_Value):
    """The terms in force. Prices are cents a month before tax; `billed` is false before and after."""

    plan: str
    title: str
    price_cents: Cents
    options: tuple[BilledOption, ...] = ()
    overage: Overage | None = None
    commitment_months: Annotated[int, Field(ge=0)] = 0
    notice_days: Annotated[int, Field(ge=0)] = 0
    notice: Notice | None = None
    customer: Customer
    billed: bool


@dataclass(frozen=True, slots=True)
class Term:
    """From `since` on this was agreed. An id that is given again after a purge begins another `contract`."""

    id: int
    client_id: str
    contract: int
    since: datetime
    agreement: Agreement

    @property
    def day(self) -> date:
        """The day from which it is billed; of several on one day, the last is."""
        return civil_day(self.since)


@dataclass(frozen=True, slots=True)
class BilledDay:
    """One day to be paid for, by which terms, and whether the client had left already."""

    day: date
    term: Term
    after_leaving: bool = False


def billed_days(terms: Sequence[Term], first: date, end: date) -> list[BilledDay]:
    """Return the days of one contract (its terms, oldest first) to be paid for, from `first` to `end`.

    The day on which terms change belongs to the new ones. A client that leaves pays to the end of its
    contract.
    """
    last = contract_end(terms)
    days = (first + timedelta(days=count) for count in range((end - first).days))
    wanted = (_billed(terms, day) for day in days if last is None or day < last)
    return [one for one in wanted if one]


def _billed(terms: Sequence[Term], day: date) -> BilledDay | None:
    known = [term for term in terms if term.day <= day]
    if not known:
        return None
    if known[-1].agreement.billed:
        return BilledDay(day, known[-1])
    before = [term for term in known if term.agreement.billed]
    return BilledDay(day, before[-1], after_leaving=True) if before else None


def contract_end(terms: Sequence[Term]) -> date | None:
    """Return the first day that is no longer billed; None while a contract goes on.

    Whoever is removed without having given notice gives it that day. The notice runs for `notice_days`, and
    no contract ends within its commitment, unless another end was agreed on, be it after it left.
    """
    billed = [term for term in terms if term.agreement.billed]
    if not billed:
        return terms[0].day if terms else None
    notice = terms[-1].agreement.notice
    if notice and notice.ends_on:
        return notice.ends_on
    given = [day for day in (notice.given_on if notice else None, _left_on(terms)) if day]
    if not given:
        return None
    notice_ends = min(given) + timedelta(days=billed[-1].agreement.notice_days)
    return max(notice_ends, committed_until(terms) or notice_ends)


def committed_until(terms: Sequence[Term]) -> date | None:
    """Return the day on which the commitment is over; None without one.

    It is as long as the last terms say, from the first day of terms that had any.
    """
    billed = [term for term in terms if term.agreement.billed]
    committed = [term for term in billed if term.agreement.commitment_months]
    months = billed[-1].agreement.commitment_months if billed else 0
    return add_months(committed[0].day, months) if months else None


def _left_on(terms: Sequence[Term]) -> date | None:
    """What was noted of a client after it left does not change the day it did."""
    after = list(takewhile(lambda term: not term.agreement.billed, reversed(terms)))
    return after[-1].day if after else None
