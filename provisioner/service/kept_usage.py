"""Keeps what a client used in months not billed yet, before `remove` and `purge` take its files away."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from provisioner.invoicing.months import Month
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


def _months(folder: Path) -> list[str]:
    """Return the months that files of a client's directory are named after, without entering a link."""
    if not folder.is_dir() or folder.is_symlink():
        return []
    named = (_FILE.fullmatch(path.name) for path in folder.iterdir())
    return sorted(name[1] for name in named if name)
