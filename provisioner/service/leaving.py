"""What a client that leaves still owes: usage kept before its files go, and until when it is billed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from provisioner.invoicing.agreements import billed_days, contract_end
from provisioner.invoicing.months import Month, civil_day
from provisioner.registry.bills import KeptUsage
from provisioner.registry.registry import Entry
from provisioner.service.context import Context
from provisioner.usage_files import MONTH, UnreadableUsage, read_export

_FILE: Final = re.compile(rf"({MONTH.pattern})\.json")


def keep_usage(context: Context, entry: Entry) -> None:
    """Record the usage files of months that no invoice closes; hold the lock, with the instance stopped.

    One that cannot be believed is told of and not kept.
    """
    bills = context.writable_bills
    contracts = bills.contracts(entry.id)
    folder = context.layout.root / f"client-{entry.id}"
    if not contracts:
        return
    contract = contracts[-1][-1].contract
    records = []
    for month in _months(folder / "data" / "usage"):
        if bills.closed(contract, Month.parse(month)):
            continue
        try:
            export = read_export(folder, entry.id, month)
        except UnreadableUsage as error:
            context.say(f"{error} What {entry.id} used in {month} is not kept for its invoice.")
            continue
        if export:
            records.append(KeptUsage(month, export.sha256, export.content.decode()))
    bills.keep_usage(entry.id, contract, records)


def tell_what_stays_due(context: Context, tenant_id: str) -> None:
    """Tell the operator when a client that has left is billed all the same, and how to let it off."""
    terms = context.writable_bills.contract_of(tenant_id)
    ends, today = contract_end(terms), civil_day(context.clock.now())
    if ends and ends > today and billed_days(terms, today, ends):
        context.say(
            f"{tenant_id} is billed until {ends}: its notice or its commitment runs. "
            f"`provision notice {tenant_id} --ends {today}` lets it off."
        )


def _months(folder: Path) -> list[str]:
    """Return the months that files of a client's directory are named after, without entering a link."""
    if not folder.is_dir() or folder.is_symlink():
        return []
    named = (_FILE.fullmatch(path.name) for path in folder.iterdir())
    return sorted(name[1] for name in named if name)
