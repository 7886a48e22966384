"""The lines of a month's invoice: plan, options, units beyond the plan, and what was charged once.

Pure: terms, charges and the usage record in, lines out, each naming the ledger entries it comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from provisioner.errors import ProvisionError
from provisioner.invoicing.agreements import Agreement, BilledDay, Term, billed_days
from provisioner.invoicing.amounts import apportion, cents, grouped
from provisioner.invoicing.months import Month
from provisioner.usage_files import UsageRecord

Unit = Literal["month", "piece"]
_ONE_DAY: Final = timedelta(days=1)
_CODE_OF_PLAN: Final = "plan"


class Unreconciled(ProvisionError):
    """Two records of the same month do not agree; nothing is billed by either."""

    code = "unreconciled"


class Source(BaseModel):
    """Where a line comes from: ids in the registry's `terms` or `charges`, or the usage record's SHA-256."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    terms: tuple[int, ...] = ()
    charge: int | None = None
    usage_sha256: str | None = None


class Line(BaseModel):
    """One line: `net_cents` is `quantity` times `unit_cents`, before tax. Both days are in the period."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    title: str
    detail: str = ""
    quantity: Annotated[int, Field(ge=1)]
    unit: Unit
    unit_cents: Annotated[int, Field(ge=0)]
    first_day: date
    last_day: date
    source: Source

    @property
    def net_cents(self) -> int:
        """The line's amount."""
        return self.quantity * self.unit_cents


@dataclass(frozen=True, slots=True)
class Charge:
    """Something charged once, on a day; `id` is the registry's."""

    id: int
    client_id: str
    contract: int
    on: date
    code: str
    title: str
    detail: str
    quantity: int
    unit_cents: int


