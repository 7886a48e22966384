"""The invoice as XML: UN/CEFACT Cross Industry Invoice, profile EN 16931 of Factur-X.

The order of elements is that of the schema. BT-… are the terms of EN 16931.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from provisioner.invoicing import mentions
from provisioner.invoicing.amounts import plain
from provisioner.invoicing.invoice import Corrected, Invoice
from provisioner.invoicing.lines import Line
from provisioner.invoicing.parties import Buyer, Seller

if TYPE_CHECKING:
    from lxml.etree import _Element

_NAMESPACES: Final = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}
PROFILE: Final = "urn:cen.eu:en16931:2017"
_SERVICES: Final = "S1"
"""BT-23: an invoice of services, not paid yet, in the French reform's words."""
_TYPES: Final = {"invoice": "380", "credit-note": "381"}
_UNITS: Final = {"month": "MON", "piece": "C62"}
_SIREN: Final = "0002"
_SIRET: Final = "0009"
_FRENCH_DIRECTORY: Final = "0225"
_CREDIT_TRANSFER: Final = "58"
_NOT_DEFINED: Final = "1"
_WHEN_PAID: Final = "72"


@dataclass(frozen=True, slots=True)
class _Node:
    """An element as a value; its content is a text, or elements of which None are left out."""

    name: str
    content: tuple[_Node | str | None, ...]
    attributes: dict[str, str]


def _e(name: str, *content: _Node | str | None, **attributes: str) -> _Node:
    return _Node(name, content, attributes)


def xml(invoice: Invoice) -> bytes:
    """Return the document; the same invoice always gives the same bytes."""
    # lxml costs a twentieth of a second that no other command needs.
    from lxml import etree  # noqa: PLC0415

    root = etree.Element(_name("rsm:CrossIndustryInvoice"), nsmap=_NAMESPACES)
    for node in (_context(), _document(invoice), _transaction(invoice)):
        _append(root, node)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _append(parent: _Element, node: _Node) -> None:
    from lxml import etree  # noqa: PLC0415 - loaded by now

    element = etree.SubElement(parent, _name(node.name), node.attributes)
    for child in node.content:
        if isinstance(child, str):
            element.text = child
        elif child is not None:
            _append(element, child)


