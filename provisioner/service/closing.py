"""`invoice close`: a month that is over becomes one invoice for each contract that owes something for it.

Number and content are recorded in one transaction, then the files are written from them. A client that
cannot be billed is told of, and the others go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from provisioner.errors import Interrupted, LockHeld, ProvisionError, Refused
from provisioner.invoicing import validation
from provisioner.invoicing.agreements import Term
from provisioner.invoicing.invoice import Invoice, Numbering, draw_up
from provisioner.invoicing.lines import CountedUsage, Line, month_lines
from provisioner.invoicing.months import Month
from provisioner.invoicing.parties import Seller, buyer, seller
from provisioner.naming import TenantId
from provisioner.registry.bills import Bills, Files
from provisioner.registry.models import State
from provisioner.service import invoice_files
from provisioner.service.context import Context
from provisioner.service.reports import export_of
from provisioner.service.sight import Sight
from provisioner.service.transaction import changing
from provisioner.usage_files import Export, parse_export

_COMMAND: Final = "invoice close"


class MonthNotOver(Refused):
    """A month is closed when nothing can be used in it any more."""

    code = "month-not-over"


class Ending(StrEnum):
    """What closing a month came to for one contract."""

    CLOSED = "closed"
    ALREADY = "closed-before"
    NOTHING_DUE = "nothing-due"
    NOT_CLOSED = "not-closed"


@dataclass(frozen=True, slots=True)
class Closing:
    """One contract's month; `number` is its invoice's."""

    client_id: str
    ending: Ending
    number: str | None = None
    error: ProvisionError | None = None


def close(context: Context, month: Month, tenant_id: str | None) -> list[Closing]:
    """Close a month for one client or for all, and write files that an earlier, killed close has left out.

    Run again, it closes what could not be closed before and changes nothing else. Raises, before anything is
    numbered, MonthNotOver, InvalidConfiguration when host.yaml lacks what an invoice must show,
    UnknownTenant.
    """
    if not month.is_over(context.clock.now()):
        raise MonthNotOver(
            f"{month} is not over.", f"It can be closed from {month.end} on, in Paris and by UTC."
        )
    context.require_catalogue()
    vendor = seller(context.host.vendor, str(context.layout.host_file))
    contracts = context.writable_bills.contracts(tenant_id) if context.layout.registry.exists() else []
    if tenant_id is not None and not contracts:
        context.registry.get(tenant_id)
    validation.load()
    write_missing(context)
    return list(_one_after_another(context, month, vendor, contracts))


def write_missing(context: Context) -> None:
    """Write the files of invoices whose command was killed before it wrote them."""
    left = invoice_files.missing(context, context.bills.invoices())
    if not left and not _was_cut_off(context, _COMMAND):
        return
    with changing(context, _COMMAND, settles=False) as transaction:
        left = invoice_files.missing(context, left)
        transaction.detail = ", ".join(one.invoice.number for one in left)
        for recorded in left:
            invoice_files.write_again(context, recorded)
            context.say(
                f"The files of {recorded.invoice.number} were written: an earlier command was killed."
            )


def _one_after_another(
    context: Context, month: Month, vendor: Seller, contracts: Sequence[Sequence[Term]]
) -> Iterator[Closing]:
    for terms in contracts:
        client_id = terms[-1].client_id
        try:
            yield _close_one(context, month, vendor, terms)
        except (LockHeld, Interrupted):
            raise
        except ProvisionError as error:
            yield Closing(client_id, Ending.NOT_CLOSED, error=error)


def _close_one(context: Context, month: Month, vendor: Seller, terms: Sequence[Term]) -> Closing:
    client_id, contract = terms[-1].client_id, terms[-1].contract
    command = f"{_COMMAND} {month} {client_id}"
    done = _done(context, context.bills, month, terms)
    if done and not _was_cut_off(context, command):
        return done
    with changing(context, command, client_id, settles=False) as transaction:
        bills = context.writable_bills
        terms = next(one for one in bills.contracts(client_id) if one[-1].contract == contract)
        if done := _done(context, bills, month, terms):
            transaction.detail = done.number or done.ending
            return done
        transaction.detail = _issue(context, bills, month, vendor, terms)
        return Closing(client_id, Ending.CLOSED, transaction.detail)


def _done(context: Context, bills: Bills, month: Month, terms: Sequence[Term]) -> Closing | None:
    """Return how a contract's month stands when there is nothing to close; None when there is."""
    client_id, contract = terms[-1].client_id, terms[-1].contract
    if before := bills.closed(contract, month):
        return Closing(client_id, Ending.ALREADY, before)
    if not _owed(context, bills, month, terms)[0]:
        return Closing(client_id, Ending.NOTHING_DUE)
    return None


def _was_cut_off(context: Context, command: str) -> bool:
    """What was cut off is settled under the lock, also when it had done all."""
    return Sight.without_lock(context).cut_off_since(command) is not None


def _issue(context: Context, bills: Bills, month: Month, vendor: Seller, terms: Sequence[Term]) -> str:
    """Number, record and write the invoice of a contract's month, under the lock; return the number."""
    client_id, contract = terms[-1].client_id, terms[-1].contract
    lines, usage = _owed(context, bills, month, terms)
    client = buyer(client_id, terms[-1].agreement.customer)
    written: list[invoice_files.Written] = []

    def make(numbering: Numbering) -> tuple[Invoice, Files]:
        invoice = draw_up(numbering, client_id, month, (vendor, client), lines, usage)
        written.append(invoice_files.made_of(invoice))
        return invoice, written[-1].files

    number = bills.issue(make, context.host.vendor.invoice_series, contract).invoice.number
    invoice_files.write(context, number, written[-1])
    return number


def _owed(
    context: Context, bills: Bills, month: Month, terms: Sequence[Term]
) -> tuple[list[Line], CountedUsage | None]:
    charges = bills.open_charges(terms[-1].contract, month.end)
    export = _export(context, bills, month, terms)
    usage = CountedUsage(export.record, export.sha256) if export else None
    return month_lines(month, terms, charges, usage), usage


def _export(context: Context, bills: Bills, month: Month, terms: Sequence[Term]) -> Export | None:
    """Return the usage record of a contract's month: its client's file, or what was kept when that went."""
    client_id, contract = terms[-1].client_id, terms[-1].contract
    entry = context.registry.find(client_id)
    is_last = bills.contract_of(client_id)[-1].contract == contract
    if entry and is_last and entry.state not in (State.ARCHIVED, State.CREATING):
        return export_of(context, entry, str(month))
    kept = bills.kept_usage(contract, month)
    place = context.layout.data(TenantId(client_id)) / "usage" / f"{month}.json"
    return parse_export(place, kept.content.encode(), client_id, str(month)) if kept else None
