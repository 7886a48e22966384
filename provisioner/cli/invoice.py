"""`provision invoice`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from provisioner.cli.amounts import Day, Euros, euros, shown
from provisioner.cli.commands import Group
from provisioner.cli.output import error_document, listing, table
from provisioner.cli.session import Session, pass_session
from provisioner.filesystem import RenderedFile, write_file
from provisioner.invoicing.amounts import cents, plain
from provisioner.invoicing.months import Month
from provisioner.service import closing
from provisioner.service import invoices as service

_COLUMNS = ("number", "kind", "issued_on", "due_on", "client", "month", "gross", "balance", "status")


@click.group(cls=Group)
def invoice() -> None:
    """Bill clients: close a month, see what is paid, correct, and hand over to the accountant.

    \b
    Example:
        provision invoice close 2026-01
        provision invoice list
    """


@invoice.command()
@click.argument("month", metavar="MONTH")
@click.argument("id_", metavar="[ID]", required=False)
@pass_session
def close(session: Session, /, month: str, id_: str | None) -> int:
    """Make the invoices of a month (YYYY-MM) that is over, of one client or of all.

    Each gets the next number and never changes again. A client that cannot be billed is told of with the
    mend, and the others go on: exit code 1. Run again, it closes what was left.

    JSON: a list of {client, ending, number, error}; ending is closed, closed-before, nothing-due or
    not-closed.

    \b
    Example:
        provision invoice close 2026-01
    """
    endings = closing.close(session.context, Month.parse(month), id_)
    documents = [
        {
            "client": one.client_id,
            "ending": one.ending.value,
            "number": one.number,
            "error": error_document(one.error) if one.error else None,
        }
        for one in endings
    ]
    session.output.result(documents, lambda: _closed(month, endings))
    for one in endings:
        if one.error:
            session.output.trouble(one.client_id, one.error)
    return 1 if any(one.error for one in endings) else 0


@invoice.command("list")
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--month", metavar="YYYY-MM", help="Of that month only.")
@pass_session
def list_(session: Session, /, id_: str | None, month: str | None) -> None:
    """List invoices and credit notes, with what is left to pay; amounts in euros.

    Status: open, overdue, paid, or credited when credit notes have left nothing to pay.

    JSON: a list of {number, kind, issued_on, due_on, client, name, month, net, vat, gross, credited, paid,
    balance, status, corrects, pdf, xml}.

    \b
    Example:
        provision invoice list dupont
    """
    found = [_document(row) for row in service.rows(session.context, id_, _month(month))]
    session.output.result(found, lambda: _table(found))


@invoice.command()
@click.argument("number", metavar="NUMBER")
@pass_session
def show(session: Session, /, number: str) -> None:
    """Show one invoice: its lines, each with the ledger entries it comes from, payments and credit notes.

    A line's source names the registry's `terms` or `charge` by id, or the export of the client's ledger by
    its SHA-256; `usage` says which export was read, when it was written, and what it counted.

    JSON: what `list` has, and {first_day, last_day, seller, buyer, vat_rate, lines, usage, payments,
    credit_notes, whole, pdf_sha256, xml_sha256}; whole: both files are as they were recorded.

    \b
    Example:
        provision invoice show 2026-00001
    """
    document = _shown(service.show(session.context, number))
    session.output.result(document, lambda: _text(document))


@invoice.command()
@click.option("--month", metavar="YYYY-MM", help="Of that month only.")
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), help="A file. [default: print it]")
@pass_session
def export(session: Session, /, month: str | None, to: Path | None) -> None:
    """Write the accountant's table: CSV with semicolons, decimal commas, and the path of each PDF.

    The file is readable by its owner only. A credit note's amounts are negative.

    JSON: {rows, file, csv}; csv is null when it went to a file.

    \b
    Example:
        provision invoice export --month 2026-01 --to factures-2026-01.csv
    """
    found = service.rows(session.context, None, _month(month))
    text = service.as_csv(found)
    if to is not None:
        # The mark tells spreadsheets that it is UTF-8.
        write_file(RenderedFile(to.absolute(), f"\ufeff{text}", 0o600))
    document = {"rows": len(found), "file": to and to.absolute(), "csv": None if to else text}
    session.output.result(document, lambda: f"{len(found)} rows are in {to}." if to else text.rstrip("\r\n"))


@invoice.command()
@click.argument("number", metavar="NUMBER")
@click.option("--amount", type=Euros(), help="Euros before tax.")
@click.option("--whole", is_flag=True, help="All that is left of the invoice.")
@click.option("--reason", required=True, help="One line, shown on the credit note.")
@pass_session
def credit(session: Session, /, number: str, amount: Decimal | None, whole: bool, reason: str) -> None:
    """Issue a credit note on an invoice, which itself never changes.

    It has a number of the same series. JSON: as a row of `list`.

    \b
    Example:
        provision invoice credit 2026-00001 --amount 50 --reason "Service interrompu le 12 janvier"
        provision invoice credit 2026-00001 --whole --reason "Facture émise à tort"
    """
    if (amount is None) != whole:
        raise click.UsageError("Give --amount or --whole.")
    row = service.add_credit(session.context, number, None if amount is None else cents(amount), reason)
    document = _document(row)
    session.output.result(document, lambda: f"{row.invoice.number} credits {number}: {row.files.pdf}")


@invoice.command()
@click.argument("number", metavar="NUMBER")
@click.option("--on", type=Day(), help="When the money came. [default: today]")
@click.option(
    "--amount", type=Euros(), help="Euros with tax; negative to take back. [default: all that is left]"
)
@pass_session
def pay(session: Session, /, number: str, on: date | None, amount: Decimal | None) -> None:
    """Record money received for an invoice. JSON: as a row of `list`.

    \b
    Example:
        provision invoice pay 2026-00001 --on 2026-02-17
        provision invoice pay 2026-00001 --on 2026-02-17 --amount 100
    """
    row = service.pay(session.context, number, on, None if amount is None else cents(amount))
    left = plain(row.standing.balance)
    session.output.result(_document(row), lambda: f"{number} is {row.standing.status}; {left} € are left.")


@invoice.command()
@pass_session
def reminders(session: Session, /) -> None:
    """List the overdue invoices whose client is due a reminder: a first after 5 days, then after 20 and 40.

    JSON: a list of {number, client, name, due_on, days_late, balance, level}.

    \b
    Example:
        provision invoice reminders
    """
    found = [
        {
            "number": one.number,
            "client": one.client_id,
            "name": one.name,
            "email": one.email,
            "due_on": one.due_on.isoformat(),
            "days_late": one.days_late,
            "balance": euros(one.balance),
            "level": one.level,
        }
        for one in service.reminders(session.context)
    ]
    columns = ("number", "client", "name", "due_on", "days_late", "balance", "level")
    session.output.result(
        found, lambda: table([shown(one) for one in found], columns) if found else "No reminder is due."
    )


@invoice.command()
@click.argument("registry", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@pass_session
def adopt(session: Session, /, registry: Path) -> None:
    """Take over a lost host's bills from the registry in its backup, before the first client is restored.

    Numbers go on where they were, and each restored client with its contract. Put the backup's `invoices`
    folder back as well. JSON: {invoices}.

    \b
    Example:
        provision invoice adopt /srv/unpacked/registry.sqlite3
    """
    count = service.adopt(session.context, registry)
    session.output.result({"invoices": count}, lambda: f"{count} invoices were taken over.")


def _month(text: str | None) -> Month | None:
    return Month.parse(text) if text else None


def _table(found: Sequence[dict[str, Any]]) -> str:
    return table([shown(row) for row in found], _COLUMNS) if found else "There is no invoice yet."


def _closed(month: str, endings: Sequence[closing.Closing]) -> str:
    made = [one for one in endings if one.ending == closing.Ending.CLOSED]
    lines = [f"{one.number}  {one.client_id}" for one in made]
    before = sum(one.ending == closing.Ending.ALREADY for one in endings)
    failed = sum(one.ending == closing.Ending.NOT_CLOSED for one in endings)
    summary = f"{month}: invoices made: {len(made)}, there before: {before}; clients not billed: {failed}."
    return "\n".join([*lines, summary])


def _document(row: service.Row) -> dict[str, Any]:
    value, now = row.invoice, row.standing
    return {
        "number": value.number,
        "kind": value.kind,
        "issued_on": value.issued_on.isoformat(),
        "due_on": value.due_on.isoformat(),
        "client": value.client_id,
        "name": value.buyer.name,
        "month": value.month,
        "net": euros(value.net_cents),
        "vat": euros(value.vat_cents),
        "gross": euros(value.gross_cents),
        "credited": euros(now.credited),
        "paid": euros(now.paid),
        "balance": euros(now.balance),
        "status": now.status,
        "corrects": value.corrects.number if value.corrects else None,
        "pdf": row.files.pdf,
        "xml": row.files.xml,
    }


def _shown(found: service.Shown) -> dict[str, Any]:
    value = found.row.invoice
    told = value.model_dump(mode="json")
    lines = [
        {
            **{key: part for key, part in line.items() if not key.endswith("_cents")},
            "unit_price": euros(line["unit_cents"]),
            "net": euros(line["quantity"] * line["unit_cents"]),
        }
        for line in told["lines"]
    ]
    kept = ("first_day", "last_day", "seller", "buyer", "usage")
    return {
        **_document(found.row),
        **{key: told[key] for key in kept},
        "vat_rate": float(value.vat_rate),
        "lines": lines,
        "payments": [{"on": one.on.isoformat(), "amount": euros(one.amount_cents)} for one in found.payments],
        "credit_notes": found.credit_notes,
        "whole": found.whole,
        "pdf_sha256": found.row.recorded.files.pdf_sha256,
        "xml_sha256": found.row.recorded.files.xml_sha256,
    }


def _text(document: dict[str, Any]) -> str:
    lines = [
        {**shown(line), "from": ", ".join(f"{key} {value}" for key, value in line["source"].items() if value)}
        for line in document["lines"]
    ]
    columns = ("title", "detail", "quantity", "unit_price", "net", "first_day", "last_day", "from")
    left_out = ("lines", "seller", "buyer", "whole")
    facts = shown({key: value for key, value in document.items() if key not in left_out})
    files = "as recorded" if document["whole"] else "missing, or not as recorded: put them back from a backup"
    return f"{listing({**facts, 'files': files})}\n\n{table(lines, columns)}"