@dataclass(frozen=True, slots=True)
class CountedUsage:
    """A month's usage record and the SHA-256 of the file it was read from."""

    record: UsageRecord
    sha256: str


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring days at one price."""

    days: Sequence[BilledDay]
    code: str
    title: str
    price_cents: int
    quantity: int = 1


def month_lines(
    month: Month, terms: Sequence[Term], charges: Sequence[Charge], usage: CountedUsage | None
) -> list[Line]:
    """Return what one contract owes for a month, without lines of nothing.

    `terms` are the contract's, oldest first; `charges` those not billed yet. Raises Unreconciled when units
    beyond the plan are billed and the usage record is missing or counts them otherwise.
    """
    days = billed_days(terms, month.first, month.end)
    lines = [
        *_recurring(month, _runs(days, _plan_of)),
        *_option_lines(month, days),
        *_overage_lines(month, terms, usage),
        *map(_charge_line, charges),
    ]
    return [line for line in lines if line.net_cents]


def _plan_of(agreement: Agreement) -> tuple[str, int, int]:
    return agreement.plan, agreement.price_cents, 1


def _runs(days: Sequence[BilledDay], key: Callable[[Agreement], tuple[str, int, int]]) -> Iterator[_Run]:
    """Join neighbouring days of one plan at one price; the last name it was given is the one shown."""
    for (_, price, _), group in groupby(days, lambda one: key(one.term.agreement)):
        run = list(group)
        yield _Run(run, _CODE_OF_PLAN, f"Abonnement {run[-1].term.agreement.title}", price)


def _option_lines(month: Month, days: Sequence[BilledDay]) -> Iterator[Line]:
    codes = dict.fromkeys(option.code for one in days for option in one.term.agreement.options)
    for code in codes:
        yield from _recurring(month, _option_runs(days, code))


def _option_runs(days: Sequence[BilledDay], code: str) -> Iterator[_Run]:
    def chosen(one: BilledDay) -> tuple[int, int, str]:
        found = next((option for option in one.term.agreement.options if option.code == code), None)
        return (found.price_cents, found.quantity, found.title) if found else (0, 0, "")

    for (price, quantity, title), group in groupby(days, chosen):
        if quantity:
            yield _Run(list(group), code, title, price, quantity)


def _recurring(month: Month, runs: Iterator[_Run]) -> Iterator[Line]:
    """A whole month is quantity times price; parts of one are amounts that add up to the whole."""
    all_runs = list(runs)
    amounts = apportion(
        [run.price_cents * run.quantity for run in all_runs], [len(run.days) for run in all_runs], month.days
    )
    for run, amount in zip(all_runs, amounts, strict=True):
        whole = len(run.days) == month.days
        yield Line(
            code=run.code,
            title=run.title,
            detail=_detail(month, run),
            quantity=run.quantity if whole else 1,
            unit="month" if whole else "piece",
            unit_cents=run.price_cents if whole else amount,
            first_day=run.days[0].day,
            last_day=run.days[-1].day,
            source=Source(terms=tuple(dict.fromkeys(one.term.id for one in run.days))),
        )


def _detail(month: Month, run: _Run) -> str:
    parts = []
    if len(run.days) < month.days:
        count = len(run.days)
        parts.append(f"{count} jour{'s' if count > 1 else ''} sur {month.days}")
        if run.quantity > 1:
            parts.append(f"quantité {run.quantity}")
    if any(one.after_leaving for one in run.days):
        parts.append("jusqu’au terme du contrat")
    return ", ".join(parts)


def _overage_lines(month: Month, terms: Sequence[Term], usage: CountedUsage | None) -> Iterator[Line]:
    """The terms as the UTC month ends decide, as they decide in the instance that counts."""
    counted = [term for term in terms if term.since < month.counted_until and term.agreement.billed]
    if not counted or not billed_days(terms, month.first, month.end):
        return
    overage, last = counted[-1].agreement.overage, counted[-1]
    if overage is None:
        return
    if usage is None:
        raise Unreconciled(
            f"{last.client_id} pays for units beyond its plan, and how many it used in {month} is unknown.",
            f"`provision usage {last.client_id} --month {month}` has the record written anew.",
        )
    lines = [
        _beyond(month, usage, "overage-requests", overage.request_cents),
        _beyond(month, usage, "overage-analyses", overage.analysis_cents),
    ]
    billed = [line for line in lines if line]
    _require_same(usage.record, sum(line.net_cents for line in billed))
    yield from billed


_BEYOND: Final = {
    "overage-requests": ("requests", "Questions au-delà du forfait"),
    "overage-analyses": ("analyses", "Analyses au-delà du forfait"),
}


def _beyond(month: Month, usage: CountedUsage, code: str, price: int) -> Line | None:
    name, title = _BEYOND[code]
    used, limit = getattr(usage.record, f"{name}_used"), getattr(usage.record, f"{name}_limit")
    if limit is None or used <= limit:
        return None
    return Line(
        code=code,
        title=title,
        detail=f"{grouped(used)} comptées, {grouped(limit)} comprises",
        quantity=used - limit,
        unit="piece",
        unit_cents=price,
        first_day=month.first,
        last_day=month.end - _ONE_DAY,
        source=Source(usage_sha256=usage.sha256),
    )


def _require_same(record: UsageRecord, billed_cents: int) -> None:
    """The client sees `overage_fees` on its usage page: the invoice says the same, or is not made."""
    if cents(record.overage_fees) != billed_cents:
        raise Unreconciled(
            f"{record.client_id}'s record of {record.month} says {record.overage_fees} € beyond its plan; "
            f"by its terms the units counted cost {billed_cents / 100:.2f} €.",
            f"Compare `provision usage {record.client_id} --month {record.month}` with its terms.",
        )


def _charge_line(charge: Charge) -> Line:
    return Line(
        code=charge.code,
        title=charge.title,
        detail=charge.detail,
        quantity=charge.quantity,
        unit="piece",
        unit_cents=charge.unit_cents,
        first_day=charge.on,
        last_day=charge.on,
        source=Source(charge=charge.id),
    )
