"""The invoice as a PDF people read, with the XML in it: Factur-X on PDF/A-3, by typst and factur-x.

The same invoice gives the same bytes: only fonts that typst brings along are used, and the moments that
writing a PDF leaves in it are set to the day the invoice was issued.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

from provisioner.errors import ProvisionError
from provisioner.invoicing import mentions
from provisioner.invoicing.amounts import french, grouped, percent
from provisioner.invoicing.invoice import Invoice
from provisioner.invoicing.lines import Line
from provisioner.resources import shipped

_MONTHS: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
#: pypdf writes the colon of a moment as it is or, in texts, by its octal number.
_PDF_MOMENT: Final = re.compile(rb"D(:|\\072)\d{14}")
_XMP_MOMENT: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


class Unprintable(ProvisionError):
    """A text of the invoice cannot be set."""

    code = "unprintable"


def factur_x(invoice: Invoice, xml: bytes) -> bytes:
    """Return the PDF with the XML embedded; raises Unprintable."""
    # With requests and pypdf behind it, factur-x costs half a second: for invoices only.
    from facturx import generate_from_binary  # noqa: PLC0415

    embedded = generate_from_binary(
        typeset(invoice, "pdf"),
        xml,
        flavor="factur-x",
        level="en16931",
        check_xsd=False,
        pdf_metadata={
            "author": invoice.seller.name,
            "title": _title(invoice),
            "subject": f"{_title(invoice)} – {invoice.buyer.name}",
            "keywords": "Factur-X",
        },
        lang="fr-FR",
        xmp_compression=False,
    )
    return _dated(embedded, invoice.issued_on)


def typeset(invoice: Invoice, form: Literal["pdf", "png"]) -> bytes:
    """Return the pages as typst sets them, without the XML; as a picture, of one page only."""
    # typst is 90 MB of code: for invoices only.
    import typst  # noqa: PLC0415

    try:
        made = typst.compile(
            shipped("templates", "invoice.typ").read_bytes(),
            format=form,
            ignore_system_fonts=True,
            sys_inputs={"invoice": json.dumps(texts(invoice), ensure_ascii=False)},
            pdf_standards=["a-3b"] if form == "pdf" else [],
            timestamp=_moment(invoice.issued_on),
        )
    except typst.TypstError as error:
        raise Unprintable(
            f"The invoice of {invoice.client_id} cannot be set: {error.message}.",
            "Its texts may use only letters the fonts of typst have; correct them with `provision set`.",
        ) from error
    if not isinstance(made, bytes):
        raise Unprintable(f"The invoice of {invoice.client_id} has more than one page.", "Ask for the PDF.")
    return made


def _dated(pdf: bytes, day: date) -> bytes:
    moment = _moment(day)
    pdf = _PDF_MOMENT.sub(rb"D\g<1>" + f"{moment:%Y%m%d%H%M%S}".encode(), pdf)
    return _XMP_MOMENT.sub(f"{moment:%Y-%m-%dT%H:%M:%S}+00:00".encode(), pdf)


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def _title(invoice: Invoice) -> str:
    return f"{'Avoir' if invoice.corrects else 'Facture'} {invoice.number}"


def texts(invoice: Invoice) -> dict[str, Any]:
    """Return every text of the page, in the order it is read."""
    seller, buyer, issued = invoice.seller, invoice.buyer, invoice.issued_on
    return {
        "title": _title(invoice),
        "number": f"n° {invoice.number}",
        "issued": {"year": issued.year, "month": issued.month, "day": issued.day},
        "words": {
            "heading": "Avoir" if invoice.corrects else "Facture",
            "billed": "Client",
            "payment": "Règlement",
            "page": f"{_title(invoice)} · page",
        },
        "seller": {
            "name": seller.name,
            "lines": [seller.street, f"{seller.postcode} {seller.city}", seller.email, seller.phone],
            "identity": _identity(invoice),
        },
        "buyer": {
            "name": buyer.name,
            "lines": [buyer.street, f"{buyer.postcode} {buyer.city}", f"SIREN {_by_three(buyer.siren)}"],
        },
        "facts": _facts(invoice),
        "columns": ["Désignation", "Quantité", "Prix unitaire HT", "Montant HT"],
        "lines": [_row(line, invoice) for line in invoice.lines],
        "totals": _totals(invoice),
        "due": (_due(invoice), french(invoice.gross_cents)),
        "payment": _payment(invoice),
        "mentions": _mentions(invoice),
    }


def _identity(invoice: Invoice) -> list[str]:
    seller = invoice.seller
    numbers = [f"SIRET {_by_three(seller.siren)} {seller.siret[9:]}"]
    if seller.vat_number:
        numbers.append(f"TVA intracommunautaire {seller.vat_number}")
    return [" · ".join(known) for known in ((seller.name, seller.legal_form, seller.rcs), numbers)]


def _facts(invoice: Invoice) -> list[tuple[str, str]]:
    facts = [("Date d’émission", _french_day(invoice.issued_on))]
    if invoice.corrects:
        facts.append(
            (
                "Facture d’origine",
                f"n° {invoice.corrects.number} du {_french_day(invoice.corrects.issued_on)}",
            )
        )
        facts.append(("Motif", invoice.corrects.reason))
    else:
        facts.append(("Échéance", _french_day(invoice.due_on)))
    period = _french_period(invoice.first_day, invoice.last_day)
    return [*facts, ("Période de service", period), ("Référence client", invoice.client_id)]


def _row(line: Line, invoice: Invoice) -> dict[str, str]:
    whole = (line.first_day, line.last_day) == (invoice.first_day, invoice.last_day)
    when = "" if whole else _french_period(line.first_day, line.last_day)
    return {
        "title": line.title,
        "detail": " – ".join(part for part in (when, line.detail) if part),
        "quantity": _quantity(line),
        "unit": french(line.unit_cents),
        "net": french(line.net_cents),
    }


def _quantity(line: Line) -> str:
    if line.unit == "piece":
        return grouped(line.quantity)
    return "1 mois" if line.quantity == 1 else f"{line.quantity} × 1 mois"


def _totals(invoice: Invoice) -> list[tuple[str, str]]:
    net = ("Total HT", french(invoice.net_cents))
    if not invoice.seller.vat_number:
        return [net, ("TVA", "non applicable")]
    return [net, (f"TVA {percent(invoice.vat_rate)}", french(invoice.vat_cents))]


def _due(invoice: Invoice) -> str:
    if invoice.corrects:
        return "Total à votre crédit"
    return "Total TTC à payer" if invoice.seller.vat_number else "Total à payer"


def _payment(invoice: Invoice) -> list[tuple[str, str]]:
    seller = invoice.seller
    if invoice.corrects or not seller.iban:
        return []
    iban = " ".join(seller.iban[place : place + 4] for place in range(0, len(seller.iban), 4))
    return [
        ("Virement", f"{iban}{f' – BIC {seller.bic}' if seller.bic else ''}"),
        ("Référence à rappeler", invoice.number),
    ]


def _mentions(invoice: Invoice) -> list[str]:
    about_tax = mentions.ON_RECEIPTS if invoice.seller.vat_number else f"{mentions.FRANCHISE}."
    if invoice.corrects:
        return [mentions.CATEGORY, about_tax]
    late = [mentions.late_payment(invoice.seller), mentions.INDEMNITY, mentions.DISCOUNT]
    return [mentions.CATEGORY, about_tax, *late]


def _french_day(day: date) -> str:
    first = "1er" if day.day == 1 else str(day.day)
    return f"{first} {_MONTHS[day.month - 1]} {day.year}"


def _french_period(first: date, last: date) -> str:
    if first == last:
        return f"le {_french_day(first)}"
    begins = _french_day(first)
    if first.year == last.year:
        begins = begins.removesuffix(f" {first.year}")
        if first.month == last.month:
            begins = begins.removesuffix(f" {_MONTHS[first.month - 1]}")
    return f"du {begins} au {_french_day(last)}"


def _by_three(number: str) -> str:
    return " ".join(number[place : place + 3] for place in range(0, len(number), 3))