def _name(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"


def _context() -> _Node:
    return _e(
        "rsm:ExchangedDocumentContext",
        _e("ram:BusinessProcessSpecifiedDocumentContextParameter", _e("ram:ID", _SERVICES)),
        _e("ram:GuidelineSpecifiedDocumentContextParameter", _e("ram:ID", PROFILE)),
    )


def _document(invoice: Invoice) -> _Node:
    return _e(
        "rsm:ExchangedDocument",
        _e("ram:ID", invoice.number),
        _e("ram:TypeCode", _TYPES[invoice.kind]),
        _e("ram:IssueDateTime", _day("udt", invoice.issued_on)),
        *(
            _e("ram:IncludedNote", _e("ram:Content", text), _e("ram:SubjectCode", code))
            for code, text in mentions.notes(invoice).items()
        ),
    )


def _transaction(invoice: Invoice) -> _Node:
    # BT-72 is the last day of service: an empty delivery is refused.
    delivered = _e("ram:OccurrenceDateTime", _day("udt", invoice.last_day))
    return _e(
        "rsm:SupplyChainTradeTransaction",
        *(_line(number, line, invoice) for number, line in enumerate(invoice.lines, 1)),
        _e("ram:ApplicableHeaderTradeAgreement", _seller(invoice.seller), _buyer(invoice.buyer)),
        _e("ram:ApplicableHeaderTradeDelivery", _e("ram:ActualDeliverySupplyChainEvent", delivered)),
        _settlement(invoice),
    )


def _line(number: int, line: Line, invoice: Invoice) -> _Node:
    price = _e("ram:NetPriceProductTradePrice", _e("ram:ChargeAmount", plain(line.unit_cents)))
    total = _e("ram:LineTotalAmount", plain(line.net_cents))
    return _e(
        "ram:IncludedSupplyChainTradeLineItem",
        _e("ram:AssociatedDocumentLineDocument", _e("ram:LineID", str(number))),
        _e(
            "ram:SpecifiedTradeProduct",
            _e("ram:Name", line.title),
            _e("ram:Description", line.detail) if line.detail else None,
        ),
        _e("ram:SpecifiedLineTradeAgreement", price),
        _e(
            "ram:SpecifiedLineTradeDelivery",
            _e("ram:BilledQuantity", str(line.quantity), unitCode=_UNITS[line.unit]),
        ),
        _e(
            "ram:SpecifiedLineTradeSettlement",
            _tax(invoice, summed=False),
            _period(line.first_day, line.last_day),
            _e("ram:SpecifiedTradeSettlementLineMonetarySummation", total),
        ),
    )


def _seller(seller: Seller) -> _Node:
    phone = _e("ram:CompleteNumber", seller.phone)
    # Without a VAT number the tax register's own number stands for it (BT-32).
    registered, scheme = (seller.vat_number, "VA") if seller.vat_number else (seller.siren, "FC")
    return _e(
        "ram:SellerTradeParty",
        _e("ram:GlobalID", seller.siret, schemeID=_SIRET),
        _e("ram:Name", seller.name),
        _e("ram:Description", f"{seller.legal_form}, {seller.rcs}"),
        _e("ram:SpecifiedLegalOrganization", _e("ram:ID", seller.siren, schemeID=_SIREN)),
        _e(
            "ram:DefinedTradeContact",
            _e("ram:PersonName", seller.name),
            _e("ram:TelephoneUniversalCommunication", phone) if seller.phone else None,
            _e("ram:EmailURIUniversalCommunication", _e("ram:URIID", seller.email)),
        ),
        _address(seller),
        _directory_entry(seller),
        _e("ram:SpecifiedTaxRegistration", _e("ram:ID", registered, schemeID=scheme)),
    )


def _buyer(buyer: Buyer) -> _Node:
    return _e(
        "ram:BuyerTradeParty",
        _e("ram:GlobalID", buyer.siret, schemeID=_SIRET),
        _e("ram:Name", buyer.name),
        _e("ram:SpecifiedLegalOrganization", _e("ram:ID", buyer.siren, schemeID=_SIREN)),
        _address(buyer),
        _directory_entry(buyer),
    )


def _address(party: Seller | Buyer) -> _Node:
    return _e(
        "ram:PostalTradeAddress",
        _e("ram:PostcodeCode", party.postcode),
        _e("ram:LineOne", party.street),
        _e("ram:CityName", party.city),
        _e("ram:CountryID", "FR"),
    )


def _directory_entry(party: Seller | Buyer) -> _Node:
    """BT-34 and BT-49: where the French directory of electronic invoices knows the company."""
    return _e("ram:URIUniversalCommunication", _e("ram:URIID", party.siren, schemeID=_FRENCH_DIRECTORY))


def _settlement(invoice: Invoice) -> _Node:
    terms = "À déduire ou à rembourser." if invoice.corrects else mentions.late_payment(invoice.seller)
    return _e(
        "ram:ApplicableHeaderTradeSettlement",
        _e("ram:InvoiceCurrencyCode", "EUR"),
        _means(invoice.seller),
        _tax(invoice, summed=True),
        _period(invoice.first_day, invoice.last_day),
        _e(
            "ram:SpecifiedTradePaymentTerms",
            _e("ram:Description", terms),
            _e("ram:DueDateDateTime", _day("udt", invoice.due_on)),
        ),
        _totals(invoice),
        _corrected(invoice.corrects) if invoice.corrects else None,
    )


def _corrected(original: Corrected) -> _Node:
    return _e(
        "ram:InvoiceReferencedDocument",
        _e("ram:IssuerAssignedID", original.number),
        _e("ram:FormattedIssueDateTime", _day("qdt", original.issued_on)),
    )


def _means(seller: Seller) -> _Node:
    if not seller.iban:
        return _e("ram:SpecifiedTradeSettlementPaymentMeans", _e("ram:TypeCode", _NOT_DEFINED))
    bank = _e("ram:PayeeSpecifiedCreditorFinancialInstitution", _e("ram:BICID", seller.bic))
    return _e(
        "ram:SpecifiedTradeSettlementPaymentMeans",
        _e("ram:TypeCode", _CREDIT_TRANSFER),
        _e("ram:PayeePartyCreditorFinancialAccount", _e("ram:IBANID", seller.iban)),
        bank if seller.bic else None,
    )


def _tax(invoice: Invoice, *, summed: bool) -> _Node:
    """BG-23 with the sums, or BG-30 of a line. A service's tax is due when it is paid (CGI, art. 269)."""
    exempt = not invoice.seller.vat_number
    excused = summed and exempt
    return _e(
        "ram:ApplicableTradeTax",
        _e("ram:CalculatedAmount", plain(invoice.vat_cents)) if summed else None,
        _e("ram:TypeCode", "VAT"),
        _e("ram:ExemptionReason", mentions.FRANCHISE) if excused else None,
        _e("ram:BasisAmount", plain(invoice.net_cents)) if summed else None,
        _e("ram:CategoryCode", "E" if exempt else "S"),
        _e("ram:ExemptionReasonCode", "VATEX-FR-FRANCHISE") if excused else None,
        _e("ram:DueDateTypeCode", _WHEN_PAID) if summed and not exempt else None,
        _e("ram:RateApplicablePercent", f"{invoice.vat_rate:.2f}"),
    )


def _period(first: date, last: date) -> _Node:
    return _e(
        "ram:BillingSpecifiedPeriod",
        _e("ram:StartDateTime", _day("udt", first)),
        _e("ram:EndDateTime", _day("udt", last)),
    )


def _day(prefix: str, day: date) -> _Node:
    return _e(f"{prefix}:DateTimeString", f"{day:%Y%m%d}", format="102")


def _totals(invoice: Invoice) -> _Node:
    net, tax, gross = (plain(one) for one in (invoice.net_cents, invoice.vat_cents, invoice.gross_cents))
    return _e(
        "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
        _e("ram:LineTotalAmount", net),
        _e("ram:TaxBasisTotalAmount", net),
        _e("ram:TaxTotalAmount", tax, currencyID="EUR"),
        _e("ram:GrandTotalAmount", gross),
        _e("ram:DuePayableAmount", gross),
    )
